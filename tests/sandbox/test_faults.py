"""What can go wrong on purpose: latency, limits, failures and broken connections, and the log of it all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from reamaze_pipeline.sandbox import RateLimit


def test_the_log_holds_every_request(serve: Callable[..., Any]) -> None:
    caller = serve()
    caller.get(page=2, filter="staff")
    caller.get("/conversations/none/messages")
    caller.get(page=0)
    requests.get(caller.sandbox.url + "/messages", timeout=10)
    seen = [(one.ordinal, one.path, one.query, one.status) for one in caller.sandbox.requests]
    assert seen == [
        (1, "/api/v1/messages", {"page": "2", "filter": "staff"}, 200),
        (2, "/api/v1/conversations/none/messages", {}, 404),
        (3, "/api/v1/messages", {"page": "0"}, 422),
        (4, "/api/v1/messages", {}, 401),
    ]
    caller.sandbox.reset_requests()
    caller.control("GET", "")
    assert caller.sandbox.requests == []
    caller.get()
    assert caller.sandbox.requests[0].ordinal == 1


def test_latency_is_waited_side_by_side(serve: Callable[..., Any]) -> None:
    caller = serve(messages=1, latency_ms=300)
    began = time.monotonic()
    threads = [threading.Thread(target=caller.get) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    assert 0.3 <= took < 8 * 0.3
    caller.sandbox.faults.latency_ms = 0
    assert caller.page()["total_count"] == 1


def test_latency_counts_the_work_on_the_answer_in(serve: Callable[..., Any]) -> None:
    caller = serve(messages=1, latency_ms=3000)
    asking = threading.Thread(target=caller.get)
    asking.start()
    while not any(seen.status for seen in caller.sandbox.requests):
        time.sleep(0.005)
    assert asking.is_alive()  # made, and held back until the time is over
    asking.join()


@pytest.mark.parametrize("retry_after", ["seconds", "date", None])
def test_over_the_limit_is_429(serve: Callable[..., Any], retry_after: Any) -> None:
    caller = serve()
    caller.sandbox.faults.rate_limit = RateLimit(2, seconds=60, retry_after=retry_after)
    assert [caller.get().status_code for _ in range(4)] == [200, 200, 429, 429]
    refused = caller.get()
    assert list(refused.json()) == ["error"]
    header = refused.headers.get("Retry-After")
    if retry_after == "seconds":
        assert 1 <= int(header) <= 60
    elif retry_after == "date":
        assert header.endswith("GMT")
        assert abs((parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds()) < 62
    else:
        assert header is None
    caller.sandbox.faults.rate_limit = None
    assert caller.get().status_code == 200


def test_waiting_as_told_is_enough(serve: Callable[..., Any]) -> None:
    caller = serve()
    caller.sandbox.faults.rate_limit = RateLimit(1, seconds=0.5)
    caller.get()
    refused = caller.get()
    time.sleep(int(refused.headers["Retry-After"]))
    assert caller.get().status_code == 200


def test_a_limit_may_hold_from_the_start(serve: Callable[..., Any]) -> None:
    caller = serve(requests_per_minute=1)
    assert [caller.get().status_code for _ in range(2)] == [200, 429]


STATUSES = {
    "500": 500,
    "502": 502,
    "503": 503,
    "504": 504,
    "429": 429,
    "401": 401,
    "403": 403,
    "404": 404,
    "422": 422,
    "html200": 200,
    "error200": 200,
    "not_json": 200,
    "empty": 200,
    "redirect": 302,
}


@pytest.mark.parametrize("kind", STATUSES)
def test_a_failure_answers_once_and_the_next_request_passes(serve: Callable[..., Any], kind: str) -> None:
    caller = serve()
    caller.sandbox.faults.failures = [kind, None]
    failed = caller.get()
    assert failed.status_code == STATUSES[kind]
    assert "messages" not in failed.text
    assert [caller.get().status_code for _ in range(2)] == [200, 200]
    assert [seen.status for seen in caller.sandbox.requests] == [STATUSES[kind], 200, 200]
    match kind:
        case "html200" | "502" | "503" | "504":
            assert failed.text.startswith("<!DOCTYPE html>")
        case "error200" | "500" | "401" | "403" | "404" | "429":
            assert list(failed.json()) == ["error"]
        case "422":
            assert list(failed.json()) == ["errors"]
        case "redirect":
            assert failed.headers["Location"].startswith("https://")
        case "empty":
            assert failed.content == b""


def test_a_failure_may_carry_any_retry_after(serve: Callable[..., Any]) -> None:
    caller = serve()
    caller.sandbox.faults.failures = ["429", "503", "500"]
    caller.sandbox.faults.failure_retry_after = "soon"
    assert [caller.get().headers.get("Retry-After") for _ in range(3)] == ["soon", "soon", None]


def test_a_body_may_be_cut_in_the_middle(serve: Callable[..., Any]) -> None:
    caller = serve()
    caller.sandbox.faults.failures = ["truncated"]
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        caller.get()
    assert caller.get().status_code == 200


def test_a_connection_may_be_reset(serve: Callable[..., Any]) -> None:
    caller = serve()
    caller.sandbox.faults.failures = [None, "reset"]
    caller.get()
    with pytest.raises(requests.exceptions.ConnectionError, match="reset"):
        caller.get()
    assert caller.get().status_code == 200
    assert [seen.status for seen in caller.sandbox.requests] == [200, 0, 200]


def test_an_answer_may_never_come_and_the_server_still_stops(serve: Callable[..., Any]) -> None:
    caller = serve()
    caller.sandbox.faults.failures = ["hang"]
    with pytest.raises(requests.exceptions.ReadTimeout):
        caller.session.get(caller.sandbox.url + "/messages", timeout=0.2)
    assert caller.get().status_code == 200
    caller.sandbox.faults.failures = ["hang"]
    outcomes: list[int] = []
    waiting = threading.Thread(target=_wait_for_nothing, args=(caller, outcomes))
    waiting.start()
    while len(caller.sandbox.requests) < 3:
        time.sleep(0.01)
    caller.sandbox.__exit__()
    waiting.join(timeout=5)
    assert not waiting.is_alive()
    assert outcomes in ([0], [500])


def _wait_for_nothing(caller: Any, outcomes: list[int]) -> None:
    with requests.Session() as session:
        session.trust_env = False
        try:
            response = session.get(caller.sandbox.url + "/messages", auth=caller.session.auth, timeout=30)
            outcomes.append(response.status_code)
        except requests.exceptions.ConnectionError:
            outcomes.append(0)


def test_failures_by_chance_repeat_with_the_seed(serve: Callable[..., Any]) -> None:
    def statuses(seed: int) -> list[int]:
        caller = serve(messages=1)
        caller.sandbox.faults.failure_seed = seed
        caller.sandbox.faults.failure_kinds = ["500", "503"]
        caller.sandbox.faults.failure_probability = 0.3
        return [caller.get().status_code for _ in range(40)]

    first = statuses(1)
    assert first == statuses(1) != statuses(2)
    assert {200, 500, 503} == set(first)


def test_an_envelope_may_break_its_promise(serve: Callable[..., Any]) -> None:
    caller = serve()
    caller.sandbox.faults.tamper = lambda envelope: envelope | {"messages": envelope["messages"][:-1]}
    assert len(caller.page()["messages"]) == 29
    caller.sandbox.faults.clear()
    assert len(caller.page()["messages"]) == 30

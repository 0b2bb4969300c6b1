"""The controls over HTTP, and the server as a process: started, told what to do, and stopped by signals."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import requests

from reamaze_pipeline.sandbox import Sandbox, SandboxOptions


def test_the_overview_says_what_is_served_but_not_the_token(serve: Callable[..., Any]) -> None:
    caller = serve(token="very-secret")
    caller.get()
    caller.get(page=0)
    response = caller.control("GET", "")
    overview = response.json()
    assert "very-secret" not in response.text
    assert (overview["rows"], overview["requests"]) == (300, 2)
    assert overview["statuses"] == {"200": 1, "422": 1}
    assert overview["options"]["end"] == "2026-04-01T00:00:00+00:00"


def test_requests_are_listed_and_forgotten(serve: Callable[..., Any]) -> None:
    caller = serve()
    caller.get(page=2)
    seen = {"ordinal": 1, "path": "/api/v1/messages", "query": {"page": "2"}, "status": 200}
    assert caller.control("GET", "/requests").json() == [seen]
    assert caller.control("DELETE", "/requests").json() == []


def test_faults_are_set_read_and_cleared(serve: Callable[..., Any]) -> None:
    caller = serve()
    body = {
        "latency_ms": 1,
        "failures": ["500", None],
        "failure_retry_after": "1",
        "rate_limit": {"requests": 100, "seconds": 60, "retry_after": None},
        "drift": {"insert_front": 1.0},
        "plan": {"2": [{"do": "delete_conversation"}]},
    }
    answer = caller.control("POST", "/faults", body).json()
    assert answer | body == answer | {"drift": {"insert_front": 1.0}}
    assert answer["drift"]["insert_front"] == 1.0
    assert [caller.get().status_code for _ in range(2)] == [500, 200]
    cleared = caller.control("DELETE", "/faults").json()
    assert cleared["rate_limit"] is None
    assert cleared["drift"] is None
    total = caller.page()["total_count"]
    assert caller.page()["total_count"] == total


def test_a_plan_moves_rows_before_the_request_it_names(serve: Callable[..., Any]) -> None:
    caller = serve()
    message = {"body": "planned", "created_at": "2026-03-31T23:59:59.999Z"}
    plan = {"2": [{"do": "insert", "message": message}, {"do": "delete", "place": -1}], "3": [{"do": "insert_front"}]}
    caller.control("POST", "/faults", {"plan": plan})
    assert [caller.page()["total_count"] for _ in range(3)] == [300, 300, 301]
    assert caller.page()["messages"][1]["body"] == "planned"


def test_steps_are_taken_at_once(serve: Callable[..., Any]) -> None:
    caller = serve()
    slug = caller.page()["messages"][0]["conversation"]["slug"]
    own = caller.page(f"/conversations/{slug}/messages")["total_count"]
    assert caller.control("POST", "/rows", {"do": "delete_conversation", "slug": slug}).json() == {
        "touched": own,
        "rows": 300 - own,
    }
    late = {"do": "insert_late", "at": "2026-01-01T00:00:00Z"}
    steps = [late, {"do": "insert_late"}, {"do": "delete"}, {"do": "delete", "place": 5000}]
    assert caller.control("POST", "/rows", steps).json() == {"touched": 3, "rows": 301 - own}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/faults", {"latency_ms": -1}),
        ("/faults", {"latency_ms": "slow"}),
        ("/faults", {"failures": ["418"]}),
        ("/faults", {"failure_kinds": []}),
        ("/faults", {"failure_kinds": [None]}),
        ("/faults", {"no_such_control": 1}),
        ("/faults", {"tamper": "code"}),
        ("/faults", {"rate_limit": {"requests": 0}}),
        ("/faults", {"rate_limit": {"per": 1}}),
        ("/faults", {"drift": {"insert_front": "often"}}),
        ("/faults", {"drift": {"insert_front": 2}}),
        ("/faults", {"plan": {"x": []}}),
        ("/faults", {"plan": {"1": [{"do": "explode"}]}}),
        ("/faults", []),
        ("/rows", {"do": "explode"}),
        ("/rows", {"do": "insert", "message": {"body": "undated"}}),
        ("/rows", {"do": "insert_late", "at": "someday"}),
        ("/rows", ["delete"]),
    ],
)
def test_a_wrong_control_is_422_and_changes_nothing(serve: Callable[..., Any], path: str, body: object) -> None:
    caller = serve()
    before = caller.control("GET", "/faults").json()
    refused = caller.control("POST", path, body)
    assert refused.status_code == 422
    assert list(refused.json()) == ["error"]
    assert caller.control("GET", "/faults").json() == before
    assert caller.page()["total_count"] == 300


def test_controls_take_only_declared_json(serve: Callable[..., Any]) -> None:
    caller = serve()
    root = caller.sandbox.url.removesuffix("/api/v1")
    text = requests.post(f"{root}/_sandbox/rows", data='{"do": "delete"}', timeout=10)
    broken = requests.post(f"{root}/_sandbox/rows", data="{", headers={"Content-Type": "application/json"}, timeout=10)
    assert (text.status_code, broken.status_code) == (415, 422)
    assert caller.page()["total_count"] == 300


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.com", ""])
def test_an_address_that_is_not_loopback_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        Sandbox(SandboxOptions(messages=0), host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost"])
def test_loopback_addresses_serve(host: str) -> None:
    with Sandbox(SandboxOptions(messages=0), host=host) as sandbox:
        assert sandbox.url.startswith("http://127.0.0.")
        response = requests.get(sandbox.url + "/messages", auth=(sandbox.email, sandbox.token), timeout=10)
        assert response.status_code == 200


def test_a_port_can_be_chosen_and_a_taken_one_is_an_error(serve: Callable[..., Any]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with Sandbox(SandboxOptions(messages=0), port=port) as sandbox:
        assert sandbox.url == f"http://127.0.0.1:{port}/api/v1"
        with pytest.raises(OSError, match="in use"):
            Sandbox(SandboxOptions(messages=0), port=port).__enter__()
    with Sandbox(SandboxOptions(messages=0), port=port) as again:
        assert again.url.endswith(f":{port}/api/v1")


PROCESS = """
from reamaze_pipeline.sandbox import SandboxOptions, serve_forever
serve_forever(SandboxOptions(messages=50), on_ready=lambda sandbox: print(sandbox.url, flush=True))
print("stopped", flush=True)
"""


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_a_process_serves_until_a_signal_and_stops_cleanly(name: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROCESS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with requests.Session() as session:  # a connection that is still open when the signal comes
            session.auth = ("lead@acme.example", "sandbox-token")
            assert session.get(f"{url}/messages", timeout=10).json()["total_count"] == 50
            process.send_signal(name)
            out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "stopped\n", "")

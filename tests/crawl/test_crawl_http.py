"""The crawl over real HTTP: every revision, rows that move, requests that fail, promises that are broken."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reamaze_pipeline.api.client import ReamazeClient, RetryPolicy
from reamaze_pipeline.api.page import read_page
from reamaze_pipeline.crawl.crawl import CrawledWindow, Window, crawl
from reamaze_pipeline.errors import ReamazeError, UnexpectedAnswer, WindowNotProven
from reamaze_pipeline.sandbox import Sandbox, SandboxOptions
from reamaze_pipeline.sandbox.serving.faults import Drift

END = datetime(2026, 3, 12, tzinfo=UTC)
DAYS = 40
DAY = timedelta(days=1)
QUICK = RetryPolicy(first_wait=0.001, longest_wait=0.005, rate_limit_wait=0.01, attempts=8, unreadable_attempts=8)
REVISIONS = [(dates, flag) for dates in (False, True) for flag in (False, True)]


def last_days(count: int, before: int = 3) -> list[Window]:
    """So many days, ending some days before the history does."""
    return [Window(str(n), END - (before + n + 1) * DAY, END - (before + n) * DAY) for n in reversed(range(count))]


def identities(messages: list[dict[str, Any]]) -> Counter[bytes]:
    """What tells messages apart, in the same terms as a page's rows."""
    total = len(messages)
    document = {"page_size": max(1, total), "page_count": 1, "total_count": total, "messages": messages}
    body = json.dumps(document).encode("utf-8", "surrogatepass")
    page = read_page(body, audience="all", number=1, fetched_at=END)
    return Counter(row.identity for row in page.rows)


def got(crawled: CrawledWindow) -> Counter[bytes]:
    return Counter(kept.page.rows[row.index].identity for kept in crawled.pages for row in kept.rows)


def truth(sandbox: Sandbox, window: Window) -> list[Any]:
    return list(sandbox.truth(window.start, window.end))


@pytest.mark.parametrize(("dates", "flag"), REVISIONS)
@pytest.mark.parametrize("null_user_view", ["customer", "none"])
def test_every_revision_gives_the_same_days(dates: bool, flag: bool, null_user_view: str) -> None:
    options = SandboxOptions(
        messages=3000,
        days=DAYS,
        end=END,
        dates_honoured=dates,
        staff_flag=flag,
        unflagged_users=True,
        null_user_view=null_user_view,  # type: ignore[arg-type]
        end_inclusive=not flag,
    )
    with Sandbox(options) as sandbox, ReamazeClient(sandbox.url, sandbox.email, sandbox.token) as client:
        for crawled in crawl(client, last_days(8)):
            rows = truth(sandbox, crawled.window)
            assert got(crawled) == identities([row.message for row in rows])
            staff = sum(row.is_staff for kept in crawled.pages for row in kept.rows if row.is_staff is not None)
            assert staff == sum(row.is_staff for row in rows)
            assert crawled.proof.moved == crawled.proof.rereads == 0
            if null_user_view == "customer":
                assert crawled.proof.unresolved == 0


@pytest.mark.parametrize(("dates", "flag"), REVISIONS)
@pytest.mark.parametrize("seed", range(3))
def test_rows_that_move_and_requests_that_fail(dates: bool, flag: bool, seed: int) -> None:
    options = SandboxOptions(messages=3000, days=DAYS, end=END, dates_honoured=dates, staff_flag=flag, seed=seed)
    with Sandbox(options) as sandbox:
        sandbox.faults.drift = Drift(insert_front=0.3, delete_row=0.05, seed=seed)
        sandbox.faults.failure_probability, sandbox.faults.failure_seed = 0.1, seed
        windows = last_days(6)
        before = {w.key: identities([r.message for r in truth(sandbox, w)]) for w in windows}
        with ReamazeClient(sandbox.url, sandbox.email, sandbox.token, retry=QUICK) as client:
            found = list(crawl(client, windows))
        assert client.traffic.retries > 0
        for crawled in found:
            lasting = identities([r.message for r in truth(sandbox, crawled.window)])
            assert got(crawled) >= lasting
            assert got(crawled) <= before[crawled.window.key]
        if not dates:
            assert sum(c.proof.moved for c in found) > 0


def changed(**fields: Any) -> Any:
    return lambda document: {**document, **fields}


def fewer(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "messages": document["messages"][1:]}


def upside_down(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "messages": document["messages"][::-1]}


@pytest.mark.parametrize("tamper", [fewer, upside_down, changed(page_size=29), changed(total_count=1)])
def test_a_page_that_breaks_its_promise_is_told(tamper: Any) -> None:
    with Sandbox(SandboxOptions(messages=300, days=DAYS, end=END)) as sandbox:
        sandbox.faults.tamper = tamper
        with (
            ReamazeClient(sandbox.url, sandbox.email, sandbox.token, retry=QUICK) as client,
            pytest.raises(UnexpectedAnswer),
        ):
            list(crawl(client, last_days(30)))


def test_an_envelope_that_changes_its_meaning_is_told() -> None:
    calls = 0

    def tamper(document: dict[str, Any]) -> dict[str, Any]:
        nonlocal calls
        calls += 1
        if calls < 3:
            return document
        rows = document["messages"][:15]
        total = document["total_count"] // 2
        return {"page_size": 15, "page_count": -(-total // 15), "total_count": total, "messages": rows}

    with Sandbox(SandboxOptions(messages=600, days=DAYS, end=END)) as sandbox:
        sandbox.faults.tamper = tamper
        with (
            ReamazeClient(sandbox.url, sandbox.email, sandbox.token, retry=QUICK) as client,
            pytest.raises(UnexpectedAnswer, match="page_size changed"),
        ):
            list(crawl(client, last_days(20)))


def test_a_list_that_never_rests_is_refused_and_not_cut_short() -> None:
    calls = 0

    def tamper(document: dict[str, Any]) -> dict[str, Any]:
        """Every answer claims another count, as if rows were deleted before each."""
        nonlocal calls
        calls += 1
        total = document["total_count"] - 30 * (calls % 3)
        return {**document, "total_count": total, "page_count": -(-total // 30)}

    with Sandbox(SandboxOptions(messages=1200, days=DAYS, end=END)) as sandbox:
        sandbox.faults.tamper = tamper
        with (
            ReamazeClient(sandbox.url, sandbox.email, sandbox.token, retry=QUICK) as client,
            pytest.raises(WindowNotProven, match="total_count from"),
        ):
            list(crawl(client, last_days(20)))


def test_an_error_in_flight_reaches_the_reader_after_what_was_whole() -> None:
    with Sandbox(SandboxOptions(messages=3000, days=DAYS, end=END)) as sandbox:
        with ReamazeClient(sandbox.url, sandbox.email, sandbox.token, retry=QUICK) as client:
            stream = crawl(client, last_days(20, before=0))
            first = next(stream)
            sandbox.faults.failures = ["401"] * 50
            with pytest.raises(ReamazeError, match="login"):
                list(stream)
        assert got(first) == identities([r.message for r in truth(sandbox, first.window)])


def test_leaving_early_stops_asking() -> None:
    with Sandbox(SandboxOptions(messages=6000, days=DAYS, end=END)) as sandbox:
        with ReamazeClient(sandbox.url, sandbox.email, sandbox.token) as client:
            stream = crawl(client, last_days(DAYS, before=0))
            next(stream)
            stream.close()  # type: ignore[attr-defined]
        asked = len(sandbox.requests)
        assert asked < 40
        assert len(sandbox.requests) <= asked + client.concurrency


def test_an_empty_brand() -> None:
    with (
        Sandbox(SandboxOptions(messages=0, end=END)) as sandbox,
        ReamazeClient(sandbox.url, sandbox.email, sandbox.token) as client,
    ):
        assert [c.message_count for c in crawl(client, last_days(3))] == [0, 0, 0]
        assert client.traffic.requests == 1


def test_windows_that_overlap_are_refused() -> None:
    with ReamazeClient("http://127.0.0.1:9", "a", "b") as client, pytest.raises(ValueError, match="overlap"):
        list(crawl(client, [Window("a", END, END + 2 * DAY), Window("b", END + DAY, END + 3 * DAY)]))
    with pytest.raises(ValueError, match="time zone"):
        Window("naive", datetime(2026, 1, 1), datetime(2026, 1, 2))  # noqa: DTZ001

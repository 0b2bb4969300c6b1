"""Whether what is relied on holds: seen where it does, in all revisions, at rest and moving, and where it is broken."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from reamaze_pipeline.api.client import ReamazeClient
from reamaze_pipeline.doctor.examine import Examination, examine
from reamaze_pipeline.doctor.probe import MOST_REQUESTS
from reamaze_pipeline.errors import LoginRefused
from reamaze_pipeline.sandbox import Sandbox, SandboxOptions
from reamaze_pipeline.sandbox.serving.faults import Drift, RateLimit
from tests.bent_brands import Bent, Document, Query, messages, serving
from tests.conftest import revisions

Rows = list[Document]


def examined(url: str, email: str = "someone@example.com", token: str = "token") -> Examination:
    waits: list[float] = []
    with ReamazeClient(url, email, token) as client:
        found = examine(client, waits.append)
        assert found.requests == client.traffic.requests <= MOST_REQUESTS
    return found


def of_sandbox(brand: Sandbox) -> Examination:
    return examined(brand.url, brand.email, brand.token)


def verdicts(found: Examination) -> dict[str, str]:
    return {finding.what: finding.verdict for finding in found.findings}


def seen(found: Examination, what: str) -> str:
    (finding,) = [each for each in found.findings if each.what == what]
    return finding.seen


@pytest.mark.parametrize("revision", range(4))
@pytest.mark.parametrize("moving", [False, True], ids=["at rest", "moving"])
def test_every_revision_keeps_what_is_relied_on(history: SandboxOptions, revision: int, moving: bool) -> None:
    options = replace(revisions(history)[revision], null_user_view="none" if revision % 2 else "customer")
    with Sandbox(options) as brand:
        if moving:
            brand.faults.drift = Drift(insert_front=0.3, insert_late=0.05, delete_row=0.05, seed=revision)
        found = of_sandbox(brand)
        assert found.requests == len(brand.requests)
    told = verdicts(found)
    assert found.ok, [finding for finding in found.findings if finding.verdict == "broken"]
    assert seen(found, "start_date and end_date") == ("honoured" if options.dates_honoured else "ignored")
    assert seen(found, 'user["staff?"]').startswith("always" if options.staff_flag else "never")
    if not moving:
        asked = {what for what, verdict in told.items() if verdict != "untold"}
        assert {"both sides", "order of pages", "a conversation's list", "sent_by", "total_count"} <= asked
        assert told["both sides"] == ("otherwise" if options.null_user_view == "none" else "holds")
        assert ("zone of dates" in asked) == options.dates_honoured
        assert found.requests <= 20


@pytest.mark.parametrize("inclusive", [True, False])
def test_both_ends_and_the_precision_of_dates_are_told(history: SandboxOptions, inclusive: bool) -> None:
    options = replace(history, dates_honoured=True, start_inclusive=inclusive, end_inclusive=not inclusive)
    with Sandbox(options) as brand:
        found = of_sandbox(brand)
    words = ["included", "left out"] if inclusive else ["left out", "included"]
    assert seen(found, "ends of dates") == f"start_date is {words[0]}, end_date is {words[1]}"
    assert seen(found, "precision of dates") == "to the millisecond"
    assert verdicts(found)["count between dates"] == "holds"


def test_what_some_brands_have_is_noticed_and_coped_with(history: SandboxOptions) -> None:
    with Sandbox(replace(history, unflagged_users=True, extra_fields=True)) as brand:
        found = of_sandbox(brand)
    assert found.ok
    assert verdicts(found)['user["staff?"]'] == verdicts(found)["undocumented fields"] == "otherwise"
    assert "conversation.followers" in seen(found, "undocumented fields")


@pytest.mark.parametrize("count", [0, 1, 2, 29, 31])
@pytest.mark.parametrize("dates", [True, False])
def test_small_brands(history: SandboxOptions, count: int, dates: bool) -> None:
    with Sandbox(replace(history, messages=count, dates_honoured=dates)) as brand:
        found = of_sandbox(brand)
    assert found.ok
    if count:
        assert seen(found, "start_date and end_date") == ("honoured" if dates else "ignored")


def test_a_limit_and_failures_are_waited_out_and_told(history: SandboxOptions) -> None:
    with Sandbox(replace(history, dates_honoured=True)) as brand:
        brand.faults.failures = [None, "502", None, "429", "html200", None, "503"]
        brand.faults.failure_retry_after = "7"
        found = of_sandbox(brand)
    assert found.ok
    assert verdicts(found)["rate limit"] == verdicts(found)["failures"] == verdicts(found)["envelope"] == "otherwise"
    assert seen(found, "rate limit") == "429 after 3 requests, with a Retry-After"
    assert "2 of" in seen(found, "failures")


def test_a_real_limit_leaves_the_examination_whole(history: SandboxOptions) -> None:
    with Sandbox(history) as brand, ReamazeClient(brand.url, brand.email, brand.token) as client:
        brand.faults.rate_limit = RateLimit(12, seconds=0.5, retry_after="seconds")
        found = examine(client)
    assert found.ok
    assert verdicts(found)["rate limit"] == "otherwise"
    assert seen(found, "both sides") == "336 and 364 of 700" or verdicts(found)["both sides"] == "holds"


def test_a_refused_login_is_an_error_and_no_finding(history: SandboxOptions) -> None:
    with Sandbox(history) as brand, pytest.raises(LoginRefused):
        examined(brand.url, brand.email, "wrong")


def test_nothing_is_broken_about_the_brand_that_is_bent_below() -> None:
    with serving(Bent()) as root:
        found = examined(root)
    assert set(verdicts(found).values()) == {"holds"}


def _page(query: Query) -> int:
    return int(query["page"])


def _first(rows: Rows, query: Query) -> Rows:
    return rows


def _swapped(at: int) -> Callable[[Rows, Query], Rows]:
    def swap(rows: Rows, _: Query) -> Rows:
        bent = list(rows)
        if len(bent) > at:
            bent[at - 1], bent[at] = bent[at], bent[at - 1]
        return bent

    return swap


def _without_a_row(document: Document, query: Query) -> Document:
    return {**document, "messages": document["messages"][1:]} if _page(query) == 2 else document


def _counted(change: Callable[[int], int]) -> Callable[[Document, Query], Document]:
    calls = iter(range(1_000))

    def bend(document: Document, _: Query) -> Document:
        total = document["total_count"] + change(next(calls))
        return {**document, "total_count": total, "page_count": -(-total // 30)}

    return bend


def _dated(change: Callable[[dt.datetime], dt.datetime], *names: str) -> Callable[[Query], Query]:
    def bend(query: Query) -> Query:
        for name in names or ("start_date", "end_date"):
            if name in query:
                query[name] = change(dt.datetime.fromisoformat(query[name])).isoformat()
        return query

    return bend


def _to_a_day(later: bool) -> Callable[[dt.datetime], dt.datetime]:
    return lambda at: at.replace(hour=0, minute=0, second=0, microsecond=0) + dt.timedelta(days=later)


def _round_inwards(query: Query) -> Query:
    return _dated(_to_a_day(later=False), "end_date")(_dated(_to_a_day(later=True), "start_date")(query))


def _dropping(*names: str) -> Callable[[Query], Query]:
    return lambda query: {name: value for name, value in query.items() if name not in names}


def _unlike(rows: Rows, _: Query) -> Rows:
    return [{**each, "user": {**each["user"], "staff?": n % 2 == 0}} for n, each in enumerate(rows)]


def _with(**fields: Any) -> Rows:
    return [{**each, **fields} if n % 9 == 4 else each for n, each in enumerate(messages())]


def _keyless(document: Document, name: str) -> Document:
    return {key: value for key, value in document.items() if key != name}


BROKEN: dict[str, tuple[Bent, str]] = {
    "a cache that ignores the page": (Bent(query=lambda query: {**query, "page": "1"}), "order of pages"),
    "order broken between pages": (Bent(chosen=_swapped(60)), "order of pages"),
    "order broken on a page": (Bent(chosen=_swapped(40)), "order on a page"),
    "a hidden row": (Bent(envelope=_without_a_row), "rows a page"),
    "a count too high": (Bent(envelope=_counted(lambda _: 40)), "rows a page"),
    "a count too low": (Bent(envelope=_counted(lambda _: -7)), "rows a page"),
    "an estimated count": (Bent(envelope=_counted(lambda n: 30 * (n % 3))), "total_count"),
    "a page size that changes": (
        Bent(
            envelope=lambda d, q: (
                {**d, "page_size": 25, "page_count": -(-d["total_count"] // 25)} if "sent_by" in q else d
            )
        ),
        "page size",
    ),
    "no total_count": (Bent(envelope=lambda d, q: _keyless(d, "total_count") if _page(q) == 3 else d), "envelope"),
    "a count that is text": (Bent(envelope=lambda d, _: {**d, "total_count": "many"}), "envelope"),
    "messages that are no list": (
        Bent(envelope=lambda d, q: {**d, "messages": {}} if "filter" in q else d),
        "envelope",
    ),
    "page_count of another count": (Bent(envelope=lambda d, _: {**d, "page_count": d["page_count"] + 1}), "envelope"),
    "an error with status 200": (Bent(envelope=lambda d, q: {"error": "x"} if _page(q) == 2 else d), "envelope"),
    "dates in another zone": (Bent(query=_dated(lambda at: at + dt.timedelta(hours=7))), "zone of dates"),
    "dates rounded inwards": (Bent(query=_round_inwards), "zone of dates"),
    "dates rounded to the minute": (
        Bent(query=_dated(lambda at: at.replace(second=0, microsecond=0) + dt.timedelta(minutes=1), "start_date")),
        "zone of dates",
    ),
    "dates that are refused": (Bent(status=lambda q: 422 if "start_date" in q else 200), "start_date and end_date"),
    "an end date of another kind when it comes alone": (
        Bent(chosen=lambda rows, q: rows[5:] if "end_date" in q and "start_date" not in q else rows),
        "count between dates",
    ),
    "rows in neither side's list": (
        Bent(chosen=lambda rows, q: rows[1:] if "filter" in q else rows),
        "filter and staff?",
    ),
    "a flag that contradicts the filter": (Bent(chosen=_unlike), "filter and staff?"),
    "a filter that is refused": (Bent(status=lambda q: 500 if "filter" in q else 200), "both sides"),
    "a filter that is ignored, without a flag": (
        Bent(
            rows=[{**each, "user": {**each["user"], "staff?": None}} for each in messages()],
            query=_dropping("filter"),
        ),
        "both sides",
    ),
    "a conversation's list that lacks a row": (
        Bent(chosen=lambda rows, q: rows[3:] if "conversation" in q else rows),
        "a conversation's list",
    ),
    "a conversation's list of all": (Bent(query=_dropping("conversation")), "a conversation's list"),
    "no conversation's list": (Bent(status=lambda q: 404 if "conversation" in q else 200), "a conversation's list"),
    "sent_by is ignored": (Bent(query=_dropping("sent_by")), "sent_by"),
    "sent_by finds nobody": (Bent(chosen=lambda rows, q: [] if "sent_by" in q else rows), "sent_by"),
    "no time can be read": (Bent(rows=[{**r, "created_at": "soon"} for r in messages()], dates=False), "times"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_found(name: str) -> None:
    bent, what = BROKEN[name]
    with serving(bent) as root:
        found = examined(root)
    assert not found.ok
    assert verdicts(found)[what] == "broken", [each for each in found.findings if each.verdict == "broken"]
    assert all(each.consequence for each in found.findings if each.verdict == "broken")


COPED: dict[str, tuple[Bent, str]] = {
    "beyond the end is the last page": (
        Bent(query=lambda q: {**q, "page": str(min(_page(q), 7))}),
        "a page beyond the end",
    ),
    "beyond the end is 404": (Bent(status=lambda q: 404 if _page(q) > 7 else 200), "a page beyond the end"),
    "some times cannot be read": (Bent(rows=_with(created_at=None), dates=False), "times"),
    "twins": (Bent(rows=[each for each in messages(120) for _ in range(2)]), "identical rows"),
    "a filter that is ignored, with a flag": (Bent(query=_dropping("filter")), "both sides"),
    "only the start date is known": (Bent(query=_dropping("end_date")), "start_date and end_date"),
    "one user with two addresses": (
        Bent(
            chosen=lambda rows, q: (
                [{**messages()[-1], "created_at": "2026-03-11T13:00:00Z"}, *rows] if "sent_by" in q else rows
            )
        ),
        "sent_by",
    ),
    "fields of its own": (Bent(rows=_with(priority=3, meta={"a": 1})), "undocumented fields"),
}


@pytest.mark.parametrize("name", COPED)
def test_what_is_coped_with_is_told_and_no_failure(name: str) -> None:
    bent, what = COPED[name]
    with serving(bent) as root:
        found = examined(root)
    assert verdicts(found)[what] == "otherwise", seen(found, what)
    assert found.ok, [each for each in found.findings if each.verdict == "broken"]

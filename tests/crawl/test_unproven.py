"""What can be had of windows that cannot be proven: as much as there is, each with what stood in the way."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from reamaze_pipeline.api.client import ReamazeClient, RetryPolicy
from reamaze_pipeline.crawl.crawl import crawl
from reamaze_pipeline.crawl.unproven import TRIED, crawl_or_keep
from reamaze_pipeline.crawl.window import CrawledWindow, KnownWindow, Window
from reamaze_pipeline.errors import KEEPING, ReamazeError
from tests.bent_brands import Bent, Document, Query, messages, serving

BEGIN = datetime(2026, 3, 10, 12, tzinfo=UTC)
WINDOWS = [Window(f"{n}", BEGIN + timedelta(hours=6 * n), BEGIN + timedelta(hours=6 * n + 6)) for n in range(5)]
QUICK = RetryPolicy(unreadable_attempts=1, attempts=2, first_wait=0.001)
Bend = Callable[[Document, Query], Document]


def bodies(windows: list[CrawledWindow]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for window in windows:
        read = found.setdefault(window.window.key, Counter())
        for kept in window.pages:
            sent = json.loads(kept.page.payload)["messages"]
            read.update(sent[row.index]["body"] for row in kept.rows)
        assert window.message_count == read.total()
    return found


def truth(rows: list[Document]) -> dict[str, Counter[str]]:
    return {
        window.key: Counter(
            each["body"] for each in rows if window.start <= datetime.fromisoformat(each["created_at"]) < window.end
        )
        for window in WINDOWS
    }


@contextmanager
def asked(bent: Bent) -> Iterator[ReamazeClient]:
    with serving(bent) as root, ReamazeClient(root, "a@b.c", "token", retry=QUICK) as client:
        yield client


def kept(bent: Bent, windows: Sequence[Window] = WINDOWS) -> list[CrawledWindow]:
    with asked(bent) as client:
        return list(crawl_or_keep(client, windows))


def _total(change: Callable[[int], int]) -> Bend:
    """Every answer tells another count than there is."""
    calls = iter(range(10_000))

    def bend(document: Document, _: Query) -> Document:
        total = max(0, document["total_count"] + change(next(calls)))
        return {**document, "total_count": total, "page_count": -(-total // 30)}

    return bend


def _hiding(document: Document, _: Query) -> Document:
    """A role that may not see some rows: they are counted and not sent."""
    return {**document, "messages": [each for each in document["messages"] if not each["body"].endswith("7")]}


def _swapped(rows: list[Document], _: Query) -> list[Document]:
    bent = list(rows)
    for at in (20, 60, 90, 120):
        if at < len(bent):
            bent[at - 1], bent[at] = bent[at], bent[at - 1]
    return bent


BENT: dict[str, Callable[[bool], Bent]] = {
    "a count too high": lambda dates: Bent(dates=dates, envelope=_total(lambda _: 45)),
    "a count too low": lambda dates: Bent(dates=dates, envelope=_total(lambda _: -40)),
    "an estimated count": lambda dates: Bent(dates=dates, envelope=_total(lambda n: (7 * n) % 31 - 15)),
    "no order": lambda dates: Bent(dates=dates, chosen=_swapped),
}


@pytest.mark.parametrize("dates", [True, False], ids=["dates", "no dates"])
@pytest.mark.parametrize("name", BENT)
def test_all_there_is_is_kept_once_and_marked(name: str, dates: bool) -> None:
    # Where no count can be believed, each try to prove takes a hundred and twenty requests.
    windows = WINDOWS[3:] if name == "an estimated count" else WINDOWS
    found = kept(BENT[name](dates), windows)
    assert bodies(found) == {window.key: truth(messages())[window.key] for window in windows}
    assert [window.window for window in found] == windows[::-1]
    unproven = [window for window in found if window.proof.unproven]
    assert unproven
    assert all(KEEPING not in (window.proof.unproven or "") for window in unproven)
    assert all(row.is_staff is not None for window in found for page in window.pages for row in page.rows)


@pytest.mark.parametrize("dates", [True, False], ids=["dates", "no dates"])
def test_what_a_role_may_not_see_cannot_be_had_and_the_rest_is_marked(dates: bool) -> None:
    found = kept(Bent(dates=dates, envelope=_hiding))
    seen = [each for each in messages() if not each["body"].endswith("7")]
    assert bodies(found) == truth(seen)
    hidden = {key for key, of_window in truth(messages()).items() if of_window != truth(seen)[key]}
    assert len(hidden) == 4
    for window in found:
        assert "rows are promised" in (window.proof.unproven or "") or window.window.key not in hidden


def test_without_the_setting_nothing_of_it_is_yielded_and_the_error_names_it() -> None:
    bent = Bent(envelope=_hiding)
    with asked(bent) as client, pytest.raises(ReamazeError, match="REAMAZE_UNPROVEN=keep") as refused:
        list(crawl(client, WINDOWS))
    assert str(refused.value).endswith(KEEPING)


def test_a_brand_that_keeps_its_promises_is_proven_as_ever() -> None:
    found = kept(Bent())
    assert bodies(found) == truth(messages())
    assert [window.proof.unproven for window in found] == [None] * 5


def test_one_bad_page_leaves_the_other_windows_proven() -> None:
    """Half an hour in the middle cannot be read as promised; the days around it can."""
    bad = {"start": BEGIN + timedelta(hours=12), "end": BEGIN + timedelta(hours=18)}

    def short(document: Document, query: Query) -> Document:
        until = datetime.fromisoformat(query.get("end_date", "2030-01-01T00:00:00+00:00"))
        since = datetime.fromisoformat(query.get("start_date", "2000-01-01T00:00:00+00:00"))
        touched = since < bad["end"] - timedelta(hours=1) and until > bad["start"] + timedelta(hours=1)
        return {**document, "messages": document["messages"][:-1]} if touched and document["messages"] else document

    found = kept(Bent(envelope=short))
    assert [bool(window.proof.unproven) for window in found] == [False, False, True, False, False]


def test_a_run_gives_up_trying_after_some_windows_in_a_row() -> None:
    bent = Bent(envelope=_hiding)
    found = kept(bent)
    assert len(found) == 5
    strict = len(bent.asked) - sum(window.proof.requests for window in found)
    assert strict <= TRIED * 2


def test_sides_are_looked_up_where_rows_have_no_flag() -> None:
    rows = messages()

    def unflagged(document: Document, _: Query) -> Document:
        sent = [{**each, "user": {**each["user"], "staff?": None}} for each in document["messages"]]
        return _total(lambda _: 45)({**document, "messages": sent}, {})

    found = kept(Bent(envelope=unflagged))
    assert bodies(found) == truth(rows)
    by_body = {each["body"]: each["user"]["staff?"] for each in rows}
    for window in found:
        for page in window.pages:
            sent = json.loads(page.page.payload)["messages"]
            assert all(row.is_staff is by_body[sent[row.index]["body"]] for row in page.rows)


def test_what_is_proven_is_not_given_for_what_is_not() -> None:
    heard: list[str] = []
    known = [KnownWindow(WINDOWS[2], 51, ()), KnownWindow(WINDOWS[1], 51, ())]
    with asked(Bent(envelope=_hiding)) as client:
        found = list(crawl_or_keep(client, [], known=known, say=heard.append))
    assert found == []
    assert "stay as they were" in heard[0]


def test_no_time_at_all_is_refused_all_the_same() -> None:
    bent = Bent(rows=[{**each, "created_at": "soon"} for each in messages()], dates=False)
    with asked(bent) as client, pytest.raises(ReamazeError, match="no message on the newest page has a time"):
        list(crawl_or_keep(client, WINDOWS))

"""Windows that were read before are read again only where they changed, and that is told in a request or two."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reamaze_pipeline.crawl.crawl import CrawledWindow, Hint, KnownWindow, Window, crawl
from tests.crawl.histories import Message, MovingList, at, days, delivered, inside, newest_first

MINUTES = 24


def known(source: MovingList, windows: Sequence[Window]) -> tuple[list[KnownWindow], list[Hint]]:
    """What a first reading leaves behind."""
    found: list[KnownWindow] = []
    hints: list[Hint] = []
    for crawled in crawl(source, windows):
        rows = [(kept.page, kept.page.rows[row.index]) for kept in crawled.pages for row in kept.rows]
        dated = [(page, row, row.created_at) for page, row in rows if row.created_at is not None]
        instants = sorted((instant for _, _, instant in dated), reverse=True)
        found.append(KnownWindow(crawled.window, crawled.message_count, tuple(instants)))
        hints += [
            Hint(page.audience, instant, page.total_count - page.offset - row.index) for page, row, instant in dated
        ]
    source.asked.clear()
    return found, hints


def serials(crawled: Sequence[CrawledWindow]) -> dict[str, list[int]]:
    return {each.window.key: sorted(delivered(each)) for each in crawled}


@pytest.mark.parametrize("flag", [True, False])
@pytest.mark.parametrize("honoured", [True, False])
def test_what_did_not_change_costs_no_page(honoured: bool, flag: bool) -> None:
    messages = newest_first(Message(n, at(n * 0.7), str(n), n % 3 == 0) for n in range(600))
    source = MovingList(messages, 5, dates_honoured=honoured, staff_flag=flag)
    windows = days(8, 6, MINUTES)
    before, hints = known(source, windows[:-1])
    plain = list(crawl(source, windows[-1:], hints=hints))
    alone = len(source.asked)
    source.asked.clear()
    found = list(crawl(source, windows[-1:], hints=hints, known=before))
    assert serials(found) == serials(plain)
    assert len(source.asked) - alone <= (1 if honoured else 2 if flag else 9)


@pytest.mark.parametrize("honoured", [True, False])
@pytest.mark.parametrize("minute", [0.0, 0.5, 11.0, 23.99])
def test_a_late_message_is_found_in_its_window_alone(honoured: bool, minute: float) -> None:
    messages = newest_first(Message(n, at(n * 0.7), str(n), n % 3 == 0) for n in range(600))
    source = MovingList(messages, 5, dates_honoured=honoured)
    windows = days(8, 6, MINUTES)
    before, hints = known(source, windows[:-1])
    source.insert(Message(9_999, at((8 + 3) * MINUTES + minute), "late"))
    found = list(crawl(source, windows[-1:], hints=hints, known=before))
    assert [each.window.key for each in found] == ["13", "11"]
    assert 9_999 in serials(found)["11"]


instants = st.integers(0, 6 * MINUTES * 60).map(lambda seconds: at(5 * MINUTES) + timedelta(seconds=seconds))


@given(
    before=st.lists(instants, max_size=60),
    late=st.lists(instants, max_size=4),
    gone=st.lists(st.integers(0, 59), max_size=4, unique=True),
    honoured=st.booleans(),
    inclusive=st.booleans(),
    flag=st.booleans(),
    size=st.integers(1, 7),
)
def test_after_a_second_look_every_window_is_what_it_is_now(
    before: list[object], late: list[object], gone: list[int], honoured: bool, inclusive: bool, flag: bool, size: int
) -> None:
    """Where messages came, or went; both at once may hide each other, which the module says."""
    messages = newest_first(Message(n, instant, str(n), n % 2 == 0) for n, instant in enumerate(before))  # type: ignore[arg-type]
    source = MovingList(messages, size, dates_honoured=honoured, staff_flag=flag, end_inclusive=inclusive)
    windows = days(6, 4, MINUTES)
    first, hints = known(source, windows)
    held = {each.window.key: sorted(delivered(each)) for each in crawl(source, windows)}
    if late:
        for n, instant in enumerate(late):
            source.insert(Message(1_000 + n, instant, f"late {n}", n % 2 == 0))  # type: ignore[arg-type]
    else:
        for place in sorted((place for place in gone if place < len(source.messages)), reverse=True):
            source.delete(place)
    held |= serials(list(crawl(source, [], hints=hints, known=first)))
    assert held == {
        window.key: sorted(message.serial for message in inside(source.messages, window)) for window in windows
    }

"""Whatever the history, the windows and the movement: every message that lasts comes exactly once."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reamaze_pipeline.crawl.crawl import Window, crawl
from reamaze_pipeline.errors import WindowNotProven
from tests.crawl.histories import (
    Message,
    MovingList,
    assert_exact,
    at,
    delivered,
    drifting,
    inside,
    newest_first,
)

SPAN = 60


@st.composite
def histories(draw: st.DrawFn, sides: tuple[bool | None, ...] = (True, False)) -> list[Message]:
    """Up to 60 messages with ties and identical twins, over `SPAN` minutes or crowded into few of them."""
    minutes = st.integers(0, draw(st.sampled_from([1, 5, SPAN - 1])))
    rows = draw(st.lists(st.tuples(minutes, st.integers(0, 3), st.sampled_from(sides), st.booleans()), max_size=60))
    return newest_first(
        Message(serial, at(minute), f"{text}{staff}", staff, flagged or (staff is not None and text > 0))
        for serial, (minute, text, staff, flagged) in enumerate(rows)
    )


@st.composite
def disjoint_windows(draw: st.DrawFn) -> list[Window]:
    """Windows that touch, leave gaps, are empty, or reach beyond the history; in any order."""
    edges = sorted(draw(st.sets(st.integers(-2, SPAN + 2), min_size=2, max_size=6)))
    pairs = draw(st.lists(st.sampled_from(list(pairwise(edges))), min_size=1, max_size=5, unique=True))
    return [Window(f"{first}-{last}", at(first), at(last)) for first, last in pairs]


@st.composite
def lists(draw: st.DrawFn, sides: tuple[bool | None, ...] = (True, False)) -> MovingList:
    """A list at rest, in any revision of the API."""
    return MovingList(
        draw(histories(sides)),
        page_size=draw(st.integers(1, 8)),
        dates_honoured=draw(st.booleans()),
        staff_flag=draw(st.booleans()),
        end_inclusive=draw(st.booleans()),
    )


@given(source=lists((True, False, None)), windows=disjoint_windows(), concurrency=st.integers(1, 4))
def test_at_rest_a_window_is_all_rows_listed_then_cut(
    source: MovingList, windows: list[Window], concurrency: int
) -> None:
    crawled = list(crawl(source, windows, concurrency=concurrency))
    assert [c.window for c in crawled] == sorted(windows, key=lambda w: w.end, reverse=True)
    for c in crawled:
        assert sorted(delivered(c)) == sorted(m.serial for m in inside(source.messages, c.window))
        assert c.message_count == len(delivered(c))
        verdicts = [row.is_staff for kept in c.pages for row in kept.rows]
        assert verdicts == [source.ever[serial].staff for serial in delivered(c)]


@given(source=lists((True, False, None)), lost=st.sets(st.integers(0, 59), max_size=5))
def test_rows_without_a_date_are_in_one_window(source: MovingList, lost: set[int]) -> None:
    source.dates_honoured = False
    source.page_size += 5
    source.messages = [
        Message(m.serial, m.created_at, m.text, m.staff, m.flagged, dated=m.serial not in lost) for m in source.messages
    ]
    assume(not source.messages or any(m.dated for m in source.messages))
    edges = [at(-1), at(3), at(20), at(10_000_000)]
    windows = [Window(str(first), first, last) for first, last in pairwise(edges)]
    got = Counter(serial for c in crawl(source, windows) for serial in delivered(c))
    assert got == Counter(m.serial for m in source.messages)


@pytest.mark.parametrize(
    ("front", "late", "deletion"), [(0.3, 0, 0), (0.9, 0, 0), (0, 0.3, 0), (0, 0, 0.3), (0.3, 0.1, 0.1)]
)
@given(source=lists(), windows=disjoint_windows(), seed=st.integers(0, 2**32))
def test_what_lasts_comes_exactly_once_while_the_list_moves(
    front: float, late: float, deletion: float, source: MovingList, windows: list[Window], seed: int
) -> None:
    source.before_each = drifting(seed, front, late, deletion, SPAN)
    try:
        for c in crawl(source, windows):
            assert_exact(source, c)
    except WindowNotProven:
        # Refusing is allowed where a page is tiny, or cannot hold a group of equal instants, a newer and an older row.
        crowd = max(Counter(m.created_at for m in source.ever.values()).values())
        assert source.page_size <= max(2, crowd + 1)


@given(source=lists(), windows=disjoint_windows(), seed=st.integers(0, 2**32))
def test_arrivals_in_front_do_no_harm_to_requests_in_flight(
    source: MovingList, windows: list[Window], seed: int
) -> None:
    source.page_size += 2
    source.before_each = drifting(seed, 0.3, 0, 0, SPAN)
    for c in crawl(source, windows, concurrency=4):
        assert_exact(source, c)

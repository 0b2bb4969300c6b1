"""Whatever the history, the windows and the movement: every message that lasts comes exactly once."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reamaze_pipeline.api.crawl import Window, crawl
from reamaze_pipeline.api.errors import WindowNotProven
from tests.api.histories import Message, MovingList, assert_exact, at, delivered, inside, newest_first

SPAN = 60


@st.composite
def messages(draw: st.DrawFn, most: int = 40) -> list[Message]:
    """A history with ties and twins, over `SPAN` minutes."""
    rows = draw(
        st.lists(
            st.tuples(st.integers(0, SPAN - 1), st.integers(0, 5), st.sampled_from([True, False])),
            max_size=most,
        )
    )
    return newest_first(
        Message(serial, at(minute), f"{text}{staff}", staff=staff) for serial, (minute, text, staff) in enumerate(rows)
    )


@st.composite
def disjoint(draw: st.DrawFn) -> list[Window]:
    edges = sorted(draw(st.sets(st.integers(-2, SPAN + 2), min_size=2, max_size=6)))
    pairs = list(pairwise(edges))
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=len(pairs), unique=True))
    return [Window(f"{a}-{b}", at(a), at(b)) for a, b in chosen]


@given(messages(), disjoint(), st.integers(1, 8), st.booleans(), st.booleans(), st.integers(1, 4))
def test_at_rest_a_window_is_all_rows_listed_then_cut(
    history: list[Message], windows: list[Window], size: int, honoured: bool, flag: bool, concurrency: int
) -> None:
    source = MovingList(history, size, honoured, flag)
    crawled = list(crawl(source, windows, concurrency=concurrency))
    assert [c.window for c in crawled] == sorted(windows, key=lambda w: w.end, reverse=True)
    staff = {m.serial: m.staff for m in history}
    for c in crawled:
        assert sorted(delivered(c)) == sorted(m.serial for m in inside(history, c.window))
        assert c.message_count == len(delivered(c))
        flags = [row.is_staff for kept in c.pages for row in kept.rows]
        assert flags == [staff[serial] for serial in delivered(c)]


def drifting(seed: int, front: float, late: float, deletion: float) -> object:
    """One movement at most between two requests: in front, late, or away."""
    draw = random.Random(seed)
    serial = 1000

    def step(source: MovingList, _ordinal: int) -> None:
        nonlocal serial
        dice = draw.random()
        serial += 1
        if dice < front:
            source.insert(Message(serial, at(SPAN + serial), "front", staff=draw.random() < 0.5))
        elif dice < front + late:
            source.insert(Message(serial, at(draw.randrange(SPAN)), "late", staff=draw.random() < 0.5))
        elif dice < front + late + deletion and source.messages:
            source.delete(draw.randrange(len(source.messages)))

    return step


@pytest.mark.parametrize(("front", "late", "deletion"), [(0.3, 0, 0), (0, 0.2, 0), (0, 0, 0.2), (0.2, 0.1, 0.1)])
@given(
    history=messages(),
    windows=disjoint(),
    size=st.integers(2, 8),
    honoured=st.booleans(),
    flag=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_what_lasts_comes_exactly_once_while_the_list_moves(
    front: float,
    late: float,
    deletion: float,
    history: list[Message],
    windows: list[Window],
    size: int,
    honoured: bool,
    flag: bool,
    seed: int,
) -> None:
    source = MovingList(list(history), size, honoured, flag, before_each=drifting(seed, front, late, deletion))
    try:
        crawled = list(crawl(source, windows))
    except WindowNotProven:
        return
    for c in crawled:
        assert_exact(source, c)

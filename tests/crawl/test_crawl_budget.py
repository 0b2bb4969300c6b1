"""No more requests than the budget: W is what a reader who knows everything would open. History at rest."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reamaze_pipeline.crawl.crawl import Hint, Window, crawl
from reamaze_pipeline.crawl.reading.listing import PADDING
from reamaze_pipeline.sandbox.brand.generate import generate
from reamaze_pipeline.sandbox.options import SandboxOptions
from tests.crawl.histories import EPOCH, Message, MovingList, at, inside, newest_first, perfect_pages

DAY = timedelta(days=1)
DAYS = 90
SIZE = 30


def day(number: int, count: int = 1) -> list[Window]:
    """So many days, each a window, from the day after so many days."""
    return [Window(str(n), EPOCH + n * DAY, EPOCH + (n + 1) * DAY) for n in range(number, number + count)]


def ordinary(messages: int, seed: int = 5) -> list[Message]:
    """A helpdesk's history: busy office hours, quiet nights and weekends, no two days alike."""
    draw = random.Random(seed)
    weights = []
    for number in range(DAYS):
        mood = draw.lognormvariate(0, 0.3) * (0.3 if number % 7 in {5, 6} else 1.0)
        weights += [mood * (1.0 if 8 <= hour < 18 else 0.1) for hour in range(24)]
    hours = draw.choices(range(DAYS * 24), weights, k=messages)
    return newest_first(
        Message(n, EPOCH + timedelta(hours=hour, milliseconds=draw.randrange(3_600_000)), str(n), n % 2 == 0)
        for n, hour in enumerate(hours)
    )


HISTORY = ordinary(12_000)
PAGES = ceil(len(HISTORY) / SIZE)


def spent(source: MovingList, windows: list[Window], concurrency: int, hints: list[Hint] | None = None) -> int:
    """Requests above W."""
    source.asked.clear()
    found = sum(c.message_count for c in crawl(source, windows, hints=hints or (), concurrency=concurrency))
    whole = Window("all", windows[0].start, windows[-1].end)
    wanted = inside(source.messages, whole)
    assert found == len(wanted)
    if not source.staff_flag:
        lists = [[m for m in source.messages if m.staff is side] for side in (True, False)]
    else:
        lists = [source.messages]
    if source.dates_honoured:
        lists = [inside(one, whole) for one in lists]
    return len(source.asked) - sum(perfect_pages(one, [whole], SIZE) for one in lists)


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("span", [1, 2, 30])
@pytest.mark.parametrize(("flag", "allowed"), [(True, 2), (False, 2 + 2 + 2)])
def test_where_dates_are_honoured(concurrency: int, span: int, flag: bool, allowed: int) -> None:
    source = MovingList(HISTORY, SIZE, dates_honoured=True, staff_flag=flag)
    assert max(spent(source, day(n, span), concurrency) for n in (0, 17, 40, 59, 60)) <= allowed


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("span", [1, 30])
def test_where_dates_are_ignored_and_nothing_is_known(concurrency: int, span: int) -> None:
    source = MovingList(HISTORY, SIZE)
    over = [spent(source, day(n, span), concurrency) for n in range(0, DAYS - span + 1, 3)]
    assert max(over) <= 8


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize(("messages", "length"), [(5_000, 400), (20_000, 180), (60_000, 480)])
def test_ordinary_histories_cost_eight_at_most(messages: int, length: int, concurrency: int) -> None:
    """Days and ranges anywhere in the embedded API's histories, closed Sundays among them."""
    end = datetime(2026, 3, 12, tzinfo=UTC)
    rows, _ = generate(SandboxOptions(messages=messages, days=length, end=end))
    instants = [datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(instant)) for instant in rows.at]
    source = MovingList([Message(n, m, str(n)) for n, m in enumerate(instants)], SIZE, utc_offset=timedelta(hours=-7))
    draw = random.Random(messages)
    for span in (1, 1, 1, 2, 7, 30) * 6:
        first = end - draw.randrange(span, length) * DAY
        windows = [Window(str(n), first + n * DAY, first + (n + 1) * DAY) for n in range(span)]
        assert spent(source, windows, concurrency) <= 8


HOSTILE = {
    "ever slower": [minute**3 for minute in range(400)],
    "ever faster": [64_000_000 - minute**3 for minute in range(400)],
    "a burst in the middle": [*range(0, 4_000_000, 40_000), *range(4_000_000, 4_000_200), 9_000_000],
    "bursts far apart": [100_000 * burst + minute for burst in range(20) for minute in range(20)],
    "a moment and ages": [0, *(10_000_000 + minute for minute in range(399))],
}


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("kind", HOSTILE)
def test_the_bound_holds_where_interpolation_is_led_astray(kind: str, concurrency: int) -> None:
    messages = newest_first(Message(n, at(minute), str(n)) for n, minute in enumerate(HOSTILE[kind]))
    source = MovingList(messages, 3)
    bound = 2 + ceil(log2(ceil(len(messages) / 3)))
    for place in range(0, len(messages) - 1, 7):
        newer, older = messages[place].created_at, messages[min(place + 1 + place % 11, len(messages) - 1)].created_at
        for window in (Window("rows", older, newer), Window("no rows", older + timedelta(seconds=1), newer)):
            source.asked.clear()
            list(crawl(source, [window], concurrency=concurrency))
            assert len(source.asked) <= perfect_pages(messages, [window], 3) + bound


@pytest.mark.parametrize("concurrency", [1, 4])
def test_two_lists_cost_the_sum_of_theirs_and_two(concurrency: int) -> None:
    source = MovingList(HISTORY, SIZE, staff_flag=False)
    each = 2 + ceil(log2(PAGES / 2))
    assert max(spent(source, day(n), concurrency) for n in range(0, DAYS, 5)) <= 2 * each + 2


@pytest.mark.parametrize("concurrency", [1, 4])
def test_where_neighbouring_days_are_stored(concurrency: int) -> None:
    source = MovingList(HISTORY, SIZE)

    def hints(number: int) -> list[Hint]:
        rows = [(len(HISTORY) - i, m) for i, m in enumerate(HISTORY)]
        known = [Window("before", *_bounds(number - 1)), Window("after", *_bounds(number + 1))]
        return [Hint("all", m.created_at, place) for place, m in rows if any(m in inside([m], w) for w in known)]

    assert max(spent(source, day(n), concurrency, hints(n)) for n in range(2, DAYS - 2, 7)) <= 4


def _bounds(number: int) -> tuple[datetime, datetime]:
    return EPOCH + number * DAY, EPOCH + (number + 1) * DAY


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("honoured", [True, False])
def test_yesterday(concurrency: int, honoured: bool) -> None:
    for messages in (HISTORY, HISTORY[:30], HISTORY[:31], HISTORY[:200], ordinary(300)):
        source = MovingList(messages, SIZE, dates_honoured=honoured)
        assert spent(source, day(DAYS - 1), concurrency) <= 2


@pytest.mark.parametrize("honoured", [True, False])
@pytest.mark.parametrize("concurrency", [1, 4])
def test_nothing_new_since_the_last_look_is_one_request(honoured: bool, concurrency: int) -> None:
    source = MovingList(HISTORY, SIZE, dates_honoured=honoured)
    last_look = HISTORY[0].created_at + timedelta(minutes=1)
    window = Window("since", last_look, last_look + timedelta(hours=1))
    assert [c.message_count for c in crawl(source, [window], concurrency=concurrency)] == [0]
    assert len(source.asked) == 1


@given(
    minutes=st.lists(st.integers(0, 200), max_size=150),
    size=st.integers(1, 9),
    edges=st.tuples(st.integers(-1, 201), st.integers(-1, 201)).map(sorted),
    concurrency=st.integers(1, 4),
    honoured=st.booleans(),
)
def test_the_bound_holds_for_any_history(
    minutes: list[int], size: int, edges: list[int], concurrency: int, honoured: bool
) -> None:
    messages = newest_first(Message(n, at(minute), str(n)) for n, minute in enumerate(minutes))
    source = MovingList(messages, size, dates_honoured=honoured)
    window = Window("any", at(edges[0]), at(edges[1]))
    list(crawl(source, [window], concurrency=concurrency))
    if honoured:  # the list that is asked for has a second to spare on each side
        window = Window("asked", window.start - PADDING, window.end + PADDING)
    shown = inside(messages, window) if honoured else messages
    pages = max(1, ceil(len(messages) / size))
    search = 0 if honoured else ceil(log2(pages))
    assert len(source.asked) <= perfect_pages(shown, [window], size) + 2 + search


def test_gaps_between_windows_are_not_read() -> None:
    source = MovingList(HISTORY, SIZE)
    windows = [*day(10), *day(80)]
    found = list(crawl(source, windows, concurrency=4))
    assert [c.window.key for c in found] == ["80", "10"]
    assert len(source.asked) <= perfect_pages(HISTORY, windows, SIZE) + 2 * (2 + ceil(log2(PAGES)))


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("share", [0.003, 0.01, 0.05])
@pytest.mark.parametrize("honoured", [True, False])
def test_customers_without_a_flag_are_looked_up_in_few_requests(concurrency: int, share: float, honoured: bool) -> None:
    draw = random.Random(3)
    messages = [replace(m, flagged=m.staff is True or draw.random() >= share) for m in HISTORY]
    windows = day(40, 30)
    plain = MovingList(HISTORY, SIZE, dates_honoured=honoured)
    source = MovingList(messages, SIZE, dates_honoured=honoured)
    list(crawl(plain, windows, concurrency=concurrency))
    found = list(crawl(source, windows, concurrency=concurrency))
    assert sum(c.proof.unresolved for c in found) == 0
    beyond = len(source.asked) - len(plain.asked)
    customers = [m for m in messages if m.staff is False]
    in_doubt = [w for w in windows if any(not m.flagged for m in inside(customers, w))]
    pages = {
        place // SIZE
        for place, m in enumerate(customers)
        if not m.flagged and windows[0].start <= m.created_at < windows[-1].end
    }
    assert in_doubt
    assert beyond <= (len(in_doubt) if honoured else 3 + 1.25 * len(pages))


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("share", [0.003, 0.025, 0.1, 0.5])
@pytest.mark.parametrize("span", [1, 7, 30])
def test_rows_of_both_sides_without_a_flag_cost_the_pages_they_are_on(
    span: int, share: float, concurrency: int
) -> None:
    """Dates ignored; staff's rows may cost their pages of the customer list besides, but hardly a page comes twice."""
    draw = random.Random(4)
    messages = [replace(m, flagged=draw.random() >= share) for m in HISTORY]
    windows = day(40, span)
    plain, source = MovingList(HISTORY, SIZE), MovingList(messages, SIZE)
    list(crawl(plain, windows, concurrency=concurrency))
    found = list(crawl(source, windows, concurrency=concurrency))
    assert sum(c.proof.unresolved for c in found) == 0
    pages = {
        side: {
            place // SIZE
            for place, m in enumerate(m for m in messages if m.staff is side)
            if not m.flagged and windows[0].start <= m.created_at < windows[-1].end
        }
        for side in (True, False)
    }
    customer, staff = len(pages[False]), len(pages[True])
    beyond = len(source.asked) - len(plain.asked)
    assert beyond <= 6 + 1.25 * (customer + staff) + staff
    whole = [Window("all", windows[0].start, windows[-1].end)]
    both = sum(perfect_pages([m for m in messages if m.staff is side], whole, SIZE) for side in (True, False))
    assert beyond <= 8 + 1.1 * both

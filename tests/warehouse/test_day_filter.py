"""Days computed a few at a time: each exactly once, in batches that are even and bounded."""

from __future__ import annotations

from datetime import date, timedelta
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from reamaze_pipeline.warehouse.day_filter import DailyInput, DailySelect
from reamaze_pipeline.warehouse.table import Table

FIRST = date(2026, 1, 1)
PAGES = Table("raw", "pages", ())
ROWS_PER_BATCH = 100


def batches(rows: dict[date, int], workers: int) -> list[list[date]]:
    """The days of each batch."""
    select = DailySelect("select 1", days=tuple(sorted(rows)), inputs=(DailyInput(PAGES, ROWS_PER_BATCH),))
    found = []
    for batch in select.batches({PAGES: dict(rows)}, workers):
        start, end = batch.parameters["window_start_0"], batch.parameters["window_end_0"]
        found.append([start + timedelta(n) for n in range((end - start).days)])
    return found


@given(st.dictionaries(st.integers(0, 200), st.integers(0, 250), min_size=1), st.integers(1, 4))
def test_every_day_is_in_one_batch_and_none_is_much_heavier_than_it_may_be(rows: dict[int, int], workers: int) -> None:
    days = {FIRST + timedelta(n): count for n, count in rows.items()}
    found = batches(days, workers)
    assert [day for batch in found for day in batch] == sorted(days)
    heaviest = max(days.values())
    assert all(sum(days[day] for day in batch) <= ROWS_PER_BATCH + heaviest for batch in found)


@given(st.integers(2, 300), st.integers(1, 4))
def test_batches_of_equal_days_keep_all_workers_busy_to_the_end(count: int, workers: int) -> None:
    found = batches({FIRST + timedelta(n): 10 for n in range(count)}, workers)
    needed = ceil(count * 10 / ROWS_PER_BATCH)
    assert len(found) == (needed if needed == 1 else min(count, ceil(needed / workers) * workers))
    sizes = [len(batch) for batch in found]
    assert max(sizes) - min(sizes) <= 1


def test_days_without_rows_make_no_batch_of_their_own() -> None:
    assert len(batches({FIRST + timedelta(n): 0 for n in range(400)}, 2)) == 1
    assert len(batches({FIRST + timedelta(n): 60 * (n < 2) for n in range(400)}, 2)) == 2

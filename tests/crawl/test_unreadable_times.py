"""Lists whose rows do not say when they were written: told by the dates asked for, or refused; never stored twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reamaze_pipeline.api.client import ReamazeClient
from reamaze_pipeline.crawl.crawl import Window, crawl
from reamaze_pipeline.errors import UnexpectedAnswer
from tests.served_rows import row, served

START = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = [Window(f"2026-03-0{n + 1}", START + timedelta(days=n), START + timedelta(days=n + 1)) for n in range(4)]


def days_of(
    rows: Sequence[Any], instants: Sequence[datetime] | None, windows: Sequence[Window]
) -> dict[str, Counter[int]]:
    """Which rows the crawl puts into which window; a row's body is its number."""
    with served(rows, instants) as url, ReamazeClient(url, "a@example.com", "token") as client:
        return {
            found.window.key: Counter(
                int(rows[kept.page.offset + place.index]["body"]) if instants is None else place.index
                for kept in found.pages
                for place in kept.rows
            )
            for found in crawl(client, windows)
        }


@pytest.mark.parametrize("count", [1, 2, 100])
@pytest.mark.parametrize("windows", [DAYS, DAYS[:1]], ids=["days", "day"])
def test_without_any_time_and_any_honoured_date_nothing_is_stored(count: int, windows: list[Window]) -> None:
    rows = [row(str(n), "the third of March") for n in range(count)]
    with pytest.raises(UnexpectedAnswer) as refused:
        days_of(rows, None, windows)
    said = str(refused.value)
    assert f"none of {count} messages" in said
    assert "written like 'xxx xxxxx xx xxxxx'" in said
    assert "\n" not in said


def test_a_long_list_is_not_read_to_its_end_to_be_refused() -> None:
    rows = [row(str(n), None) for n in range(30 * 400)]
    with (
        served(rows) as url,
        ReamazeClient(url, "a@example.com", "token") as client,
        pytest.raises(UnexpectedAnswer, match=r"none of 12000 messages .*no created_at on page"),
    ):
        list(crawl(client, DAYS))
    assert client.traffic.requests < 200


@pytest.mark.parametrize("windows", [DAYS, DAYS[1:2], DAYS[2:3]], ids=["days", "second", "third"])
def test_where_dates_are_honoured_rows_without_times_are_of_the_day_they_were_asked_for(windows: list[Window]) -> None:
    instants = [DAYS[n].start + timedelta(hours=12) for n in (3, 2, 2, 0)]
    found = days_of([row(str(n), "?") for n in range(4)], instants, windows)
    counts = {"2026-03-01": 1, "2026-03-02": 0, "2026-03-03": 2, "2026-03-04": 1}
    assert {day: rows.total() for day, rows in found.items()} == {w.key: counts[w.key] for w in windows}


def test_one_readable_time_is_enough_to_tell_the_rest_by() -> None:
    rows = [row(str(n), "?") for n in range(99)]
    rows[40]["created_at"] = "2026-03-02T12:00:00Z"
    found = days_of(rows, None, DAYS)
    assert found["2026-03-02"] == Counter(range(40, 99))
    assert found["2026-03-01"] == found["2026-03-03"] == found["2026-03-04"] == Counter()


def test_seconds_since_1970_are_times() -> None:
    rows = [row(str(n), int((DAYS[3 - n].start + timedelta(hours=1)).timestamp())) for n in range(4)]
    assert days_of(rows, None, DAYS) == {window.key: Counter([3 - n]) for n, window in enumerate(DAYS)}

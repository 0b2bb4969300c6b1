"""How fast turns were closed: reply times of a period, over time, and how they are distributed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import duckdb

from reamaze_pipeline.report.numbers.metric_query import fetch
from reamaze_pipeline.report.numbers.period import Period

TURNS = "temp.report_turns"
"""The turns of both periods, computed once for all questions about them; gone with the connection."""

BUCKETS = ("under 1 h", "1 to 4 h", "4 to 8 h", "8 to 24 h", "24 h or more")

_STATISTICS = """
    SELECT count(seconds), count(*) - count(seconds), median(seconds), quantile_cont(seconds, 0.9),
        count(*) FILTER (WHERE seconds < 3600) / nullif(count(seconds), 0),
        count(*) FILTER (WHERE seconds < 86400) / nullif(count(seconds), 0),
        [count(*) FILTER (WHERE seconds < 3600),
         count(*) FILTER (WHERE seconds >= 3600 AND seconds < 14400),
         count(*) FILTER (WHERE seconds >= 14400 AND seconds < 28800),
         count(*) FILTER (WHERE seconds >= 28800 AND seconds < 86400),
         count(*) FILTER (WHERE seconds >= 86400)]
    FROM temp.report_turns WHERE day BETWEEN $first AND $last
"""
_TREND = """
    SELECT date_trunc('{step}', day)::date, count(seconds), median(seconds), quantile_cont(seconds, 0.9)
    FROM temp.report_turns WHERE day BETWEEN $first AND $last GROUP BY ALL HAVING count(seconds) > 0 ORDER BY 1
"""
_FIRST = """
    SELECT median(seconds) FROM metrics.first_response_times WHERE day BETWEEN $first AND $last
"""


@dataclass(frozen=True, slots=True)
class Speed:
    """Closed turns; times in seconds, None without turns. ``unknown`` turns have an opening nobody knows.

    ``buckets`` are the turns by how long they took, as `BUCKETS` names them.
    """

    turns: int
    unknown: int
    median: float | None
    p90: float | None
    under_1h: float | None
    under_1d: float | None
    buckets: tuple[int, ...]
    first_median: float | None


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One step of the time axis that has closed turns; times in seconds."""

    step: date
    turns: int
    median: float
    p90: float


@contextmanager
def turns_at_hand(connection: duckdb.DuckDBPyConnection, first: date, last: date) -> Iterator[None]:
    """Within the block, `TURNS` holds the closed turns of these days. Raises `NotComputed`."""
    fetch(
        connection,
        f"CREATE OR REPLACE TEMP TABLE {TURNS.partition('.')[2]} AS SELECT day, sender_key, seconds"
        " FROM metrics.reply_turns WHERE day BETWEEN $first AND $last",
        first=first,
        last=last,
    )
    try:
        yield
    finally:
        connection.execute(f"DROP TABLE {TURNS}")


def read_speed(connection: duckdb.DuckDBPyConnection, period: Period) -> Speed:
    """Needs `turns_at_hand`. Raises `NotComputed`."""
    turns, unknown, median, p90, hour, day, buckets = fetch(connection, _STATISTICS, **period.bounds)[0]
    first = fetch(connection, _FIRST, **period.bounds)[0][0]
    return Speed(turns, unknown, median, p90, hour, day, tuple(buckets), first)


def read_trend(connection: duckdb.DuckDBPyConnection, period: Period) -> tuple[TrendPoint, ...]:
    """Needs `turns_at_hand`. Raises `NotComputed`."""
    return tuple(TrendPoint(*row) for row in fetch(connection, _TREND.format(step=period.step), **period.bounds))

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
    WITH timed AS (SELECT {seconds} AS seconds FROM temp.report_turns WHERE {rows} AND day BETWEEN $first AND $last)
    SELECT count(seconds), count(*) - count(seconds), median(seconds), quantile_cont(seconds, 0.9),
        count(*) FILTER (WHERE seconds < 3600) / nullif(count(seconds), 0),
        count(*) FILTER (WHERE seconds < 86400) / nullif(count(seconds), 0),
        [count(*) FILTER (WHERE seconds < 3600),
         count(*) FILTER (WHERE seconds >= 3600 AND seconds < 14400),
         count(*) FILTER (WHERE seconds >= 14400 AND seconds < 28800),
         count(*) FILTER (WHERE seconds >= 28800 AND seconds < 86400),
         count(*) FILTER (WHERE seconds >= 86400)]
    FROM timed
"""
_TREND = """
    SELECT date_trunc('{step}', day)::date, count({seconds}), median({seconds}), quantile_cont({seconds}, 0.9)
    FROM temp.report_turns WHERE day BETWEEN $first AND $last GROUP BY ALL HAVING count({seconds}) > 0 ORDER BY 1
"""
# The first response closes the first turn, as `metrics.first_response_times` has it.
_TURNS = """
    CREATE OR REPLACE TEMP TABLE report_turns AS
    SELECT day, conversation_slug, opened_at, replied_at, sender_key, sender_name, sender_email, origin, origin_name,
        category_slug, category_name, seconds, previous_response_at IS NULL AS is_first_response,
        if(previous_response_at IS NULL AND is_first, seconds, NULL) AS first_seconds
    FROM metrics.reply_turns WHERE day BETWEEN $first AND $last
"""
_OF_ALL = {"seconds": "seconds", "rows": "true"}
_OF_FIRST = {"seconds": "first_seconds", "rows": "is_first_response"}


@dataclass(frozen=True, slots=True)
class Speed:
    """Closed turns, or the first ones alone; times in seconds, None without. ``unknown`` ones opened nobody knows when.

    ``buckets`` are the turns by how long they took, as `BUCKETS` names them.
    """

    turns: int
    unknown: int
    median: float | None
    p90: float | None
    under_1h: float | None
    under_1d: float | None
    buckets: tuple[int, ...]


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
    fetch(connection, _TURNS, first=first, last=last)
    try:
        yield
    finally:
        connection.execute(f"DROP TABLE {TURNS}")


def read_speed(connection: duckdb.DuckDBPyConnection, period: Period, *, first: bool = False) -> Speed:
    """Of all replies, or of first responses. Needs `turns_at_hand`. Raises `NotComputed`."""
    sql = _STATISTICS.format(**(_OF_FIRST if first else _OF_ALL))
    turns, unknown, median, p90, hour, day, buckets = fetch(connection, sql, **period.bounds)[0]
    return Speed(turns, unknown, median, p90, hour, day, tuple(buckets))


def read_trend(connection: duckdb.DuckDBPyConnection, period: Period, *, first: bool = False) -> tuple[TrendPoint, ...]:
    """Of all replies, or of first responses. Needs `turns_at_hand`. Raises `NotComputed`."""
    sql = _TREND.format(step=period.step, **(_OF_FIRST if first else _OF_ALL))
    return tuple(TrendPoint(*row) for row in fetch(connection, sql, **period.bounds))

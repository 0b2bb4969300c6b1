"""Whole weeks and months beside each other, up to the period's end: medians are over all replies of each.

The same as `metrics.period_summary`, which is over everything stored; here over so many days as are shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from reamaze_pipeline.report.numbers.metric_query import fetch
from reamaze_pipeline.report.numbers.period import Period

WEEKS, MONTHS = 6, 3

_SPANS = """
    WITH spans AS (
        SELECT unnest($starts::date[]) AS first_day, unnest($ends::date[]) AS last_day
    ), volume AS (
        SELECT first_day, last_day, count(day) AS days, sum(messages_received)::bigint AS received,
            sum(response_count)::bigint AS responses
        FROM spans JOIN intermediate.stored_days ON day BETWEEN first_day AND last_day GROUP BY ALL
    ), timed AS (
        SELECT first_day, median(seconds) AS median, quantile_cont(seconds, 0.9) AS p90,
            median(first_seconds) AS first_median
        FROM spans JOIN temp.report_turns ON day BETWEEN first_day AND last_day GROUP BY ALL
    )
    SELECT volume.*, median, p90, first_median FROM volume LEFT JOIN timed ON timed.first_day = volume.first_day
    ORDER BY volume.first_day DESC
"""


@dataclass(frozen=True, slots=True)
class Span:
    """One ISO week or calendar month; ``days`` of it are stored. Times in seconds."""

    first: date
    last: date
    days: int
    received: int
    responses: int
    median: float | None
    p90: float | None
    first_median: float | None

    @property
    def missing(self) -> int:
        """Days of it that are not stored."""
        return (self.last - self.first).days + 1 - self.days


@dataclass(frozen=True, slots=True)
class Spans:
    """Newest first; only those of which something is stored."""

    weeks: tuple[Span, ...]
    months: tuple[Span, ...]


def first_day_shown(last: date) -> date:
    """The first day of what `read_spans` tells of a period that ends on ``last``."""
    return min(_weeks(last)[-1][0], _months(last)[-1][0])


def read_spans(connection: duckdb.DuckDBPyConnection, period: Period) -> Spans:
    """Needs `speed.turns_at_hand` from `first_day_shown` on. Raises `NotComputed`."""
    return Spans(_read(connection, _weeks(period.last)), _read(connection, _months(period.last)))


def _read(connection: duckdb.DuckDBPyConnection, spans: list[tuple[date, date]]) -> tuple[Span, ...]:
    starts, ends = zip(*spans, strict=True)
    return tuple(Span(*row) for row in fetch(connection, _SPANS, starts=list(starts), ends=list(ends)))


def _weeks(last: date) -> list[tuple[date, date]]:
    """Newest first; the newest holds ``last``."""
    monday = last - timedelta(last.weekday())
    return [(monday - timedelta(7 * n), monday - timedelta(7 * n - 6)) for n in range(WEEKS)]


def _months(last: date) -> list[tuple[date, date]]:
    found = []
    following = (last.replace(day=1) + timedelta(32)).replace(day=1)
    for _ in range(MONTHS):
        end = following - timedelta(1)
        following = end.replace(day=1)
        found.append((following, end))
    return found

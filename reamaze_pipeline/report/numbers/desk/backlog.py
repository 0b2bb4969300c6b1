"""The pile: how many conversations waited when days of the period ended, how old they were, what came and went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb

from reamaze_pipeline.report.numbers.metric_query import fetch
from reamaze_pipeline.report.numbers.period import Period

MOST_POINTS = 31
"""More would be a blur in the chart: a longer period is told by the last day of each part."""
AGES = ("under 1 day", "1 to 3 days", "3 to 7 days", "a week or longer")

_BACKLOG = """
    SELECT day, waiting_count, waiting_under_1d, waiting_1_3d, waiting_3_7d, waiting_7d_plus, unknown_age_count,
        added_count, answered_count
    FROM metrics.backlog_daily WHERE day BETWEEN $first AND $last AND list_contains($days, day) ORDER BY day
"""


@dataclass(frozen=True, slots=True)
class BacklogDay:
    """What waited when ``day`` ended, by age as `AGES` names them; ``added`` and ``answered`` are of the day alone."""

    day: date
    waiting: int
    ages: tuple[int, ...]
    unknown_age: int
    added: int | None
    answered: int | None


def read_backlog(connection: duckdb.DuckDBPyConnection, period: Period) -> tuple[BacklogDay, ...]:
    """Oldest first, at most `MOST_POINTS` days, the last stored one among them. Raises `NotComputed`."""
    stored = sorted(period.stored)
    every = -(-len(stored) // MOST_POINTS)
    days = stored[::-1][::every][::-1]
    rows = fetch(connection, _BACKLOG, first=period.first, last=period.last, days=days) if days else []
    return tuple(BacklogDay(row[0], row[1], tuple(row[2:6]), *row[6:]) for row in rows)

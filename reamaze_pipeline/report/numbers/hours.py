"""When customers write: messages by weekday and hour, on average per week of the period.

The same formula as `metrics.busiest_hours`, which is over everything stored; here over the period.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from reamaze_pipeline.report.numbers.metric_query import fetch
from reamaze_pipeline.report.numbers.period import Period

_WEEKS = """
    SELECT isodow(day)::integer, count(*) FROM intermediate.stored_days
    WHERE day BETWEEN $first AND $last GROUP BY ALL
"""
_RECEIVED = """
    SELECT isodow(day)::integer, hour, sum(messages_received)::bigint FROM intermediate.hourly_volume
    WHERE day BETWEEN $first AND $last GROUP BY ALL
"""


@dataclass(frozen=True, slots=True)
class Hours:
    """``per_week[weekday, hour]``: 1 = Monday, hours 0 to 23 in the reporting zone.

    None where no such weekday is stored.
    """

    per_week: dict[tuple[int, int], float | None]

    @property
    def highest(self) -> float:
        return max((value for value in self.per_week.values() if value is not None), default=0.0)

    @property
    def busiest(self) -> tuple[int, int]:
        """Weekday and hour of the highest value, the earliest of equals."""
        return min(self.per_week, key=lambda place: (-(self.per_week[place] or 0), place))


def read_hours(connection: duckdb.DuckDBPyConnection, period: Period) -> Hours:
    """Raises `NotComputed`."""
    weeks: dict[int, int] = dict(fetch(connection, _WEEKS, **period.bounds))
    received = {(weekday, hour): number for weekday, hour, number in fetch(connection, _RECEIVED, **period.bounds)}
    return Hours(
        {
            (weekday, hour): received.get((weekday, hour), 0) / weeks[weekday] if weekday in weeks else None
            for weekday in range(1, 8)
            for hour in range(24)
        }
    )

"""The days a run is about, as SQL: a predicate whose values are parameters, never text.

Consecutive days become one half-open range, so DuckDB can skip what lies outside by its zone maps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Some days. ``predicate(column)`` is true for their rows; ``parameters`` holds the values it names."""

    ranges: tuple[tuple[date, date], ...]
    parameters: Mapping[str, date] = field(default_factory=dict)

    @classmethod
    def of(cls, days: Iterable[date]) -> Window:
        """The window of the given days, in any order; no day at all gives a window that holds no row."""
        ranges: list[tuple[date, date]] = []
        for day in sorted(set(days)):
            if ranges and ranges[-1][1] == day:
                ranges[-1] = (ranges[-1][0], day + _DAY)
            else:
                ranges.append((day, day + _DAY))
        parameters: dict[str, date] = {}
        for n, (start, end) in enumerate(ranges):
            parameters |= {f"window_start_{n}": start, f"window_end_{n}": end}
        return cls(tuple(ranges), parameters)

    def predicate(self, column: str) -> str:
        """SQL over ``column`` (already quoted), a DATE or a TIMESTAMP in UTC."""
        terms = [f"{column} >= $window_start_{n} AND {column} < $window_end_{n}" for n in range(len(self.ranges))]
        return "(" + (" OR ".join(terms) or "false") + ")"

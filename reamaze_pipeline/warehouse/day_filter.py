"""The days a run is about, as SQL: a predicate whose values are parameters, never text.

Consecutive days become one half-open range, so DuckDB can skip what lies outside by its zone maps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import ceil

from reamaze_pipeline.warehouse.table import Select, Table

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DayFilter:
    """Some days. ``predicate(column)`` is true for their rows; ``parameters`` holds the values it names."""

    ranges: tuple[tuple[date, date], ...]
    parameters: Mapping[str, date] = field(default_factory=dict)

    @classmethod
    def of(cls, days: Iterable[date]) -> DayFilter:
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

    @classmethod
    def spanning(cls, days: Sequence[date]) -> DayFilter:
        """One range from the first of the days to the last, those between included."""
        if not days:
            return cls.of(())
        start, end = min(days), max(days) + _DAY
        return cls(((start, end),), {"window_start_0": start, "window_end_0": end})


@dataclass(frozen=True, slots=True)
class DailyInput:
    """A table that a select reads by day, and how many of its rows are worth computing at once."""

    table: Table
    rows_per_batch: int


@dataclass(frozen=True, slots=True)
class DailySelect(Select):
    """A select over days that can be computed a few days at a time, so that memory does not grow with the range.

    As it stands it covers every day from the first of ``days`` to the last.
    """

    days: tuple[date, ...] = ()
    inputs: tuple[DailyInput, ...] = ()

    def batches(self, row_counts: Mapping[Table, Mapping[date | None, int]], workers: int = 1) -> Iterator[Select]:
        """Selects that together cover exactly ``days``, as even as days allow, and equally many for all ``workers``.

        ``row_counts`` says how many rows each input has a day.
        """
        weights = [sum(row_counts[i.table].get(day, 0) / i.rows_per_batch for i in self.inputs) for day in self.days]
        number = max(1, ceil(round(sum(weights), 6)))
        if number > 1:
            number = ceil(number / workers) * workers
        each = sum(weights) / number or 1
        batch: list[date] = []
        place, before = 0, 0.0
        for day, weight in zip(self.days, weights, strict=True):
            found = min(number - 1, int((before + weight / 2) / each))
            if batch and (day - batch[-1] != _DAY or found != place):
                yield self._over(batch)
                batch = []
            batch.append(day)
            place, before = found, before + weight
        if batch:
            yield self._over(batch)

    def _over(self, days: Sequence[date]) -> Select:
        return Select(self.sql, DayFilter.spanning(days).parameters)

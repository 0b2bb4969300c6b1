"""The days a report is about, the days it is compared with, and how finely its charts divide them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from reamaze_pipeline.errors import NotComputed, PeriodRefused
from reamaze_pipeline.report.numbers.metric_query import fetch
from reamaze_pipeline.report.words import MONTHS, day_range, long_day, short_day

DEFAULT_DAYS = 30
MOST_DAYS_BY_DAY = 92
MOST_DAYS_BY_WEEK = 730
MOST_DAYS = 3_660
EARLIEST = date(1990, 1, 1)


@dataclass(frozen=True, slots=True)
class Period:
    """All days from ``first`` to ``last``, both included. ``stored`` are those whose metrics are computed."""

    first: date
    last: date
    stored: frozenset[date]

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(n) for n in range((self.last - self.first).days + 1)]

    @property
    def missing(self) -> list[date]:
        return [day for day in self.days if day not in self.stored]

    @property
    def complete(self) -> bool:
        return not self.missing

    @property
    def bounds(self) -> dict[str, date]:
        """The parameters of a query over the period."""
        return {"first": self.first, "last": self.last}

    @property
    def step(self) -> str:
        """What one step of a chart's time axis is: ``day``, ``week`` (from Monday) or ``month``."""
        length = (self.last - self.first).days + 1
        if length <= MOST_DAYS_BY_DAY:
            return "day"
        return "week" if length <= MOST_DAYS_BY_WEEK else "month"

    def step_of(self, day: date) -> date:
        """The first day of the step that holds the day; the same as ``date_trunc`` gives."""
        if self.step == "week":
            return day - timedelta(day.weekday())
        return day.replace(day=1) if self.step == "month" else day

    @property
    def steps(self) -> list[date]:
        return sorted({self.step_of(day) for day in self.days})

    @property
    def missing_steps(self) -> list[date]:
        """Steps of which no day is stored."""
        return sorted(set(self.steps) - {self.step_of(day) for day in self.stored})

    def step_label(self, step: date) -> str:
        """As short as an axis wants it."""
        return f"{MONTHS[step.month - 1][:3]} {step.year}" if self.step == "month" else short_day(step)

    def step_name(self, step: date) -> str:
        """As a sentence wants it."""
        if self.step == "month":
            return f"{MONTHS[step.month - 1]} {step.year}"
        return f"Week of {short_day(step)} {step.year}" if self.step == "week" else long_day(step)

    def __str__(self) -> str:
        return day_range(self.first, self.last)


def choose_period(connection: duckdb.DuckDBPyConnection, first: date | None, last: date | None) -> Period | None:
    """The days asked for; what was left open is filled from the stored days, 30 of them at most.

    None if nothing is stored and no days were named. Raises `PeriodRefused` if the first comes after the last, or
    if they are too far apart.
    """
    try:
        stored = [day for (day,) in fetch(connection, "SELECT day FROM intermediate.stored_days ORDER BY day")]
    except NotComputed:
        stored = []
    known = [day for day in stored if last is None or day <= last]
    end = last or (known[-1] if known else first)
    if end is None:
        return None
    begin = first or max(known[-DEFAULT_DAYS:][0] if known else end, end - timedelta(MOST_DAYS - 1))
    if begin > end:
        if last is None:
            msg = f"No day from {begin} on is stored; the last stored day is {end}."
        else:
            msg = f"The first day, {begin}, is after the last, {end}; swap them."
        raise PeriodRefused(msg)
    if begin < EARLIEST or (end - begin).days >= MOST_DAYS:
        msg = f"A report spans at most {MOST_DAYS:,} days, from {EARLIEST} on; name a shorter period."
        raise PeriodRefused(msg)
    return _between(begin, end, stored)


def period_before(connection: duckdb.DuckDBPyConnection, period: Period) -> Period:
    """The period of equal length that ends where this one begins."""
    stored = [day for (day,) in fetch(connection, "SELECT day FROM intermediate.stored_days")]
    length = timedelta(len(period.days))
    return _between(period.first - length, period.first - timedelta(1), stored)


def _between(first: date, last: date, stored: list[date]) -> Period:
    return Period(first, last, frozenset(day for day in stored if first <= day <= last))

"""Who wrote: customers never seen before, those who were, and those who came again within a week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb

from reamaze_pipeline.report.numbers.metric_query import fetch
from reamaze_pipeline.report.numbers.period import Period

_BY_STEP = """
    SELECT date_trunc('{step}', day)::date, sum(new_customer_count)::bigint, sum(returning_customer_count)::bigint,
        sum(repeat_contact_count)::bigint, min(known_since)
    FROM metrics.customers_daily WHERE day BETWEEN $first AND $last GROUP BY ALL ORDER BY 1
"""
_ALL = """
    SELECT count(DISTINCT customer_key) FROM intermediate.customer_days WHERE day BETWEEN $first AND $last
"""


@dataclass(frozen=True, slots=True)
class CustomerStep:
    """One step of the time axis: customers of its days added up, so one who wrote on two days counts twice."""

    step: date
    new: int
    returning: int
    repeats: int


@dataclass(frozen=True, slots=True)
class Customers:
    """``total`` are distinct over the period, ``new`` of them were on no earlier stored day.

    ``repeats`` are contacts within a week of an earlier conversation; ``known_since`` is the first day that is known.
    """

    total: int
    new: int
    repeats: int
    known_since: date | None
    steps: tuple[CustomerStep, ...]

    @property
    def returning(self) -> int:
        return self.total - self.new


def read_customers(connection: duckdb.DuckDBPyConnection, period: Period) -> Customers:
    """Raises `NotComputed`."""
    rows = fetch(connection, _BY_STEP.format(step=period.step), **period.bounds)
    total = int(fetch(connection, _ALL, **period.bounds)[0][0])
    steps = tuple(CustomerStep(*row[:4]) for row in rows)
    known = min((row[4] for row in rows), default=None)
    return Customers(total, sum(step.new for step in steps), sum(step.repeats for step in steps), known, steps)

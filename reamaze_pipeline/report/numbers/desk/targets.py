"""What the team means to keep, and how much of it was kept: by target, sender and inbox, and what was missed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from reamaze_pipeline.report.numbers.behind import Reply, replies_of
from reamaze_pipeline.report.numbers.metric_query import Row, fetch
from reamaze_pipeline.report.numbers.period import Period
from reamaze_pipeline.report.words import clean

SHOWN = 25
GROUPS_SHOWN = 12

_SUMS = """
    SELECT target_name, any_value(measure), any_value(limit_seconds), any_value(is_business),
        count(is_met) FILTER (WHERE day >= $first), count(*) FILTER (WHERE is_met AND day >= $first),
        count(*) FILTER (WHERE is_met IS NULL AND day >= $first),
        count(*) FILTER (WHERE is_met AND day < $first) / nullif(count(is_met) FILTER (WHERE day < $first), 0)
    FROM temp.report_targets GROUP BY target_name ORDER BY target_name
"""
_BY = """
    SELECT arg_max({name}, replied_at), count(is_met), count(*) FILTER (WHERE is_met), count(*) OVER ()
    FROM temp.report_targets WHERE target_name = $target AND day >= $first
    GROUP BY {key} HAVING count(is_met) > 0
    ORDER BY count(*) FILTER (WHERE NOT is_met) DESC, 1 LIMIT $shown
"""
_MISSED = """
    SELECT conversation_slug, coalesce(sender_name, sender_email), origin_name, coalesce(category_name, category_slug),
        opened_at, replied_at, seconds
    FROM temp.report_targets WHERE target_name = $target AND day >= $first AND NOT is_met
    ORDER BY seconds DESC, replied_at, conversation_slug LIMIT $shown
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """How much a sender or an inbox kept of one target."""

    name: str
    measured: int
    met: int

    @property
    def share(self) -> float:
        """0 to 1."""
        return self.met / self.measured


@dataclass(frozen=True, slots=True)
class KeptBy:
    """Senders or inboxes, those that missed most first; ``more`` are not named."""

    named: tuple[Kept, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Target:
    """One target over the period; ``before`` is the share met in the period before, ``missed`` the slowest that were.

    ``unknown`` are replies whose time is not known. Times in seconds, those of the schedule if ``is_business``.
    """

    name: str
    measure: str
    limit: float
    is_business: bool
    measured: int
    met: int
    unknown: int
    before: float | None
    senders: KeptBy
    inboxes: KeptBy
    missed: tuple[Reply, ...]

    @property
    def share(self) -> float | None:
        """0 to 1; None without a reply to measure."""
        return self.met / self.measured if self.measured else None

    @property
    def missed_count(self) -> int:
        return self.measured - self.met


def read_targets(connection: duckdb.DuckDBPyConnection, period: Period, before: Period) -> tuple[Target, ...]:
    """None were set, or nothing was measured by them, if it is empty. Raises `NotComputed`."""
    with _results_at_hand(connection, period, before):
        found = fetch(connection, _SUMS, first=period.first)
        return tuple(_target(connection, period, before, row) for row in found)


def _target(connection: duckdb.DuckDBPyConnection, period: Period, before: Period, row: Row) -> Target:
    name, measure, limit, is_business, measured, met, unknown, share_before = row
    return Target(
        name=clean(name, longest=80),
        measure=measure,
        limit=limit,
        is_business=is_business,
        measured=measured,
        met=met,
        unknown=unknown,
        before=share_before if before.complete and period.complete else None,
        senders=_kept(connection, period, name, "sender_key", "coalesce(sender_name, sender_email)"),
        inboxes=_kept(connection, period, name, "category_slug", "coalesce(category_name, category_slug)"),
        missed=replies_of(fetch(connection, _MISSED, target=name, first=period.first, shown=SHOWN)),
    )


def _kept(connection: duckdb.DuckDBPyConnection, period: Period, target: str, key: str, name: str) -> KeptBy:
    rows = fetch(connection, _BY.format(key=key, name=name), target=target, first=period.first, shown=GROUPS_SHOWN)
    named = tuple(Kept(clean(label, "No name", 60), measured, met) for label, measured, met, _ in rows)
    return KeptBy(named, rows[0][3] - len(named) if rows else 0)


@contextmanager
def _results_at_hand(connection: duckdb.DuckDBPyConnection, period: Period, before: Period) -> Iterator[None]:
    fetch(
        connection,
        "CREATE OR REPLACE TEMP TABLE report_targets AS SELECT * FROM metrics.target_results"
        " WHERE day BETWEEN $first AND $last",
        first=before.first,
        last=period.last,
    )
    try:
        yield
    finally:
        connection.execute("DROP TABLE temp.report_targets")

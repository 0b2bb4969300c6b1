"""Everything a report says, read from the warehouse in one go, so that the file is held for as short as can be.

A part whose metrics are not stored is None; the page says so. How anything looks does not belong here.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import duckdb

from reamaze_pipeline.errors import NotComputed
from reamaze_pipeline.report.numbers.hours import Hours, read_hours
from reamaze_pipeline.report.numbers.period import Period, choose_period, period_before
from reamaze_pipeline.report.numbers.senders import Sender, read_senders
from reamaze_pipeline.report.numbers.speed import Speed, TrendPoint, read_speed, read_trend, turns_at_hand
from reamaze_pipeline.report.numbers.stored import State, read_state
from reamaze_pipeline.report.numbers.volume import Totals, Volume, read_totals, read_volume
from reamaze_pipeline.report.numbers.waiting import Waiting, count_waiting, read_waiting

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Before:
    """The period of equal length before, or as much of it as is stored.

    Sums are told only if both periods are stored in full, because a hole would pass for a quiet day.
    """

    period: Period
    totals: Totals | None
    speed: Speed | None
    waiting: int | None


@dataclass(frozen=True, slots=True)
class Facts:
    """Of one period, which has at least one stored day."""

    period: Period
    before: Before
    totals: Totals | None
    volume: Volume | None
    speed: Speed | None
    trend: tuple[TrendPoint, ...] | None
    senders: tuple[Sender, ...] | None
    hours: Hours | None
    waiting: Waiting | None
    state: State


def read_facts(connection: duckdb.DuckDBPyConnection, first: date | None, last: date | None) -> Facts | Period | None:
    """Facts of the days asked for; only the period if none of it is stored; None if nothing is stored at all.

    Raises `PeriodRefused`.
    """
    period = choose_period(connection, first, last)
    if period is None or not period.stored:
        return period
    before = period_before(connection, period)
    comparable = period.complete and before.complete
    with ExitStack() as stack:
        _told(lambda: stack.enter_context(turns_at_hand(connection, before.first, period.last)))
        last_day = max(period.stored)
        return Facts(
            period=period,
            before=Before(
                before,
                totals=_told(lambda: read_totals(connection, before)) if comparable else None,
                speed=_told(lambda: read_speed(connection, before)) if comparable else None,
                waiting=_told(lambda: count_waiting(connection, before.last)) if comparable else None,
            ),
            totals=_told(lambda: read_totals(connection, period)),
            volume=_told(lambda: read_volume(connection, period)),
            speed=_told(lambda: read_speed(connection, period)),
            trend=_told(lambda: read_trend(connection, period)),
            senders=_told(lambda: read_senders(connection, period)),
            hours=_told(lambda: read_hours(connection, period)),
            waiting=_told(lambda: read_waiting(connection, last_day)),
            state=read_state(connection, period),
        )


def _told(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except NotComputed:
        return None

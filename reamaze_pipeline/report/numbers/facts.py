"""Everything a report says, read from the warehouse in one go, so that the file is held for as short as can be.

A part whose metrics are not stored is None; the page says so. How anything looks does not belong here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import duckdb

from reamaze_pipeline.errors import NotComputed
from reamaze_pipeline.report.numbers.behind import About, Reply, Threads, read_about, read_slowest, read_threads
from reamaze_pipeline.report.numbers.desk.backlog import BacklogDay, read_backlog
from reamaze_pipeline.report.numbers.desk.calendar import Spans, first_day_shown, read_spans
from reamaze_pipeline.report.numbers.desk.customers import Customers, read_customers
from reamaze_pipeline.report.numbers.desk.groups import Group, read_channels, read_inboxes
from reamaze_pipeline.report.numbers.desk.lists import Lists, read_lists
from reamaze_pipeline.report.numbers.desk.targets import Target, read_targets
from reamaze_pipeline.report.numbers.hours import Hours, read_hours
from reamaze_pipeline.report.numbers.period import Period, choose_period, period_before
from reamaze_pipeline.report.numbers.senders import Sender, read_senders
from reamaze_pipeline.report.numbers.speed import Speed, TrendPoint, read_speed, read_trend, turns_at_hand
from reamaze_pipeline.report.numbers.stored import State, read_state
from reamaze_pipeline.report.numbers.volume import Totals, Volume, read_totals, read_volume
from reamaze_pipeline.report.numbers.waiting import Waiting, count_waiting, read_waiting

T = TypeVar("T")
MOST_ROWS = 100
"""Senders, channels and inboxes that a page names."""


@dataclass(frozen=True, slots=True)
class Before:
    """The period of equal length before, or as much of it as is stored.

    Sums are told only if both periods are stored in full, because a hole would pass for a quiet day.
    """

    period: Period
    totals: Totals | None
    speed: Speed | None
    first: Speed | None
    waiting: int | None


@dataclass(frozen=True, slots=True)
class Desk:
    """What a desk is led by beside its replies."""

    channels: tuple[Group, ...] | None
    inboxes: tuple[Group, ...] | None
    targets: tuple[Target, ...] | None
    customers: Customers | None
    backlog: tuple[BacklogDay, ...] | None
    spans: Spans | None


@dataclass(frozen=True, slots=True)
class Behind:
    """The conversations behind the numbers; ``about`` is what all that are named on the page are about."""

    slowest: tuple[Reply, ...] | None
    slowest_first: tuple[Reply, ...] | None
    threads: Threads | None
    lists: Lists | None
    about: Mapping[str, About]


@dataclass(frozen=True, slots=True)
class Facts:
    """Of one period, which has at least one stored day."""

    period: Period
    before: Before
    totals: Totals | None
    volume: Volume | None
    speed: Speed | None
    first: Speed | None
    trend: tuple[TrendPoint, ...] | None
    first_trend: tuple[TrendPoint, ...] | None
    senders: tuple[Sender, ...] | None
    hours: Hours | None
    waiting: Waiting | None
    desk: Desk
    behind: Behind
    state: State


def read_facts(
    connection: duckdb.DuckDBPyConnection, first: date | None, last: date | None, links: str | None = None
) -> Facts | Period | None:
    """Facts of the days asked for; only the period if none of it is stored; None if nothing is stored at all.

    In ``links``, `{slug}` stands for a conversation.

    Raises `PeriodRefused`.
    """
    period = choose_period(connection, first, last)
    if period is None or not period.stored:
        return period
    before = period_before(connection, period)
    comparable = period.complete and before.complete
    with ExitStack() as stack:
        at_hand = min(before.first, first_day_shown(period.last))
        _told(lambda: stack.enter_context(turns_at_hand(connection, at_hand, period.last)))
        waiting = _told(lambda: read_waiting(connection, max(period.stored)))
        desk = _desk(connection, period, before)
        senders = _told(lambda: read_senders(connection, period))
        return Facts(
            period=period,
            before=Before(
                before,
                totals=_told(lambda: read_totals(connection, before)) if comparable else None,
                speed=_told(lambda: read_speed(connection, before)) if comparable else None,
                first=_told(lambda: read_speed(connection, before, first=True)) if comparable else None,
                waiting=_told(lambda: count_waiting(connection, before.last)) if comparable else None,
            ),
            totals=_told(lambda: read_totals(connection, period)),
            volume=_told(lambda: read_volume(connection, period)),
            speed=_told(lambda: read_speed(connection, period)),
            first=_told(lambda: read_speed(connection, period, first=True)),
            trend=_told(lambda: read_trend(connection, period)),
            first_trend=_told(lambda: read_trend(connection, period, first=True)),
            senders=senders,
            hours=_told(lambda: read_hours(connection, period)),
            waiting=waiting,
            desk=desk,
            behind=_behind(connection, period, waiting, desk, senders or (), links),
            state=read_state(connection, period),
        )


def _desk(connection: duckdb.DuckDBPyConnection, period: Period, before: Period) -> Desk:
    return Desk(
        channels=_told(lambda: read_channels(connection, period)),
        inboxes=_told(lambda: read_inboxes(connection, period)),
        targets=_told(lambda: read_targets(connection, period, before)),
        customers=_told(lambda: read_customers(connection, period)),
        backlog=_told(lambda: read_backlog(connection, period)),
        spans=_told(lambda: read_spans(connection, period)),
    )


def _behind(
    connection: duckdb.DuckDBPyConnection,
    period: Period,
    waiting: Waiting | None,
    desk: Desk,
    senders: Sequence[Sender],
    links: str | None,
) -> Behind:
    slowest = _told(lambda: read_slowest(connection, period))
    slowest_first = _told(lambda: read_slowest(connection, period, first=True))
    threads = _told(lambda: read_threads(connection, period))
    keys = [[one.key for one in found[:MOST_ROWS]] for found in (senders, desk.channels or (), desk.inboxes or ())]
    lists = _told(lambda: read_lists(connection, period, *keys))
    missed = [reply for target in desk.targets or () for reply in target.missed]
    named = [conversation for group in (waiting.groups if waiting else ()) for conversation in group.named]
    slugs = [reply.slug for reply in (*(slowest or ()), *(slowest_first or ()), *missed)]
    slugs += [conversation.slug for conversation in named] + [one.slug for one in (threads.most if threads else ())]
    slugs += lists.slugs if lists else []
    return Behind(slowest, slowest_first, threads, lists, read_about(connection, slugs, links))


def _told(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except NotComputed:
        return None

"""The weekly schedule laid out on real days, by watching the clock on its wall minute by minute."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from tests.metrics.reference.message import DAY

MINUTE = dt.timedelta(minutes=1)


@dataclass(frozen=True)
class Shift:
    """Open from one instant to another, both naive UTC, after so many seconds of earlier shifts."""

    opens_at: dt.datetime
    closes_at: dt.datetime
    seconds_before: float


def shifts(schedule: Mapping[str, Any] | None, first: dt.date, last: dt.date) -> list[Shift]:
    """Every shift of the days from first to last in the schedule's zone; a minute belongs to one shift alone."""
    if schedule is None:
        return []
    shown = _shown(ZoneInfo(schedule["timezone"]), first, last)
    days = [first + n * DAY for n in range((last - first).days + 1)]
    planned = sorted(
        (shown[_wall(day, shift["opens"])], shown[_wall(day, shift["closes"])])
        for day in days
        for shift in schedule["week"]
        if shift["weekday"] == day.isoweekday() and str(day) not in schedule["holidays"]
    )
    laid_out: list[Shift] = []
    taken: set[dt.datetime] = set()
    for opens_at, closes_at in planned:
        minutes = [m for m in _minutes(opens_at, closes_at) if m not in taken]
        if minutes:
            laid_out.append(Shift(minutes[0], minutes[-1] + MINUTE, len(taken) * 60.0))
            taken.update(minutes)
    return laid_out


def open_seconds(open_shifts: Sequence[Shift], start: dt.datetime, end: dt.datetime) -> float:
    """The seconds from start to end that lie inside a shift; negative if the end comes first."""
    if end < start:
        return -open_seconds(open_shifts, end, start)
    spans = (min(shift.closes_at, end) - max(shift.opens_at, start) for shift in open_shifts)
    return sum(max(0.0, span.total_seconds()) for span in spans)


@cache
def _shown(zone: ZoneInfo, first: dt.date, last: dt.date) -> dict[dt.datetime, dt.datetime]:
    """When the clock first shows each minute; of the minutes it leaps over, each as long after the leap as it is in."""
    instant = _wall(first, 0) - DAY
    until = _wall(last, 0) + 3 * DAY
    shown: dict[dt.datetime, dt.datetime] = {}
    due = _local(instant, zone)
    while instant < until:
        wall = _local(instant, zone)
        for n, leapt in enumerate(_minutes(due, wall)):
            shown.setdefault(leapt, instant + n * MINUTE)
        shown.setdefault(wall, instant)
        due = wall + MINUTE
        instant += MINUTE
    return shown


def _local(instant: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    return instant.replace(tzinfo=dt.UTC).astimezone(zone).replace(tzinfo=None)


def _wall(day: dt.date, minutes: int) -> dt.datetime:
    return dt.datetime.combine(day, dt.time()) + minutes * MINUTE


def _minutes(start: dt.datetime, end: dt.datetime) -> list[dt.datetime]:
    return [start + n * MINUTE for n in range((end - start) // MINUTE)]

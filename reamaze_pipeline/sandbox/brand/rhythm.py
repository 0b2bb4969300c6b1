"""When a helpdesk is awake: clocks that run fast in busy hours and stand still while the office is closed.

A clock maps seconds since the start of the history to busy hours and back. Adding busy hours to an instant
yields plausible reply times (quick on weekdays, slow at night) and can never land in a closed stretch.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from reamaze_pipeline.sandbox.options import microseconds

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CUSTOMER_HOURS = (
    3, 2, 1, 1, 1, 2, 4, 7, 11, 14, 15, 15, 14, 14, 14, 13, 12, 11, 11, 12, 12, 10, 8, 5
)  # fmt: skip
STAFF_HOURS = (
    0.1,
    0.1,
    0.1,
    0.1,
    0.1,
    0.2,
    1,
    4,
    12,
    15,
    15,
    15,
    12,
    14,
    15,
    15,
    14,
    9,
    4,
    2,
    1,
    1,
    0.5,
    0.2,
)
CUSTOMER_DAYS = (1.1, 1.05, 1.0, 1.0, 0.9, 0.5, 0.45)
STAFF_DAYS = (1.0, 1.0, 1.0, 1.0, 0.95, 0.12, 0.08)


@dataclass(frozen=True)
class Clock:
    """Busy hours gone by (`busy`) at seconds since the start (`seconds`), piecewise linear."""

    seconds: Floats
    busy: Floats

    @property
    def total(self) -> float:
        """Busy hours in the whole history."""
        return float(self.busy[-1])

    def at(self, seconds: Floats) -> Floats:
        """Busy hours gone by at each instant."""
        return np.interp(seconds, self.seconds, self.busy)

    def when(self, busy: Floats) -> Floats:
        """The instant at which each number of busy hours has gone by; the history's end for later ones."""
        return np.interp(busy, self.busy, self.seconds)


@dataclass(frozen=True)
class Rhythm:
    """The calendar of one history: both clocks, the closed stretches, and the midnights that fall into it."""

    begin: datetime
    end: datetime
    customers: Clock
    staff: Clock
    closed: tuple[tuple[datetime, datetime], ...]
    utc_midnights: Ints
    brand_midnights: Ints

    def open_at(self, instants: Ints) -> npt.NDArray[np.bool_]:
        """Which of these instants (microseconds UTC) lie in the history and outside closed stretches."""
        is_open = (instants >= microseconds(self.begin)) & (instants < microseconds(self.end))
        for start, stop in self.closed:
            is_open &= ~((instants >= microseconds(start)) & (instants < microseconds(stop)))
        return is_open


def rhythm(begin: datetime, end: datetime, zone: ZoneInfo) -> Rhythm:
    """The calendar between two aware instants for a brand in `zone`."""
    closed = _closed_stretches(begin, end, zone)
    edges = {begin, end}
    hour = begin.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    while hour < end:
        edges.add(hour)
        hour += timedelta(hours=1)
    for stretch in closed:
        edges.update(edge for edge in stretch if begin < edge < end)
    ordered = sorted(edges)
    seconds = np.array([(edge - begin).total_seconds() for edge in ordered])
    spans = np.diff(seconds) / 3600
    customers, staff = np.zeros(len(spans)), np.zeros(len(spans))
    for index, edge in enumerate(ordered[:-1]):
        local = edge.astimezone(zone)
        customers[index] = CUSTOMER_HOURS[local.hour] * CUSTOMER_DAYS[local.weekday()] / 15
        staff[index] = STAFF_HOURS[local.hour] * STAFF_DAYS[local.weekday()] / 15
    for start, stop in closed:
        first, last = np.searchsorted(seconds, [(edge - begin).total_seconds() for edge in (start, stop)])
        customers[first:last] = staff[first:last] = 0
    days = [begin.astimezone(UTC).date() + timedelta(days=n) for n in range((end - begin).days + 2)]
    return Rhythm(
        begin,
        end,
        Clock(seconds, np.concatenate([[0.0], np.cumsum(customers * spans)])),
        Clock(seconds, np.concatenate([[0.0], np.cumsum(staff * spans)])),
        closed,
        np.array([microseconds(_midnight(day, UTC)) for day in days], dtype=np.int64),
        np.array([microseconds(_midnight(day, zone)) for day in days], dtype=np.int64),
    )


def _closed_stretches(begin: datetime, end: datetime, zone: ZoneInfo) -> tuple[tuple[datetime, datetime], ...]:
    """One Sunday in each four weeks, counted back from the end, closed as a UTC day and as a brand day."""
    closed = []
    last = end.astimezone(UTC).date() - timedelta(days=1)
    for block in range((end - begin).days // 28 + 1):
        day = last - timedelta(days=28 * block + 7)
        sunday = day - timedelta(days=(day.weekday() + 1) % 7 + 7 * (block % 2))
        start = min(_midnight(sunday, UTC), _midnight(sunday, zone))
        stop = max(_midnight(sunday + timedelta(days=1), UTC), _midnight(sunday + timedelta(days=1), zone))
        if begin + timedelta(days=1) < start:
            closed.append((start, stop))
    return tuple(closed)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)

"""What is known of where in time the places of a list are. A guide for guesses, never a proof.

A place is counted from the oldest end (1 = the oldest row), because a place so counted does not move when new
messages arrive in front. What does not belong here: asking for pages.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import sqrt
from typing import NamedTuple

from reamaze_pipeline.crawl.density.curve import Point, share_between
from reamaze_pipeline.crawl.density.office_hours import busy_hours

# Found by simulating histories with day and week rhythm, growth and gaps; they decide speed, never truth.
_BURSTS = 6.0
"""Variance of the number of rows in a stretch of time, for each row expected: replies come in bursts."""
_BENT = 0.3
"""Standard deviation for each row by which a curve through the marks and a straight line disagree."""
_DRIFT = 0.3
"""How much of the rows expected beyond the oldest mark the pace there may differ by."""


class Mark(NamedTuple):
    """The row at `place` was created at `instant`."""

    instant: datetime
    place: int


class Estimate(NamedTuple):
    """How many rows are probably older than a moment; `spread` is the standard deviation of that guess."""

    rows: float
    spread: float


@dataclass
class DensityMap:
    """Marks, rising in both instant and place. A newer mark overrules those it contradicts."""

    marks: list[Mark] = field(default_factory=list)
    utc_offset: timedelta = timedelta(0)
    """What the brand's clock is ahead of UTC."""
    apart: int = 1
    """Rows between two marks from which on the pace between them means something."""

    def note(self, instant: datetime, place: int) -> None:
        """Adds a mark and forgets the neighbours that cannot be true beside it."""
        mark = Mark(instant, place)
        below = above = bisect_left(self.marks, mark)
        while below > 0 and self.marks[below - 1].place >= place:
            below -= 1
        while above < len(self.marks) and self.marks[above].place <= place:
            above += 1
        self.marks[below:above] = [mark]

    def suggest(self, instant: datetime, place: int) -> None:
        """Adds a mark only where it contradicts none."""
        mark = Mark(instant, place)
        at = bisect_left(self.marks, mark)
        if (at == 0 or self.marks[at - 1].place < place) and (at == len(self.marks) or self.marks[at].place > place):
            self.marks.insert(at, mark)

    def newer(self, moment: datetime) -> Mark | None:
        """The oldest mark at or after the moment."""
        at = bisect_left(self.marks, Mark(moment, 0))
        return self.marks[at] if at < len(self.marks) else None

    def older(self, moment: datetime) -> Mark | None:
        """The newest mark before the moment."""
        at = bisect_left(self.marks, Mark(moment, 0))
        return self.marks[at - 1] if at else None

    def rows_before(self, moment: datetime, total: int) -> int | None:
        """How many of the list's `total` rows are probably older than the moment; None without a clue."""
        guess = self.estimate(moment, total)
        return None if guess is None else round(guess.rows)

    def estimate(self, moment: datetime, total: int) -> Estimate | None:
        """The same, and how far that may be wrong."""
        at = bisect_left(self.marks, Mark(moment, 0))
        if 0 < at < len(self.marks):
            rows, spread = self._within(moment, at)
        elif at:
            rows, spread = float(total), 0.0
        elif len(self.marks) > 1 and self.marks[0].instant < self.marks[-1].instant:
            rows, spread = self._beyond(moment)
        else:
            return None
        return Estimate(min(max(rows, 0.0), float(total)), spread)

    def _within(self, moment: datetime, at: int) -> tuple[float, float]:
        """Between the marks `at - 1` and `at`, along a curve through them and their neighbours."""
        older, newer = self.marks[at - 1], self.marks[at]
        before = next((mark for mark in reversed(self.marks[: at - 1]) if older.place - mark.place >= self.apart), None)
        behind = next((mark for mark in self.marks[at + 1 :] if mark.place - newer.place >= self.apart), None)
        start, stop, x = self._point(older), self._point(newer), self._busy(moment)
        straight = share_between(x, start, stop, None, None)
        span = newer.place - older.place
        curved = straight
        if span > 2 * self.apart:
            curved = share_between(x, start, stop, before and self._point(before), behind and self._point(behind))
        variance = _BURSTS * span * straight * (1 - straight) + (_BENT * span * (curved - straight)) ** 2
        return older.place + curved * (span - 1), sqrt(max(0.0, variance))

    def _beyond(self, moment: datetime) -> tuple[float, float]:
        """Before the oldest mark, at the pace of a stretch behind it that is about as long."""
        oldest, far = self.marks[0], self.marks[-1]
        hours = self._busy(oldest.instant) - self._busy(moment)
        worth = max(self.apart, hours * self._pace(oldest, far) / 2)
        near = next(
            (mark for mark in self.marks if mark.place - oldest.place >= worth and mark.instant > oldest.instant), far
        )
        ahead = hours * self._pace(oldest, near)
        spread = sqrt(_BURSTS * ahead) + _DRIFT * ahead * min(1.0, ahead / (far.place - oldest.place))
        return oldest.place - 1 - ahead, spread

    def _pace(self, older: Mark, newer: Mark) -> float:
        """Rows in a busy hour between two marks."""
        start, stop = self._point(older), self._point(newer)
        return (stop.y - start.y) / (stop.x - start.x)

    def _point(self, mark: Mark) -> Point:
        return Point(self._busy(mark.instant), mark.place)

    def _busy(self, moment: datetime) -> float:
        return busy_hours(moment, self.utc_offset)

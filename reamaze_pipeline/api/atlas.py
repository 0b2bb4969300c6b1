"""What is known of where in time the places of a list are. A guide for guesses, never a proof.

A place is counted from the oldest end (1 = the oldest row), because a place so counted does not move when new
messages arrive in front. What does not belong here: asking for pages.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple


class Mark(NamedTuple):
    """The row at `place` was created at `instant`."""

    instant: datetime
    place: int


@dataclass
class Atlas:
    """Marks, rising in both instant and place. A newer mark overrules those it contradicts."""

    marks: list[Mark] = field(default_factory=list)

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
        newer, older = self.newer(moment), self.older(moment)
        if newer is not None and older is not None:
            share = (moment - older.instant) / (newer.instant - older.instant)
            guess = older.place + share * (newer.place - older.place - 1)
        elif newer is not None:
            span = self.marks[-1].instant - newer.instant
            rows = self.marks[-1].place - newer.place
            if span <= timedelta(0) or rows <= 0:
                return None
            guess = newer.place - 1 - (newer.instant - moment) / span * rows
        elif older is not None:
            guess = total
        else:
            return None
        return min(max(round(guess), 0), total)

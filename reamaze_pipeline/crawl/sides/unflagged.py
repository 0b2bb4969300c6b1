"""Rows without a `staff?` flag in a revision that has it: who sent them, told by the two filtered lists.

A row met in a filtered list is of that side, whatever moves: where to look may therefore be guessed. That a row
is in neither must be proven, by a count between moments that no row is near, or by reading. What does not belong
here: lists without any flag (`staff.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from reamaze_pipeline.api.page import Audience, Page
from reamaze_pipeline.crawl.reading.chain import Placed
from reamaze_pipeline.crawl.reading.listing import PADDING, Listing
from reamaze_pipeline.crawl.reading.parts import Part, parts
from reamaze_pipeline.crawl.window import Window

Open = Callable[[Audience, datetime, datetime], Listing]

Unmet = Callable[[Part, list[Placed], Audience, bool, Mapping[int, bool]], list[Placed]]
"""Asks one list for doubtful rows, given the verdicts so far; returns those that it did not meet."""

_SIDES: tuple[tuple[Audience, bool], ...] = (("customer", False), ("staff", True))
_INSTANT = timedelta(microseconds=1)
_GUESSES = 4
"""Looks at where a row probably is before its instant is searched for like the edge of a window."""


@dataclass
class _Tally:
    """How one side's rows in the windows so far are numbered.

    Going back in time, a row's place in its filtered list falls by one with each row of that side: their sum is
    `constant`, and one row met in both lists gives it.
    """

    passed: int = 0
    constant: int | None = None


class UnflaggedRows:
    """Settles the doubtful rows of windows that touch each other, given newest first."""

    def __init__(self, everyone: Listing, open_listing: Open) -> None:
        self._everyone = everyone
        self._open = open_listing
        self._tallies = {audience: _Tally() for audience, _ in _SIDES}

    def settle(self, part: Part) -> dict[int, bool]:
        """Whether each doubtful row is from staff, by the `id` of its place; without those that nothing tells."""
        verdicts: dict[int, bool] = {}
        left = [item for item in part.rows if item.row.is_staff is None]
        if self._everyone.session.dates_ignored:  # meeting a row costs less than to prove that it is not there
            left = self._ask_both(self._guess, part, left, verdicts)
        self._ask_both(self._prove, part, left, verdicts)
        for audience, is_staff in _SIDES:
            sides = (verdicts.get(id(item), item.row.is_staff) for item in part.rows)
            self._tallies[audience].passed += sum(side is is_staff for side in sides)
        return verdicts

    def _ask_both(self, unmet: Unmet, part: Part, doubtful: list[Placed], verdicts: dict[int, bool]) -> list[Placed]:
        """Asks one list, then the other of what is left; notes the verdicts and returns the rows without one."""
        for audience, is_staff in _SIDES:
            if not doubtful:
                break
            left = unmet(part, doubtful, audience, is_staff, verdicts)
            still = {id(item) for item in left}
            verdicts.update({id(item): is_staff for item in doubtful if id(item) not in still})
            doubtful = left
        return doubtful

    def _prove(
        self, part: Part, doubtful: list[Placed], audience: Audience, is_staff: bool, _verdicts: Mapping[int, bool]
    ) -> list[Placed]:
        """The doubtful rows that are certainly not in the filtered list."""
        counted = None
        if not self._everyone.session.dates_ignored:
            counted = self._count(part, doubtful, audience, is_staff)
        return self._read(part, doubtful, audience) if counted is None else counted

    def _count(self, part: Part, doubtful: list[Placed], audience: Audience, is_staff: bool) -> list[Placed] | None:
        """One request for the stretch of time that holds all doubtful rows; None if its answer does not tell."""
        stretch = _stretch(part, doubtful)
        if stretch is None:
            return None
        start, end = stretch
        listing = self._open(audience, start, end)
        page = listing.fetch(1)
        if listing.session.dates_ignored or not listing.session.is_calm:
            return None
        if page.is_last:
            return _not_on(page, doubtful)
        within = [item.row for item in part.rows if start <= item.instant < end]
        flagged = sum(row.is_staff is is_staff for row in within)
        known = self._tallies[audience].passed + sum(item.row.is_staff is is_staff for item in part.rows)
        # Were dates ignored, all that is known would be counted, and a row without a date may be or not.
        if page.total_count >= known or any(row.created_at is None for row in within):
            return None
        left = {flagged + len(doubtful): [], flagged: doubtful}
        return left.get(page.total_count)

    def _guess(
        self, part: Part, doubtful: list[Placed], audience: Audience, is_staff: bool, verdicts: Mapping[int, bool]
    ) -> list[Placed]:
        """Looks where the rows would be; those it does not meet may be anywhere, or nowhere."""
        listing = self._open(audience, part.window.start, part.window.end)
        tally = self._tallies[audience]
        ordinals: dict[int, int] = {}
        of_kind: dict[bytes, int] = {}
        ordinal = tally.passed
        for item in part.rows:
            if verdicts.get(id(item), item.row.is_staff) in {is_staff, None}:
                ordinals[id(item)] = of_kind[item.row.identity] = ordinal
                ordinal += 1
        offsets = {id(item): page.offset + item.row.index for page, placed in part.pages for item in placed}
        share = max(1, len(ordinals)) / max(1, len(offsets))
        left, asked = doubtful, set[int]()
        for _ in range(_GUESSES):
            if tally.constant is not None:
                numbers = {listing.page_at(tally.constant - ordinals[id(item)]) for item in left}
            else:
                numbers = {self._roughly(listing, offsets[id(left[0])], share)}
            numbers = {number for number in numbers - asked if listing.latest is None or number <= listing.page_count}
            for number in sorted(numbers):
                listing.ahead(number, urgent=True)
            for number in sorted(numbers):
                page, _ = listing.take(number)
                asked.add(number)
                listing.keep(page)
                left = _not_on(page, left)
                for row in page.rows:
                    if row.identity in of_kind:
                        tally.constant = page.total_count - page.offset - row.index + of_kind[row.identity]
            if not numbers or not left:
                break
        if asked:  # the next window's rows are on the last of them, or behind
            listing.forget_before(min(asked))
        return left

    def _roughly(self, listing: Listing, offset: int, share: float) -> int:
        """The page that a row so far down the unfiltered list is probably on, by the side's share of it."""
        size = self._everyone.session.page_size or 1
        known = listing.latest
        if known is None or known.newest is None:
            return int(offset * share) // size + 1
        rows = self._everyone.density.rows_before(known.newest, self._everyone.total)
        there = self._everyone.total - (rows or 0)
        return max(0, known.offset + round((offset - there) * share)) // size + 1

    def _read(self, part: Part, doubtful: list[Placed], audience: Audience) -> list[Placed]:
        """Reads the instants in doubt like a window; rows are matched as multisets of what never changes."""
        found: Counter[bytes] = Counter()
        for start, end in _spans([item.instant for item in doubtful], part):
            listing = self._open(audience, start, end)
            listing.drop()  # an absence is proven by pages asked for now
            for narrow in parts(listing, [Window(part.window.key, start, end)]):
                found.update(item.row.identity for item in narrow.rows)
        return _without(found, doubtful)


def _not_on(page: Page, doubtful: Sequence[Placed]) -> list[Placed]:
    return _without(Counter(row.identity for row in page.rows), doubtful)


def _without(found: Counter[bytes], doubtful: Sequence[Placed]) -> list[Placed]:
    left = []
    for item in doubtful:
        if found[item.row.identity] > 0:
            found[item.row.identity] -= 1
        else:
            left.append(item)
    return left


def _stretch(part: Part, doubtful: Sequence[Placed]) -> tuple[datetime, datetime] | None:
    """From a moment before the oldest doubtful row to one after the newest; None without such moments.

    No row is near either, so that a server which rounds, or includes its bounds or not, counts the same rows.
    """
    instants = [part.window.end, *(item.instant for item in part.rows), part.window.start]
    marked = {id(item) for item in doubtful}
    places = [place for place, item in enumerate(part.rows, 1) if id(item) in marked]
    newest, oldest = places[0], places[-1]
    while newest > 0 and instants[newest - 1] - instants[newest] <= 2 * PADDING:
        newest -= 1
    while oldest < len(instants) - 1 and instants[oldest] - instants[oldest + 1] <= 2 * PADDING:
        oldest += 1
    if newest == 0 or oldest == len(instants) - 1:
        return None
    return (
        instants[oldest + 1] + (instants[oldest] - instants[oldest + 1]) / 2,
        instants[newest] + (instants[newest - 1] - instants[newest]) / 2,
    )


def _spans(instants: Sequence[datetime], part: Part) -> list[tuple[datetime, datetime]]:
    """Stretches of time that cover the instants; those with at most two pages of rows between them are one."""
    order = {item.instant: place for place, item in enumerate(part.rows)}
    worth = 2 * part.pages[0][0].page_size
    spans: list[list[datetime]] = []
    for instant in sorted(set(instants), reverse=True):
        if spans and order[instant] - order[spans[-1][0]] <= worth:
            spans[-1][0] = instant
        else:
            spans.append([instant, instant])
    return [(max(first, part.window.start), last + _INSTANT) for first, last in spans]

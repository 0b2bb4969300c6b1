"""A chain of pages, read from newer to older, in which no row is missing and none is there twice.

The list moves while it is read: rows come in front, come late, and are deleted. A page is joined to the chain
only if nothing can lie between the chain's end and the page:

* **overlap**: the page begins strictly newer than the chain's end (or is page 1). One answer is one snapshot,
  sorted by time, so everything older that exists is behind that beginning.
* **adjacency**: it is the next page of the same list, `total_count` is what it was, and its head does not
  repeat the chain's tail (as it does when a row came in front while another was deleted behind).

Anything else is a doubt, and the caller looks again further in front. What does not belong here: which page
to ask for next (the sweep), and what a day is (the crawl).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from reamaze_pipeline.api.page import Page, Row
from reamaze_pipeline.errors import UnexpectedAnswer

_NO_LIMIT = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Placed:
    """A row and the instant it counts for: its own, or its newer neighbour's where it has none.

    A row without a date in front of the list counts for the moment of the request, or of the list's end.
    """

    row: Row
    instant: datetime


class Chain:
    """Reads rows with `created_at < before`, exactly once each, off pages in any state of the list.

    `narrowed` says that the list holds nothing newer than `before`.
    """

    def __init__(self, before: datetime, *, narrowed: bool) -> None:
        self.instant = before - timedelta(microseconds=1)
        """The oldest instant that was read; everything newer (and older than `before`) is delivered."""
        self.front = self.instant if narrowed else _NO_LIMIT
        self.last: Page | None = None
        self.rejoined = 0
        """Rows that were met again and not delivered a second time."""
        self._delivered: Counter[bytes] = Counter()  # at `instant`: a group of equal instants may go on
        self._again: Counter[bytes] = Counter()  # those of them that the current pass has not met again yet
        self._tail = self.instant  # the instant of the last row of `last`

    def widen(self) -> None:
        """The list turned out to hold newer rows than `before`. Raises `UnexpectedAnswer` if that misled us."""
        if self.front == _NO_LIMIT:
            return
        if self.last is not None and self.last.newest is None:
            raise UnexpectedAnswer(
                "no message on the newest page has a readable created_at, so its rows cannot be told by day; "
                "the API's format may have changed"
            )
        self.front = _NO_LIMIT

    @property
    def group(self) -> int:
        """How many rows were delivered at the oldest instant that was read."""
        return self._delivered.total()

    def join(self, page: Page, *, confirmed: bool = False) -> list[Placed] | None:
        """The rows that the page adds, newest first; None if the page cannot be joined to the chain (yet).

        `confirmed` says that the page in front of it was asked for again afterwards and is what it was.
        """
        first = page.newest
        if self._is_next(page) and first is not None and first > self._tail:
            return None  # the order is broken, or the list moved without a change of its count
        if page.number == 1:
            carried = min(self.front, page.fetched_at)
            carried = carried if first is None else max(first, carried)
            self._again = Counter(self._delivered)
        elif first is not None and first > self.instant:
            carried = first
            self._again = Counter(self._delivered)
        elif self._is_next(page) and (confirmed or not self.repeats_tail(page)):
            carried = self._tail
        else:
            return None
        return self._deliver(page, carried)

    def page_of_end(self, seen: Page) -> int:
        """Where the chain's last row probably is in the state of the list in which `seen` was taken."""
        if self.last is None:
            return seen.number
        from_oldest = self.last.total_count - self.last.offset - len(self.last.rows)
        return max(0, seen.total_count - from_oldest - 1) // seen.page_size + 1

    def leans_on_the_count(self, page: Page) -> bool:
        """Whether the page can be joined by adjacency only: it follows, and does not overlap."""
        return self._is_next(page) and (page.newest is None or page.newest <= self.instant)

    def _is_next(self, page: Page) -> bool:
        last = self.last
        return (
            last is not None
            and page.number == last.number + 1
            and page.total_count == last.total_count
            and page.page_size == last.page_size
        )

    def repeats_tail(self, page: Page) -> bool:
        """Whether the page begins with rows like those the chain ends with: twins, or the same rows moved."""
        if self.last is None or not self._is_next(page):
            return False
        tail = [row.identity for row in self.last.rows]
        head = [row.identity for row in page.rows]
        return any(head[:length] == tail[-length:] for length in range(1, min(len(head), len(tail)) + 1))

    def _deliver(self, page: Page, carried: datetime) -> list[Placed]:
        added: list[Placed] = []
        for row in page.rows:
            carried = row.created_at if row.created_at is not None else carried
            if carried > self.instant:
                continue
            if carried < self.instant:
                self.instant = carried
                self._delivered.clear()
                self._again.clear()
            elif self._again[row.identity] > 0:
                self._again[row.identity] -= 1
                self.rejoined += 1
                continue
            self._delivered[row.identity] += 1
            added.append(Placed(row, carried))
        self.last, self._tail = page, carried
        return added


def is_same(one: Page, other: Page) -> bool:
    """Whether two answers show the same page of a list that did not move."""
    return (one.number, one.total_count, one.page_size) == (
        other.number,
        other.total_count,
        other.page_size,
    ) and [row.identity for row in one.rows] == [row.identity for row in other.rows]

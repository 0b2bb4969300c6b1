"""Whether pages of one list, seen while its count did not change, can be one sorted list at all.

Movement explains much: a row may change places between two looks, and the chain copes. It does not explain that a page
further back begins at least as new as a page in front of it did, which reaches further back: that is a cache that
ignores the page's number, or no sorted list. A search that believed such answers would find a window empty.
What does not belong here: joining pages (the chain), which notices what is out of order where pages meet.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime
from typing import NamedTuple

from reamaze_pipeline.api.page import Page

_REMEMBERED = 64


class _Look(NamedTuple):
    number: int
    newest: datetime
    oldest: datetime
    rows: int
    """A hash over the identities of the rows."""


class SeenOrder:
    """Remembers pages of the list's present state and notices those that contradict each other."""

    def __init__(self) -> None:
        self.contradictions = 0
        self.told = ""
        """The last contradiction, as half a sentence."""
        self._total: int | None = None
        self._looks: list[_Look] = []  # by page number

    def note(self, page: Page) -> None:
        """Compares a page with those seen before; one that contradicts them takes their place."""
        newest, oldest = page.newest, page.oldest
        if newest is None or oldest is None:
            return
        if page.total_count != self._total:
            self._total = page.total_count
            self._looks.clear()
        look = _Look(page.number, newest, oldest, hash_of(page))
        at = bisect_left(self._looks, page.number, key=lambda known: known.number)
        in_front = self._looks[at - 1] if at else None
        same = at < len(self._looks) and self._looks[at].number == page.number
        behind = self._looks[at + same] if at + same < len(self._looks) else None
        for first, second in ((in_front, look), (look, behind)):
            if first is not None and second is not None and second.newest >= first.newest > first.oldest:
                self.contradictions += 1
                self.told = _contradiction(first, second, page.total_count)
                self._looks = [look]
                return
        self._looks[at : at + same] = [look]
        if len(self._looks) > _REMEMBERED:  # page 1 and the pages just seen are worth most
            del self._looks[1 if at > _REMEMBERED // 2 else -1]


def hash_of(page: Page) -> int:
    """Tells pages with other rows apart."""
    return hash(tuple(row.identity for row in page.rows))


def same_rows(first: int, second: int, total: int) -> str:
    """Two pages that cannot both be true because they are the same, in words."""
    return (
        f"pages {first} and {second} hold the same rows while total_count stays {total:,}: "
        "something in front of Re:amaze, such as a cache, ignores the page number"
    )


def _contradiction(first: _Look, second: _Look, total: int) -> str:
    if first.rows == second.rows:
        return same_rows(first.number, second.number, total)
    return (
        f"page {second.number} begins at {second.newest:%Y-%m-%d %H:%M:%S}, not older than page {first.number} "
        f"in front of it, while total_count stays {total:,}: the list is not sorted newest first"
    )

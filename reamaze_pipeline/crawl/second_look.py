"""Whether windows that were read before are still what they were: told by their counts and newest edges.

Windows that touch are looked at together, and by halves only where something changed; where nothing did, no page of
them is read. What it costs is in docs/crawl.md. What such a look cannot see: a message that went while another came,
both older than what the newest page shows; an edit. What does not belong here: reading a window that has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import chain

from reamaze_pipeline.api.page import Audience, Page
from reamaze_pipeline.crawl.reading.listing import Listing
from reamaze_pipeline.crawl.reading.places import Places
from reamaze_pipeline.crawl.reading.session import CrawlSession
from reamaze_pipeline.crawl.window import KnownWindow, Window

Open = Callable[[Audience, datetime, datetime], Listing]


class SecondLook:
    """Looks with what a crawl has learnt; ``open_list`` is how it opens a list."""

    def __init__(self, session: CrawlSession, open_list: Open) -> None:
        self._session = session
        self._open = open_list
        self._places: Places | None = None

    def changed(self, known: Sequence[KnownWindow]) -> list[Window]:
        """Those that are not what they were, of windows that touch each other, newest first."""
        if self._is_same(known):
            return []
        if len(known) == 1:
            return [known[0].window]
        half = len(known) // 2
        return [*self.changed(known[:half]), *self.changed(known[half:])]

    def _is_same(self, known: Sequence[KnownWindow]) -> bool:
        start, end = known[-1].window.start, known[0].window.end
        count, instants = sum(each.count for each in known), [*chain.from_iterable(each.instants for each in known)]
        if not self._session.dates_ignored:
            listing = self._open("all", start, end)
            first = listing.fetch(1)
            if not self._session.dates_ignored:
                return _is_same_by_dates(listing, first, count, instants)
        if self._places is None:
            self._places = Places(self._open("all", start, end))
        newer = self._places.edge(end)
        shown = [instant for instant in newer.shown if instant >= start]
        return shown == instants[: len(shown)] and newer.older - self._places.edge(start).older == count


def _is_same_by_dates(listing: Listing, first: Page, count: int, instants: Sequence[datetime]) -> bool:
    """Dates are asked with a second to spare on each side: rows of it are told apart on the first and the last page."""
    dated = [row.created_at for row in first.rows if row.created_at is not None]
    shown = [instant for instant in dated if listing.start <= instant < listing.end]
    if shown != instants[: len(shown)]:
        return False
    found = first.total_count - sum(instant >= listing.end for instant in dated)
    if found > count:
        last = first if first.is_last else listing.fetch(first.page_count)
        found -= sum(row.created_at is not None and row.created_at < listing.start for row in last.rows)
    return found == count

"""How many messages Re:amaze holds between two moments, told without downloading them.

Where dates are honoured, a dated list's `total_count` says it. Where they are ignored, the place of each moment in the
list is searched for, counted from the oldest end. What does not belong here: what is stored (`held`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Protocol

from reamaze_pipeline.api.message_list import MessageList
from reamaze_pipeline.api.page import Audience, Page
from reamaze_pipeline.audit.held import Held
from reamaze_pipeline.crawl.overview import look
from reamaze_pipeline.crawl.reading.listing import Listing
from reamaze_pipeline.crawl.reading.places import Places
from reamaze_pipeline.crawl.reading.prefetch import Prefetcher
from reamaze_pipeline.crawl.reading.session import CrawlSession, PageSource

_INSTANT = timedelta(microseconds=1)
_SHARES = (0.5, 0.25)
"""Where in what is stored two neighbours are looked for, to learn what the API makes of its bounds."""


class ApiCounts(Protocol):
    """Counts messages of one list."""

    def between(self, start: datetime, end: datetime) -> int:
        """Messages with `start <= created_at < end`."""


class DatedCounts:
    """One request a count."""

    def __init__(
        self, pages: PageSource, audience: Audience, *, start_inclusive: bool = True, end_inclusive: bool = False
    ) -> None:
        self._pages = pages
        self._audience = audience
        self._start = timedelta(0) if start_inclusive else _INSTANT
        self._end = _INSTANT if end_inclusive else timedelta(0)

    def between(self, start: datetime, end: datetime) -> int:
        """What the list with these dates says of itself."""
        return self._pages.page(self._audience, 1, start - self._start, end - self._end).total_count


class PlacedCounts:
    """A search for each moment; moments that were found are remembered."""

    def __init__(self, session: CrawlSession, audience: Audience, around: datetime) -> None:
        self._places = Places(Listing(session, MessageList(audience), around, around))

    def between(self, start: datetime, end: datetime) -> int:
        """The difference of two places."""
        return self._places.edge(end).older - self._places.edge(start).older


@contextmanager
def api_counts(
    pages: PageSource, held: Held, audience: Audience, start: datetime, end: datetime
) -> Iterator[ApiCounts]:
    """The way to count that the API's revision allows, found out in one request where messages are stored, or two.

    It is asked for two neighbours among the stored messages, from the one's instant to the other's: the answer shows
    whether dates are honoured, and whether each end includes its instant.
    """
    starts = ends = ignored = False
    asked = 0
    for share in _SHARES:
        known = held.neighbours(start, end, audience, share)
        if not known:
            break
        asked += 1
        page = pages.page(audience, 1, known[0], known[-1])
        instants = {row.created_at for row in page.rows if row.created_at is not None}
        if any(not known[0] <= instant <= known[-1] for instant in instants):
            ignored = True
            break
        starts, ends = known[0] in instants, known[-1] in instants
        if starts or ends:
            break
    if not asked:
        starts, ignored = True, look(pages).dates_honoured is False
    if not ignored:
        yield DatedCounts(pages, audience, start_inclusive=starts, end_inclusive=ends)
        return
    prefetcher: Prefetcher[Page] = Prefetcher(1)
    try:
        yield PlacedCounts(CrawlSession(pages, prefetcher, dates_ignored=True), audience, start)
    finally:
        prefetcher.close()

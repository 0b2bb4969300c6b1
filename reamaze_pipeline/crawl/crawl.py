"""Windows of messages, exact and proven: which rows of which pages make up each day.

Windows that touch share one sweep. Which revision of the API answers (dates honoured? `staff?` present?) is
observed, not configured. What does not belong here: HTTP, storage, joining pages. See docs/crawl.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from reamaze_pipeline.api.message_list import MessageList
from reamaze_pipeline.api.page import Audience
from reamaze_pipeline.crawl.overview import Overview, look
from reamaze_pipeline.crawl.reading.listing import Listing
from reamaze_pipeline.crawl.reading.parts import Part, parts
from reamaze_pipeline.crawl.reading.prefetch import Prefetcher
from reamaze_pipeline.crawl.reading.session import CrawlSession, PageSource
from reamaze_pipeline.crawl.second_look import SecondLook
from reamaze_pipeline.crawl.sides.staff import by_flag, by_list
from reamaze_pipeline.crawl.sides.unflagged import UnflaggedRows
from reamaze_pipeline.crawl.window import (
    CrawledWindow,
    Hint,
    KeptPage,
    KeptRow,
    KnownWindow,
    Proof,
    Seen,
    Window,
)

__all__ = [
    "CrawledWindow",
    "Hint",
    "KeptPage",
    "KeptRow",
    "KnownWindow",
    "Overview",
    "PageSource",
    "Proof",
    "Seen",
    "Window",
    "crawl",
    "look",
]

BRAND = MessageList()


def crawl(
    pages: PageSource,
    windows: Sequence[Window],
    *,
    of: MessageList = BRAND,
    hints: Iterable[Hint] = (),
    concurrency: int | None = None,
    known: Sequence[KnownWindow] = (),
) -> Iterator[CrawledWindow]:
    """Yields each window as it is complete, newest first. `windows` are disjoint, in any order.

    Of the `known` windows (disjoint from these) only those that are not what they were are read and yielded, last.

    `of` is the list they are cut out of (default: all messages of the brand), to which `hints` apply where it is the
    brand's. `concurrency` is requests in flight at once (default: the client's). Memory holds a few pages besides the
    window under way. Raises `ValueError` for windows that overlap, and the `ReamazeError` that tells why a
    window cannot be had; what was yielded before stays true.
    """
    groups, known_by_window = _groups(windows), {each.window: each for each in known}
    threads: int = getattr(pages, "concurrency", 1) if concurrency is None else concurrency
    session = CrawlSession(pages, Prefetcher(threads), threads)
    for hint in hints:
        session.hints.setdefault(hint.audience, []).append((hint.created_at, hint.place_from_oldest))
    crawler = _Crawl(session, of)
    try:
        for group in groups:
            yield from crawler.group(group)
        second_look, changed = SecondLook(session, crawler.open), []
        for group in _groups([*known_by_window]):
            changed += second_look.changed([known_by_window[window] for window in group])
        for group in _groups(changed):
            yield from crawler.group(group)
    finally:
        session.prefetcher.close()


class _Crawl:
    """One crawl over groups of windows; keeps what it learns from one group for the next."""

    def __init__(self, session: CrawlSession, of: MessageList) -> None:
        self.session = session
        self._of = of
        self._lists: dict[Audience, Listing] = {}
        self._flagged = False
        self._adds_up: bool | None = None

    def open(self, audience: Audience, start: datetime, end: datetime) -> Listing:
        """The list aimed at a stretch of time: the one in use where dates are ignored, else a narrow one."""
        listing = self._lists.get(audience)
        if listing is None or not self.session.dates_ignored:
            known = [other for other in self._lists.values() if other.audience != audience]
            listing = self._lists[audience] = Listing(self.session, self._of.only(audience), start, end)
            if self.session.dates_ignored and known and not self._flagged:
                listing.learn_from(max(known, key=lambda other: len(other.density.marks)))
        else:
            listing.aim(start, end)
        return listing

    def group(self, windows: list[Window]) -> Iterator[CrawledWindow]:
        """The windows of a group that touch each other, newest first."""
        start, end = windows[-1].start, windows[0].end
        asked, moved = self.session.requests, self.session.movements
        for found, kept in self._parts_and_rows(windows, start, end):
            requests, asked = self.session.requests - asked, self.session.requests
            movements, moved = self.session.movements - moved, self.session.movements
            yield self._window(found, kept, requests, movements)

    def _parts_and_rows(
        self, windows: list[Window], start: datetime, end: datetime
    ) -> Iterator[tuple[list[Part], list[KeptPage]]]:
        """Each window's parts and rows, off the unfiltered list or off the two filtered ones."""
        listings: list[Listing] = []
        if self._adds_up is None or not self.session.dates_ignored:
            everyone = self.open("all", start, end)
            first = everyone.latest or everyone.fetch(1)
            if len(windows) > 1 and first.rows and first.newest is None and not self.session.dates_ignored:
                # Nothing cuts such a list into windows but the dates, so each window is asked for by itself.
                for window in windows:
                    yield from self._parts_and_rows([window], window.start, window.end)
                return
            self._flagged = self._flagged or any(row.is_staff is not None for row in first.rows)
            if self._flagged or not first.rows:
                doubts = UnflaggedRows(everyone, self.open)
                for part in parts(everyone, windows):
                    yield [part], by_flag(part, doubts.settle(part))
                return
            listings = [self.open("staff", start, end), self.open("customer", start, end)]
            counts = [(listing.latest or listing.fetch(1)).total_count for listing in listings]
            again = everyone.fetch(1)
            self._adds_up = first.total_count == again.total_count == sum(counts)
        listings = listings or [self.open("staff", start, end), self.open("customer", start, end)]
        if not self._adds_up:
            listings.append(self._lists["all"])
            self._lists["all"].aim(start, end)
        met: Counter[bytes] = Counter()
        for found in zip(*(parts(listing, windows) for listing in listings), strict=True):
            yield list(found), by_list(found[0], found[1], found[2] if len(found) > 2 else None, met)

    def _window(self, found: list[Part], kept: list[KeptPage], requests: int, movements: int) -> CrawledWindow:
        rows = [row for page in kept for row in page.rows]
        proof = Proof(
            views={part.audience: part.seen() for part in found},
            requests=requests,
            perfect_pages=len({(page.page.audience, page.page.number) for page in kept}),
            rereads=sum(part.doubts for part in found),
            moved=movements,
            undated=sum(page.page.rows[row.index].created_at is None for page in kept for row in page.rows),
            cleaned=sum(page.page.cleaned for page in kept),
            unresolved=sum(row.is_staff is None for row in rows),
            dates_ignored=self.session.dates_ignored,
        )
        return CrawledWindow(found[0].window, tuple(kept), len(rows), proof)


def _groups(windows: Sequence[Window]) -> list[list[Window]]:
    """Windows that touch, newest first; raises `ValueError` where two overlap."""
    groups: list[list[Window]] = []
    for window in sorted(windows, key=lambda w: (w.end, w.start), reverse=True):
        if groups and window.end > groups[-1][-1].start:
            raise ValueError(f"windows {window.key} and {groups[-1][-1].key} overlap")
        if groups and window.end == groups[-1][-1].start:
            groups[-1].append(window)
        else:
            groups.append([window])
    return groups

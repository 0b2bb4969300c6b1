"""Cuts the sweep over one list into windows. What does not belong here: how several lists make one window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from reamaze_pipeline.api.page import Audience, Page
from reamaze_pipeline.crawl.reading.chain import Placed
from reamaze_pipeline.crawl.reading.listing import Listing
from reamaze_pipeline.crawl.reading.sweep import Sweep
from reamaze_pipeline.crawl.window import Seen, Window
from reamaze_pipeline.errors import WindowNotProven
from reamaze_pipeline.settings.typed import typed

MOST_PAGES = 10_000
"""Pages read for one window at most: 300,000 messages a day. A window is held in memory until it is whole."""

FRONT = "front of the list"
END = "end of the list"


@dataclass
class Part:
    """One list's share of one window: its pages, newest first, with the rows that count."""

    window: Window
    audience: Audience
    total_first: int
    newer_edge: str
    pages: list[tuple[Page, list[Placed]]] = field(default_factory=list)
    older_edge: str = END
    total_last: int = 0
    doubts: int = 0

    @property
    def rows(self) -> list[Placed]:
        """All rows, newest first."""
        return [item for _, placed in self.pages for item in placed]

    def seen(self) -> Seen:
        """How the list looked meanwhile."""
        places = [_place(page, item) for page, placed in self.pages for item in (placed[0], placed[-1])]
        return Seen(
            total_first=self.total_first,
            total_last=self.total_last,
            newest_place=places[0] if places else None,
            oldest_place=places[-1] if places else None,
            newer_edge=self.newer_edge,
            older_edge=self.older_edge,
        )

    def check_places(self) -> None:
        """Where nothing moved, the rows' places must be without a gap. Raises `WindowNotProven`."""
        totals = {page.total_count for page, _ in self.pages} | {self.total_first, self.total_last}
        seen, count = self.seen(), len(self.rows)
        newest, oldest = seen["newest_place"], seen["oldest_place"]
        if self.doubts or len(totals) > 1 or newest is None or oldest is None:
            return
        if newest - oldest + 1 != count:
            raise WindowNotProven(
                f"window {self.window.key}: {count} rows were read on {newest - oldest + 1} places of the list; "
                "the list changed without a change of its count, try again"
            )


def parts(listing: Listing, windows: Sequence[Window]) -> Iterator[Part]:
    """The part of each window, newest first; the windows touch each other and `listing` is aimed at them all."""
    sweep = Sweep(listing, several=len(windows) > 1)
    waiting = list(windows)
    part: Part | None = None
    passed = FRONT
    doubts = 0

    def begin() -> Part:
        return Part(waiting.pop(0), listing.audience, listing.total, passed)

    def finished(part: Part, older_edge: str) -> Part:
        nonlocal doubts
        part.older_edge, part.total_last = older_edge, listing.total
        part.doubts, doubts = sweep.doubts - doubts, sweep.doubts
        part.check_places()
        return part

    for page, placed in sweep.pages():
        if not listing.session.dates_ignored and listing.page_count > MOST_PAGES * len(windows):
            raise _too_long(windows[-1], listing.page_count)
        in_front = placed[0].row.index if placed else len(page.rows)
        if in_front and part is None:
            passed = _said(page.rows[in_front - 1].created_at)
        part = part or begin()
        for item in placed:
            while item.instant < part.window.start:
                yield finished(part, _said(item.instant))
                if not waiting:
                    return
                part = begin()
            if not part.pages or part.pages[-1][0] is not page:
                part.pages.append((page, []))
                if len(part.pages) > MOST_PAGES:
                    raise _too_long(part.window, len(part.pages))
            part.pages[-1][1].append(item)
            passed = _said(item.instant)
    while part is not None:
        yield finished(part, END)
        part = begin() if waiting else None


def _too_long(window: Window, pages: int) -> WindowNotProven:
    return WindowNotProven(
        f"window {window.key}: {pages:,} pages of messages or more, where {MOST_PAGES:,} are read for one window at "
        f"most; either the API's count or its dates are wrong, see `{typed('check')}`"
    )


def _place(page: Page, item: Placed) -> int:
    return page.total_count - page.offset - item.row.index


def _said(instant: datetime | None) -> str:
    return instant.isoformat() if instant is not None else "a row without a date"

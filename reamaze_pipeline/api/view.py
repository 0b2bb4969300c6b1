"""One list of messages that pages are asked of: an audience, narrowed by dates where the API honours them.

Counts what was asked and remembers where in time each page was, so that a later search starts well. What does
not belong here: joining pages (the chain) and searching (search).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from reamaze_pipeline.api.errors import UnexpectedAnswer
from reamaze_pipeline.api.page import Audience, Page

PADDING = timedelta(seconds=1)
"""Whether `start_date` and `end_date` include their instant is unknown: ask for more, cut here."""


class PageSource(Protocol):
    """What the crawl needs of a client."""

    def page(
        self,
        audience: Audience = "all",
        number: int = 1,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Page:
        """One page; see `ReamazeClient.page`."""


@dataclass
class Run:
    """What one crawl has learnt of the API so far."""

    source: PageSource
    concurrency: int = 1
    dates_ignored: bool = False
    requests: int = 0
    cleaned: int = 0
    page_size: int | None = None
    landmarks: dict[Audience, dict[int, datetime]] = field(default_factory=dict)
    """Per audience of the whole list: place from the oldest end → created_at. A guide, never a proof."""


class View:
    """A list: audience and the window asked for. `start` and `end` are sent unless the API ignores them."""

    def __init__(self, run: Run, audience: Audience, start: datetime, end: datetime) -> None:
        self.run = run
        self.audience = audience
        self.start = start
        self.end = end
        self.requests = 0
        self.first_total: int | None = None
        self.last_total: int | None = None

    def fetch(self, number: int) -> Page:
        """Asks for one page and learns from it."""
        if self.run.dates_ignored:
            page = self.run.source.page(self.audience, number)
        else:
            page = self.run.source.page(self.audience, number, self.start - PADDING, self.end + PADDING)
        return self.learn(page)

    def learn(self, page: Page) -> Page:
        """Counts an answer and checks it against those before."""
        run = self.run
        run.requests += 1
        self.requests += 1
        run.cleaned += page.cleaned
        if run.page_size not in {None, page.page_size}:
            raise UnexpectedAnswer(
                f"page_size changed from {run.page_size} to {page.page_size} in the middle of a crawl; "
                "start again"
            )
        run.page_size = page.page_size
        self.first_total = page.total_count if self.first_total is None else self.first_total
        self.last_total = page.total_count
        dated = [(row.index, row.created_at) for row in page.rows if row.created_at is not None]
        if not run.dates_ignored:
            earliest, latest = self.start - PADDING, self.end + PADDING
            run.dates_ignored = any(not earliest <= moment <= latest for _, moment in dated)
        if run.dates_ignored and dated:
            marks = run.landmarks.setdefault(self.audience, {})
            for index, moment in (dated[0], dated[-1]):
                marks[page.total_count - page.offset - index] = moment
        return page

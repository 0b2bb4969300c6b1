"""What one crawl has learnt of the API so far, over all its lists, and how it asks; a list is a `Listing`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Protocol

from reamaze_pipeline.api.message_list import MessageList
from reamaze_pipeline.api.page import Audience, Page
from reamaze_pipeline.crawl.reading.prefetch import Prefetcher

CALM_AFTER = 16
"""Answers in a row with an unchanged count after which a list that moved counts as still again."""


class PageSource(Protocol):
    """What the crawl needs of a client."""

    def page(
        self,
        of: MessageList | Audience = "all",
        number: int = 1,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Page:
        """One page; see `ReamazeClient.page`."""


@dataclass
class CrawlSession:
    """What one crawl has learnt of the API so far, over all its lists."""

    source: PageSource
    prefetcher: Prefetcher[Page]
    concurrency: int = 1
    dates_ignored: bool = False
    dated: bool = False
    """Whether any row with a readable time was met."""
    asked_for_nothing: bool = False
    """Whether it was asked for dates that no message has, to see if dates are honoured."""
    requests: int = 0
    page_size: int | None = None
    hints: dict[Audience, list[tuple[datetime, int]]] = field(default_factory=dict)
    movements: int = 0
    """Times that the count of a list changed."""
    still_for: int = CALM_AFTER
    """Answers since the last movement was seen."""
    sound_for: int = CALM_AFTER
    """Answers since a movement was seen that is not plain arrival of new messages."""
    _counting: Lock = field(default_factory=Lock)

    @property
    def reach(self) -> int:
        """How many pages may wait to be taken, so that requests go on while what was read is stored."""
        return 3 * self.concurrency

    def ask(self, call: Callable[[], Page]) -> Page:
        """Runs a call that makes a request; counted when it is made, as those forgotten in time never are."""
        with self._counting:
            self.requests += 1
        return call()

    def now(self, call: Callable[[], Page]) -> Page:
        """Makes a request before those that wait in turn, never one more at once than is allowed."""
        return call() if self.concurrency < 2 else self.prefetcher.submit(call, urgent=True).result()

    @property
    def is_calm(self) -> bool:
        """Nothing moves: pages asked for at the same time may be joined in any order of their answers."""
        return self.still_for >= CALM_AFTER

    @property
    def is_rough(self) -> bool:
        """Rows are deleted or come late: an unchanged count alone proves too little."""
        return self.sound_for < CALM_AFTER

"""What the log of a run says while it crawls: how far it is, every few seconds, and each request that is tried again.

Days that are stored say so elsewhere; this is for whoever watches a run that is slow.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from reamaze_pipeline.crawl.messages import BrandClient
from reamaze_pipeline.crawl.window import CrawledWindow

SECONDS = 5.0
"""Between two lines. A crawl that takes less says one line, at its end."""


class CrawlLog:
    """Counts what a crawl of so many ``days`` has stored."""

    def __init__(self, log: logging.Logger, client: BrandClient, days: int) -> None:
        self._log, self._client, self._days = log, client, days
        self._stored = self._messages = 0
        self._newest = ""

    def stored(self, window: CrawledWindow) -> None:
        """A day is committed."""
        self._stored += 1
        self._messages += window.message_count
        self._newest = f", {window.window.key} last"

    def say(self) -> None:
        """One line: days, messages, requests so far."""
        asked = self._client.traffic
        retried = f", {asked.retries:,} of them again" if asked.retries else ""
        self._log.info(
            f"{self._stored:,} of {self._days:,} day{'s' * (self._days != 1)} stored{self._newest}:"
            f" {self._messages:,} messages; {asked.requests:,} requests so far{retried}"
        )


@contextmanager
def crawl_log(log: logging.Logger, client: BrandClient, days: int) -> Iterator[CrawlLog]:
    """For the block, a line every few seconds, whether or not a day was stored meanwhile; one more at its end."""
    told = CrawlLog(log, client, days)
    client.on_retry = log.warning
    over = threading.Event()

    def tick() -> None:
        while not over.wait(SECONDS):
            told.say()

    ticking = threading.Thread(target=tick, daemon=True)
    ticking.start()
    try:
        yield told
    finally:
        over.set()
        ticking.join()
        client.on_retry = None
        if days:
            told.say()

"""What a crawl tells while it goes on and when it is over, to whoever started it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoredDay:
    """One day whose pages have just been committed; `requests` counts those of the run so far."""

    day: str
    messages: int
    requests: int

    @property
    def in_words(self) -> str:
        """One line for people."""
        noun = "message " if self.messages == 1 else "messages"
        asked = f"{self.requests:,} request{'' if self.requests == 1 else 's'} so far"
        return f"{self.day}  {self.messages:>6,} {noun}  ({asked})"


@dataclass(frozen=True, slots=True)
class CrawlSummary:
    """What the crawl of one run did."""

    days_fetched: int = 0
    requests: int = 0
    retries: int = 0
    waited_seconds: float = 0.0


class CrawlProgress:
    """Hears of a run's crawl; this one keeps nothing. Called in the thread that stores."""

    def day_stored(self, day: StoredDay) -> None:
        """A day has been committed."""

    def crawl_ended(self, summary: CrawlSummary) -> None:
        """All days have been."""

"""What a run tells while it goes on, to whoever started it: of its crawl, and of what is built from that."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoredDay:
    """One day whose pages have just been committed; `requests` counts those of the run so far."""

    day: str
    messages: int
    requests: int
    unproven: str | None = None
    """What stood in the way of a proof that the day is whole."""

    @property
    def in_words(self) -> str:
        """One line for people."""
        noun = "message " if self.messages == 1 else "messages"
        asked = f"{self.requests:,} request{'' if self.requests == 1 else 's'} so far"
        marked = f"  UNPROVEN: {self.unproven}" if self.unproven else ""
        return f"{self.day}  {self.messages:>6,} {noun}  ({asked}){marked}"


@dataclass(frozen=True, slots=True)
class CrawlSummary:
    """What the crawl of one run did."""

    days_fetched: int = 0
    requests: int = 0
    retries: int = 0
    waited_seconds: float = 0.0
    days_unchanged: int = 0
    """Days that were looked at once more and need not be read."""


@dataclass(frozen=True, slots=True)
class Building:
    """A table of which some days are about to be computed."""

    table: str
    days: int

    @property
    def in_words(self) -> str:
        """One line for people."""
        return f"building {self.table} for {self.days:,} day{'s' * (self.days != 1)}"


class CrawlProgress:
    """Hears of a run, its crawl first; this one keeps nothing. Called in the thread that does the work."""

    def building(self, table: Building) -> None:
        """A table is being computed from what is stored."""

    def day_stored(self, day: StoredDay) -> None:
        """A day has been committed."""

    def crawl_ended(self, summary: CrawlSummary) -> None:
        """All days have been."""

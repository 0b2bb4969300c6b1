"""What a crawl is asked for and what it hands over. Plain values; what fills them is in `crawl.py`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from reamaze_pipeline.api.page import Audience, Page


@dataclass(frozen=True)
class Window:
    """The messages with `start <= created_at < end`; both aware. `key` names it, such as `2024-03-01`."""

    key: str
    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError(f"window {self.key}: start and end must carry a time zone")
        if self.start > self.end:
            raise ValueError(f"window {self.key}: it ends before it starts")


@dataclass(frozen=True)
class KnownWindow:
    """A window that was read before: how many messages it had, and the instants of those with a time, newest first."""

    window: Window
    count: int
    instants: tuple[datetime, ...]


@dataclass(frozen=True)
class Hint:
    """A row seen in an earlier run: place 1 is the oldest of the list. Checked before it is believed."""

    audience: Audience
    created_at: datetime
    place_from_oldest: int


@dataclass(frozen=True)
class KeptRow:
    """`index` is 0-based in the page's `payload["messages"]`; `is_staff` is None where nothing tells."""

    index: int
    is_staff: bool | None


@dataclass(frozen=True)
class KeptPage:
    """A page and those of its rows that count for a window."""

    page: Page
    rows: tuple[KeptRow, ...]


class Seen(TypedDict):
    """How one list looked while a window was read off it. Places are counted from the oldest end."""

    total_first: int
    total_last: int
    newest_place: int | None
    oldest_place: int | None
    newer_edge: str
    """The instant of the row in front of the window, or `front of the list`."""
    older_edge: str
    """The instant of the row behind the window, or `end of the list`."""


@dataclass(frozen=True)
class Proof:
    """Why a window is believed to be whole. JSON-able through `dataclasses.asdict`."""

    views: dict[str, Seen]
    requests: int
    """Pages asked for since the window before it was yielded; retries are in the client's traffic."""
    perfect_pages: int
    """Pages that hold a row of the window: a reader who knows everything opens these."""
    rereads: int
    """Times that a page could not be joined and the list was looked at again."""
    moved: int
    """Times that the count of a list changed."""
    undated: int
    """Rows without a readable `created_at`, kept at their newer neighbour's instant."""
    cleaned: int
    """Characters replaced in the pages' payloads."""
    unresolved: int
    """Rows of which nothing tells whether they are from staff."""
    dates_ignored: bool
    """Whether the API was seen to ignore `start_date` and `end_date`."""
    unproven: str | None = None
    """What stood in the way of a proof; None for a window that is shown to be whole."""


@dataclass(frozen=True)
class CrawledWindow:
    """A window, complete: over all its pages every message is there exactly once."""

    window: Window
    pages: tuple[KeptPage, ...]
    message_count: int
    proof: Proof

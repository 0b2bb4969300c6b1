"""How an embedded Re:amaze is set up: one frozen record.

What can change while it runs (latency, limits, failures, drift) starts from here and then lives in `faults`.
"""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

MAX_MESSAGES = 1_000_000
DAY_US = 86_400_000_000


def microseconds(instant: datetime) -> int:
    """Microseconds since 1970 UTC of an aware instant, exact."""
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@dataclass(frozen=True)
class SandboxOptions:
    """The brand, its history, and which revision of the API it speaks. Raises ValueError."""

    messages: int = 1000
    """Number of messages in the history, 0 to 1,000,000."""
    seed: int = 7
    """The same seed, size, days and end give the same history, byte for byte."""
    days: int = 180
    """Length of the history in days of 24 hours before `end`."""
    end: datetime | None = None
    """Aware instant that every message is older than; None is midnight today, UTC."""
    brand: str = "acme"
    """The brand's subdomain; a Host header that names another brand gets 404."""
    brand_zone: str = "America/Denver"
    """IANA zone of the offsets in `created_at` and of the helpdesk's rhythm."""
    email: str = "lead@acme.example"
    """Login email that is let in."""
    token: str = field(default="sandbox-token", repr=False)
    """API token of both logins."""
    restricted_email: str = "restricted@acme.example"
    """A login with the right token and a role that may not read messages: 403."""
    page_size: int = 30
    """Rows a page; it cannot be asked for by a request."""
    dates_honoured: bool = False
    """Whether `start_date`, `end_date`, `origin`, `tag`, `category`, `include` work; if not, ignored."""
    start_inclusive: bool = True
    """Whether a row at exactly `start_date` is in the answer."""
    end_inclusive: bool = True
    """Whether a row at exactly `end_date` is in the answer."""
    staff_flag: bool = True
    """Whether user objects carry `staff?`."""
    unflagged_users: bool = False
    """With `staff_flag`: about one user object in forty lacks it all the same."""
    origin_id: bool = True
    """Whether rows carry `origin_id`."""
    null_user_view: Literal["customer", "none"] = "customer"
    """Where rows without a user go: into `filter=customer`, or into neither filter."""
    extra_fields: bool = False
    """Whether rows carry undocumented fields that clients have seen (`meta`, `direct_recipients`, ...)."""
    example: Literal["older", "current"] | None = None
    """Answer `GET /messages` with a documented example response instead of the history."""
    latency_ms: float = 0.0
    """How long every answer takes at least, in milliseconds from the request's arrival."""
    requests_per_minute: int | None = None
    """Requests let through in any sixty seconds before 429; None is no limit."""

    def __post_init__(self) -> None:
        if not 0 <= self.messages <= MAX_MESSAGES:
            raise ValueError(f"messages must be between 0 and {MAX_MESSAGES:,}, not {self.messages:,}")
        if self.days < 1 or self.page_size < 1:
            raise ValueError("days and page_size must be at least 1")
        if self.latency_ms < 0:
            raise ValueError("latency_ms must not be negative")
        if self.requests_per_minute is not None and self.requests_per_minute < 1:
            raise ValueError("requests_per_minute must be at least 1, or None for no limit")
        if self.end is not None and self.end.tzinfo is None:
            raise ValueError("end must carry a time zone, such as datetime(2026, 3, 1, tzinfo=UTC)")
        try:
            zoneinfo.ZoneInfo(self.brand_zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"brand_zone {self.brand_zone!r} is not an IANA time zone") from None

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The brand's time zone."""
        return zoneinfo.ZoneInfo(self.brand_zone)

    def end_instant(self) -> datetime:
        """`end`, or midnight today in UTC."""
        return self.end or datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)

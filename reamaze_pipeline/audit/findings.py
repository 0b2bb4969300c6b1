"""What an audit found: plain values, without a word of any message."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

from reamaze_pipeline.api.page import Audience

Kind = Literal["counts", "days", "conversation", "sent_by", "sides"]


@dataclass(frozen=True, slots=True)
class NamedMessage:
    """A message by what names it. `created_at` is naive UTC, None where it cannot be read."""

    message_id: str
    created_at: dt.datetime | None
    sender_email: str | None
    conversation_slug: str | None


@dataclass(frozen=True, slots=True)
class DayDifference:
    """A day of which Re:amaze holds other messages than we do.

    `missing` are there and not here (they came late), `gone` are here and not there (they were deleted). Both are empty
    where only counts were compared.
    """

    day: dt.date
    stored: int
    api: int
    audience: Audience = "all"
    missing: tuple[NamedMessage, ...] = ()
    gone: tuple[NamedMessage, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "day": self.day.isoformat(),
            "audience": self.audience,
            "stored": self.stored,
            "api": self.api,
            "missing": [_named(message) for message in self.missing],
            "gone": [_named(message) for message in self.gone],
        }


@dataclass(frozen=True, slots=True)
class Audit:
    """One audit of the days from `first` to `last`, both included; `different` oldest first."""

    kind: Kind
    first: dt.date
    last: dt.date
    requests: int
    different: tuple[DayDifference, ...]

    @property
    def days_compared(self) -> int:
        """How many days were looked at."""
        return (self.last - self.first).days + 1

    @property
    def ok(self) -> bool:
        """Whether no difference was seen."""
        return not self.different

    @property
    def days(self) -> list[dt.date]:
        """The days that differ, oldest first."""
        return sorted({difference.day for difference in self.different})


def _named(message: NamedMessage) -> dict[str, Any]:
    return {
        "message_id": message.message_id,
        "created_at": f"{message.created_at.isoformat()}Z" if message.created_at else None,
        "sender_email": message.sender_email,
        "conversation_slug": message.conversation_slug,
    }

"""One stored message, as far as metrics look at it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

DAY = dt.timedelta(days=1)
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Message:
    """One row of `core.messages`, as far as metrics look at it; instants are naive UTC."""

    message_id: str
    day: dt.date
    created_at: dt.datetime | None
    slug: str | None
    conversation_created_at: dt.datetime | None
    sender_name: str | None
    sender_email: str | None
    is_staff: bool | None
    origin: int | None
    visibility: int | None

    @property
    def origin_name(self) -> str:
        return f"Origin {self.origin}"

    @property
    def speaker(self) -> str | None:
        """Whose turn in the conversation it is, unless the settings leave it out: only regular messages are one."""
        if self.visibility != 0 or self.is_staff is None:
            return None
        return "staff" if self.is_staff else "customer"

    @property
    def label(self) -> Row:
        """What a reply is shown by."""
        return self.sender_email, self.sender_name, self.origin, self.origin_name

    @property
    def sender(self) -> Row:
        """Email decides who a sender is; without one the name does."""
        return self.sender_email, None if self.sender_email is not None else self.sender_name

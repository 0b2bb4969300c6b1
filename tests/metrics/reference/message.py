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
    category_slug: str | None = None
    category_name: str | None = None
    body: str | None = None

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
    def thread(self) -> str | None:
        """The conversation; a blank name is none."""
        return self.slug if present(self.slug) else None

    @property
    def is_early(self) -> bool:
        """Whether the API says that its conversation is younger."""
        if self.created_at is None or self.conversation_created_at is None:
            return False
        return self.created_at < self.conversation_created_at

    @property
    def email(self) -> str | None:
        return present(self.sender_email)

    @property
    def name(self) -> str | None:
        return present(self.sender_name)

    @property
    def label(self) -> Row:
        """What a reply is shown by."""
        return self.email, self.sender, self.name, self.origin, self.origin_name, *self.category

    @property
    def category(self) -> tuple[str | None, str | None]:
        """The inbox and its name; a blank one is none."""
        return self.category_slug if present(self.category_slug) else None, present(self.category_name)

    @property
    def sender(self) -> str:
        """Email decides who a sender is, in whatever case it is written; without one the name does."""
        return self.email.lower() if self.email else f" {self.name or ''}"


def present(text: str | None) -> str | None:
    """A text without the white space around it; None if nothing is left."""
    return (text or "").strip() or None

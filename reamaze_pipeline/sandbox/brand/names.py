"""Numbers for what is named in text: conversations by slug, senders by email, categories and tags.

Names of the generated history are found from the text itself; hand-made ones get negative numbers in turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from reamaze_pipeline.sandbox.brand.people import People
from reamaze_pipeline.sandbox.brand.rows import NO_USER, Rows, one_row
from reamaze_pipeline.sandbox.brand.texts import CATEGORIES, TAGS, conversation_of

NO_EMAIL = -2
"""A hand-made row's user that has no email."""


class Names:
    """The names of one history, which has `people` and a number of generated conversations that may grow."""

    def __init__(self, seed: int, people: People) -> None:
        self._seed, self._people = seed, people
        self._slugs: dict[str, int] = {}
        self._emails: dict[str, int] = {}
        self._categories = {slug: code for code, (_, slug, _) in enumerate(CATEGORIES)}

    def conversation(self, slug: str, generated: int) -> int | None:
        """The conversation of a slug, given how many are generated."""
        number = conversation_of(self._seed, slug)
        return number if number is not None and number < generated else self._slugs.get(slug)

    def person(self, email: str) -> int | None:
        """The sender of an email, case ignored."""
        number = self._people.find(email)
        return number if number is not None else self._emails.get(email.lower())

    def category(self, slug: str) -> int | None:
        """The category of a slug."""
        return self._categories.get(slug)

    @staticmethod
    def tag(tag: str) -> int | None:
        """The number of a tag."""
        return TAGS.index(tag) if tag in TAGS else None

    def columns(self, message: Mapping[str, Any], at: int, generated: int) -> Rows:
        """A hand-made message as a row at an instant (microseconds UTC), its new names noted."""
        user, conversation = _object(message, "user"), _object(message, "conversation") or {}
        slug = str(conversation.get("slug", ""))
        number = self.conversation(slug, generated)
        if number is None:
            number = self._slugs.setdefault(slug, -1 - len(self._slugs))
        category = _object(conversation, "category")
        code = -1
        if category is not None:
            code = self._categories.setdefault(str(category.get("slug")), len(self._categories))
        origin = message.get("origin")
        return one_row(
            at=at,
            conversation=number,
            user=NO_USER if user is None else self._sender(user),
            staff=bool(message.get("_staff", (user or {}).get("staff?", False))),
            origin=origin if isinstance(origin, int) and abs(origin) < 2**15 else -1,
            category=code,
            content=0,
        )

    def _sender(self, user: Mapping[str, Any]) -> int:
        email = str(user.get("email") or "").lower()
        if not email:
            return NO_EMAIL
        known = self.person(email)
        return known if known is not None else self._emails.setdefault(email, NO_EMAIL - 1 - len(self._emails))


def created_at(message: Mapping[str, Any]) -> datetime | None:
    """The instant of a message dict (aware; a naive one is taken as UTC), None where it cannot be read."""
    value = message.get("created_at")
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _object(message: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    value = message.get(name)
    return value if isinstance(value, Mapping) else None

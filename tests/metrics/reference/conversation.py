"""One conversation from its first message to its last, and the turns in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from tests.metrics.reference.message import DAY, Message, Row
from tests.metrics.reference.rules import Rules


def in_order(messages: Iterable[Message]) -> list[Message]:
    """What was said, as far as it is dated, in order; at one instant the customer comes first."""
    dated = [m for m in messages if m.speaker is not None and m.created_at]
    return sorted(dated, key=lambda m: (m.created_at, m.is_staff, m.message_id))


def waiting(spoken: Iterable[Message]) -> Message | None:
    """The customer message that has been unanswered for longest when all this was said."""
    first: Message | None = None
    for message in spoken:
        if message.is_staff:
            first = None
        elif first is None:
            first = message
    return first


def customers(messages: Iterable[Message]) -> list[str]:
    """The customers who spoke, each once, sorted; who has no email is not told apart from others."""
    return sorted({m.email.lower() for m in messages if m.speaker == "customer" and m.email})


def staff(messages: Iterable[Message]) -> list[str]:
    """The staff who spoke, each once, sorted."""
    return sorted({m.sender for m in messages if m.speaker == "staff"})


def returns(spoken: Sequence[Message]) -> Row:
    """How often a customer wrote after a response, when last, and after how long at most."""
    found = [(before, m) for before, m in pairwise(spoken) if before.is_staff and not m.is_staff]
    spans = [seconds(before.created_at, m.created_at) or 0.0 for before, m in found]
    return len(found), found[-1][1].created_at if found else None, max(spans, default=None)


@dataclass(frozen=True)
class Conversation:
    """The messages of one conversation that count."""

    slug: str
    messages: tuple[Message, ...]
    rules: Rules
    stored: frozenset[dt.date] = field(repr=False)

    @cached_property
    def spoken(self) -> list[Message]:
        return in_order(self.messages)

    @cached_property
    def days(self) -> list[dt.date]:
        """The days on which it has messages."""
        return sorted({m.day for m in self.messages})

    def created_at(self, until: dt.date) -> dt.datetime | None:
        """When it was created, as the messages up to a day tell: the earliest, if they differ."""
        told = [m.conversation_created_at for m in self.messages if m.day <= until and m.conversation_created_at]
        return min(told, default=None)

    def began_at(self, until: dt.date) -> dt.datetime | None:
        """When it was created, or when the first was said in it if the API says that this was earlier."""
        created_at = self.created_at(until)
        if created_at is None:
            return None
        return min(created_at, *(m.created_at for m in self.spoken if m.day <= until and m.created_at))

    def start(self, until: dt.date) -> dt.date | None:
        """The day it began, as the messages up to a day tell; None if none of them says when it was created."""
        created_at = self.created_at(until)
        if created_at is None:
            return None
        return min(self.rules.local(created_at).date(), *(m.day for m in self.messages if m.day <= until))

    def unbroken(self, first: dt.date | None, last: dt.date) -> bool:
        """Whether each day from first to last is stored."""
        if first is None:
            return False
        return all(first + n * DAY in self.stored for n in range((last - first).days + 1))

    def known(self, until: dt.date) -> bool:
        """Whether each day from its start to this one is stored."""
        return self.unbroken(self.start(until), until)

    def wait_known(self, before: Sequence[Message], until: dt.date) -> bool:
        """Whether no missing day could change who has been waiting since when after these messages."""
        staff = [m for m in before if m.is_staff]
        return (bool(staff) and self.unbroken(staff[-1].day, until)) or self.known(until)


@dataclass(frozen=True)
class Turn:
    """One reply and the question it answers; ``opened_at`` is None where a missing day could hold it."""

    conversation: Conversation
    reply: Message
    opened_at: dt.datetime | None
    is_first: bool | None
    earlier: list[Message]

    @property
    def seconds(self) -> float | None:
        return seconds(self.opened_at, self.reply.created_at)


def seconds(start: dt.datetime | None, end: dt.datetime | None) -> float | None:
    return None if start is None or end is None else (end - start) / dt.timedelta(microseconds=1) / 1e6


def turns(conversation: Conversation) -> Iterable[Turn]:
    """Every reply that closes a turn, or may have closed one that began on a missing day."""
    for place, reply in enumerate(conversation.spoken):
        if not reply.is_staff:
            continue
        earlier = conversation.spoken[:place]
        opening, known = waiting(earlier), conversation.wait_known(earlier, reply.day)
        if known and opening is None:
            continue
        answered = any(
            not asked.is_staff and any(later.is_staff for later in earlier[n:]) for n, asked in enumerate(earlier)
        )
        opened_at = opening.created_at if known and opening else None
        is_first = False if answered else (True if conversation.known(reply.day) else None)
        yield Turn(conversation, reply, opened_at, is_first, earlier)

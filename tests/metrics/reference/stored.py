"""All that is stored, and what the tables have in common to say of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TypeVar

from tests.metrics.reference.conversation import Conversation, Turn, turns
from tests.metrics.reference.message import DAY, Message, Row
from tests.metrics.reference.rules import Rules
from tests.metrics.reference.schedule import Shift, open_seconds, shifts

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)


class Stored:
    """The stored days and their messages under the rules."""

    def __init__(self, stored: Mapping[dt.date, Sequence[Message]], rules: Rules) -> None:
        self.rules = rules
        self.days = sorted(stored)
        self.ends = {day: rules.end_of(day) for day in self.days}
        self.messages = [m for day in self.days for m in stored[day]]
        self.kept = [m for m in self.messages if not rules.excludes(m)]
        threads = grouped([m for m in self.kept if m.thread], lambda m: m.thread or "")
        self.conversations = [
            Conversation(slug, tuple(messages), rules, frozenset(stored)) for slug, messages in sorted(threads.items())
        ]

    @cached_property
    def turns(self) -> list[Turn]:
        return [turn for conversation in self.conversations for turn in turns(conversation)]

    @cached_property
    def shifts(self) -> list[Shift]:
        """As far as any stored instant reaches: where the schedule hangs it may be two days earlier or later."""
        if not self.days:
            return []
        return shifts(self.rules.business_hours, self.days[0] - 2 * DAY, self.days[-1] + 2 * DAY)

    def business_seconds(self, start: dt.datetime | None, end: dt.datetime | None) -> float | None:
        """The seconds between two instants that lie inside the schedule."""
        if self.rules.business_hours is None or start is None or end is None:
            return None
        return open_seconds(self.shifts, start, end)

    def known_since(self, day: dt.date) -> dt.date:
        """The first of the days that are stored without a hole up to this one."""
        while day - DAY in self.ends:
            day -= DAY
        return day


def grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    groups: dict[Key, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def in_time(messages: Iterable[Message]) -> list[Message]:
    """All messages in order, undated ones as of their day's midnight."""
    return sorted(messages, key=lambda m: (m.created_at or dt.datetime.combine(m.day, dt.time()), m.message_id))


def newest_category(messages: Iterable[Message]) -> Row:
    """The category of the newest message that has one, and its newest name."""
    newest_first = in_time(messages)[::-1]
    return next((m.category[0] for m in newest_first if m.category[0]), None), newest_category_name(newest_first)


def newest_category_name(messages: Iterable[Message]) -> str | None:
    return next((m.category[1] for m in reversed(in_time(messages)) if m.category[1]), None)


def shown(messages: Sequence[Message]) -> Row:
    """How a sender is shown: the email as written last, the key, and the last name."""
    newest_first = in_time(messages)[::-1]
    email = next((m.email for m in newest_first if m.email), None)
    return email, newest_first[0].sender, next((m.name for m in newest_first if m.name), None)

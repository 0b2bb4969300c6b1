"""How much comes in and goes out: by day, by hour, by sender, by origin."""

from __future__ import annotations

import datetime as dt

from tests.metrics.reference.as_of_day import replied_conversations
from tests.metrics.reference.conversation import Conversation
from tests.metrics.reference.foundations import day_counts
from tests.metrics.reference.message import Row
from tests.metrics.reference.stored import Stored, grouped, shown


def conversation_volume_daily(stored: Stored) -> list[Row]:
    rows = []
    all_replied = replied_conversations(stored)
    for day in stored.days:
        replied = [row for row in all_replied if row[0] == day]
        everything, received, *rest = day_counts(stored, day)
        rows.append(
            (
                day,
                received,
                sum(1 for conversation in stored.conversations if day in _creation_days(conversation)),
                len(replied),
                len({email for row in replied for email in row[7]}),
                sum(1 for row in replied if not row[2]),
                everything,
                *rest,
            )
        )
    return rows


def _creation_days(conversation: Conversation) -> set[dt.date]:
    """The days on which it was created, as each day's messages say: one, unless the API changes its mind."""
    told = [(m.day, m.conversation_created_at) for m in conversation.messages if m.conversation_created_at]
    return {
        conversation.rules.local(min(instant for _, instant in of_day)).date()
        for of_day in grouped(told, lambda said: said[0]).values()
    }


def busiest_hours(stored: Stored) -> list[Row]:
    received = [stored.rules.local(m.created_at) for m in stored.kept if m.speaker == "customer" and m.created_at]
    rows = []
    for weekday in range(1, 8):
        weeks = sum(1 for day in stored.days if day.isoweekday() == weekday)
        for hour in range(24):
            count = sum(1 for local in received if (local.isoweekday(), local.hour) == (weekday, hour))
            rows.append((weekday, hour, count / weeks if weeks else None, count, weeks))
    return rows


def staff_response_counts(stored: Stored) -> list[Row]:
    rows = []
    sent = [m for m in stored.messages if m.is_staff]
    for (day, _), group in grouped(sent, lambda m: (m.day, m.sender)).items():
        kept = [m for m in group if not stored.rules.excludes(m)]
        responses = [m for m in kept if m.visibility == 0]
        rows.append(
            (
                day,
                *shown(group),
                len(responses),
                sum(1 for m in kept if m.visibility == 1),
                sum(1 for m in kept if m.visibility == 2),
                len({m.thread for m in responses} - {None}),
                len(group) - len(kept),
            )
        )
    return rows


def staff_responses_by_origin(stored: Stored) -> list[Row]:
    responses = [m for m in stored.kept if m.speaker == "staff"]
    groups = grouped(responses, lambda m: (m.day, m.sender, m.origin, m.origin_name))
    return [
        (day, *shown(group), origin, name, len(group), len({m.thread for m in group} - {None}))
        for (day, _, origin, name), group in groups.items()
    ]


def messages_per_origin(stored: Stored) -> list[Row]:
    rows = []
    for (day, origin, name), group in grouped(stored.messages, lambda m: (m.day, m.origin, m.origin_name)).items():
        kept = [m for m in group if not stored.rules.excludes(m)]
        staff, customers = (sum(1 for m in kept if m.is_staff is side) for side in (True, False))
        rows.append((day, origin, name, len(kept), staff, customers, len(group) - len(kept)))
    return rows

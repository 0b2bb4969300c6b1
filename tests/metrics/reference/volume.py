"""How much comes in and goes out: by day, by hour, by sender, by origin."""

from __future__ import annotations

import datetime as dt

from tests.metrics.reference.as_of_day import replied_conversations
from tests.metrics.reference.conversation import Conversation
from tests.metrics.reference.foundations import day_counts
from tests.metrics.reference.message import DAY, Row
from tests.metrics.reference.stored import Stored, grouped, newest_category_name, shown


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


def messages_per_category(stored: Stored) -> list[Row]:
    rows = []
    for (day, category), group in grouped(stored.messages, lambda m: (m.day, m.category[0])).items():
        kept = [m for m in group if not stored.rules.excludes(m)]
        sides = (sum(1 for m in kept if m.speaker == side) for side in ("customer", "staff"))
        threads = len({m.thread for m in kept} - {None})
        rows.append((day, category, newest_category_name(group), len(kept), *sides, threads, len(group) - len(kept)))
    return rows


def staff_presence_daily(stored: Stored) -> list[Row]:
    answers = [m for m in stored.kept if m.speaker == "staff" and m.created_at and m.thread]
    rows = []
    for (day, _), group in grouped(answers, lambda m: (m.day, m.sender)).items():
        instants = sorted(m.created_at for m in group if m.created_at)
        hours = grouped(group, lambda m: m.created_at and m.created_at.replace(minute=0, second=0, microsecond=0))
        busy = [len({m.thread for m in of_hour}) for of_hour in hours.values()]
        ends = instants[0], instants[-1]
        rows.append((day, *shown(group), *ends, len(hours), len(group), max(busy), sum(busy) / len(busy)))
    return rows


def customer_days(stored: Stored) -> list[Row]:
    wrote = [m for m in stored.kept if m.speaker == "customer" and m.email]
    rows = []
    for (day, key), group in grouped(wrote, lambda m: (m.day, m.sender)).items():
        email, _, name = shown(group)
        instants = [m.created_at for m in group if m.created_at]
        ends = min(instants, default=None), max(instants, default=None)
        threads, origins = sorted({m.thread for m in group if m.thread}), sorted({m.origin_name for m in group})
        rows.append((day, key, email, name, len(group), *ends, threads, origins))
    return rows


def customers(stored: Stored) -> list[Row]:
    wrote = [m for m in stored.kept if m.speaker == "customer" and m.email]
    rows = []
    for key, group in grouped(wrote, lambda m: m.sender).items():
        email, _, name = shown(group)
        instants = [m.created_at for m in group if m.created_at]
        days = sorted({m.day for m in group})
        about = (email, name, days[0], days[-1], min(instants, default=None), max(instants, default=None))
        threads = {m.thread for m in group} - {None}
        rows.append((key, *about, len(days), len(group), len(threads), sorted({m.origin_name for m in group})))
    return rows


def customers_daily(stored: Stored) -> list[Row]:
    wrote = [m for m in stored.kept if m.speaker == "customer" and m.email]
    rows = []
    for day in stored.days:
        new = returning = repeated = 0
        for group in grouped([m for m in wrote if m.day <= day], lambda m: m.sender).values():
            now = {m.thread for m in group if m.day == day}
            if not any(m.day == day for m in group):
                continue
            before = [m for m in group if m.day < day]
            new, returning = new + (not before), returning + bool(before)
            repeated += any(m.thread and m.thread not in now and m.day >= day - 7 * DAY for m in before)
        rows.append((day, new + returning, new, returning, repeated, stored.known_since(day)))
    return rows

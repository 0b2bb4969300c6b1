"""What each message counts as, what each day says by itself, and which days and hours there are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise

from tests.metrics.reference.conversation import customers, in_order, returns, staff, waiting
from tests.metrics.reference.message import Message, Row
from tests.metrics.reference.stored import Stored, grouped, newest_category


def counted_messages(stored: Stored) -> list[Row]:
    rows = []
    for m in stored.messages:
        excluded = stored.rules.excludes(m)
        about = (m.message_id, m.day, m.created_at, m.thread, m.conversation_created_at)
        sent = (m.name, m.email, m.sender, m.is_staff, m.origin, m.origin_name, m.visibility)
        rows.append((*about, *sent, *m.category, excluded, None if excluded else m.speaker))
    return rows


def conversation_days(stored: Stored) -> list[Row]:
    rows = []
    for conversation in stored.conversations:
        for day in conversation.days:
            messages = [m for m in conversation.messages if m.day == day]
            created_at = min((m.conversation_created_at for m in messages if m.conversation_created_at), default=None)
            spoken = in_order(messages)
            answers = [m.created_at for m in spoken if m.is_staff]
            questions = [m.created_at for m in spoken if not m.is_staff]
            unanswered = waiting(spoken)
            rows.append(
                (
                    day,
                    conversation.slug,
                    created_at,
                    stored.rules.local(created_at).date() if created_at else None,
                    len(messages),
                    sum(1 for m in messages if m.speaker == "customer"),
                    sum(1 for m in messages if m.speaker == "staff"),
                    len(answers),
                    sum(1 for m in messages if m.visibility == 1),
                    sum(1 for m in messages if m.visibility == 2),
                    *_ends(questions),
                    *_ends(answers),
                    unanswered.created_at if unanswered else None,
                    customers(messages),
                    sorted({m.sender for m in messages if m.speaker == "customer"}),
                    staff(messages),
                    *newest_category(messages),
                    *(_said(spoken[end]) if spoken else None for end in (0, -1)),
                    sum(1 for before, m in pairwise(spoken) if m.is_staff and not before.is_staff),
                    *returns(spoken),
                )
            )
    return rows


def responses(stored: Stored) -> list[Row]:
    """A day of a conversation is told from its start, as though nothing had gone before."""
    rows = []
    for conversation in stored.conversations:
        for day in conversation.days:
            place, previous, question = 0, None, None
            for m in in_order(m for m in conversation.messages if m.day == day):
                if not m.is_staff:
                    question = question or m.created_at
                    continue
                place += 1
                about = (m.message_id, day, conversation.slug, m.created_at)
                rows.append((*about, *m.label, place, previous, question))
                previous, question = m.created_at, None
    return rows


def hourly_volume(stored: Stored) -> list[Row]:
    spoken = [(m, stored.rules.local(m.created_at)) for m in stored.kept if m.speaker and m.created_at]
    return [
        (
            day,
            day.isoweekday(),
            hour,
            sum(1 for m, _ in said if m.speaker == "customer"),
            sum(1 for m, _ in said if m.speaker == "staff"),
        )
        for (day, hour), said in grouped(spoken, lambda said: (said[0].day, said[1].hour)).items()
    ]


def stored_days(stored: Stored) -> list[Row]:
    return [(day, stored.ends[day], *day_counts(stored, day)) for day in stored.days]


def day_counts(stored: Stored, day: dt.date) -> Row:
    """All messages; received; responses; left out; of unknown side; undated; without a thread; older than theirs."""
    everything = [m for m in stored.messages if m.day == day]
    kept = [m for m in stored.kept if m.day == day]
    return (
        len(everything),
        sum(1 for m in kept if m.speaker == "customer"),
        sum(1 for m in kept if m.speaker == "staff"),
        len(everything) - len(kept),
        sum(1 for m in kept if m.is_staff is None),
        sum(1 for m in kept if m.created_at is None),
        sum(1 for m in kept if m.thread is None),
        sum(1 for m in kept if m.thread and m.is_early),
    )


def stored_history(stored: Stored) -> list[Row]:
    return [(day, stored.ends[day], stored.known_since(day)) for day in stored.days]


def business_hours(stored: Stored) -> list[Row]:
    return [(shift.opens_at, shift.closes_at, shift.seconds_before) for shift in stored.shifts]


def _said(m: Message) -> dict[str, object]:
    return {"speaker": m.speaker, "at": m.created_at, "origin": m.origin, "origin_name": m.origin_name}


def _ends(instants: Sequence[dt.datetime | None]) -> Row:
    """The first and the last of some instants in order."""
    return (instants[0], instants[-1]) if instants else (None, None)

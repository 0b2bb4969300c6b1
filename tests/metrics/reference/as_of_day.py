"""What is known of a conversation as of a day: its past, its size, and whether it waits."""

from __future__ import annotations

from itertools import pairwise

from tests.metrics.reference.conversation import customers, seconds, staff, waiting
from tests.metrics.reference.distribution import mean, share
from tests.metrics.reference.message import DAY, Row
from tests.metrics.reference.stored import Stored


def conversation_history(stored: Stored) -> list[Row]:
    rows = []
    for conversation in stored.conversations:
        for day in conversation.days:
            so_far = [m for m in conversation.messages if m.day <= day]
            spoken = [m for m in conversation.spoken if m.day <= day]
            before = [m for m in spoken if m.day < day]
            asked = [m for m in spoken if not m.is_staff]
            answered = [m for m in spoken if m.is_staff]
            answered_before = [m for m in before if m.is_staff]
            first_answer = answered[0] if answered else None
            unanswered = waiting(before)
            rows.append(
                (
                    day,
                    conversation.slug,
                    conversation.created_at(day),
                    conversation.start(day),
                    stored.known_since(day),
                    conversation.known(day),
                    conversation.wait_known(before, day),
                    asked[0].created_at if asked else None,
                    first_answer.created_at if first_answer else None,
                    first_answer.day if first_answer else None,
                    conversation.start(first_answer.day) if first_answer else None,
                    answered_before[-1].created_at if answered_before else None,
                    unanswered.created_at if unanswered else None,
                    len(answered_before),
                    sum(1 for m in so_far if m.speaker == "staff" and m.day == day),
                    sum(1 for m in so_far if m.speaker == "staff"),
                    sum(1 for m in so_far if m.speaker is not None),
                    customers(so_far),
                    staff(so_far),
                )
            )
    return rows


def replied_conversations(stored: Stored) -> list[Row]:
    rows = []
    for conversation in stored.conversations:
        for day in conversation.days:
            said = [m for m in conversation.messages if m.speaker is not None and m.day <= day]
            today = sum(1 for m in said if m.speaker == "staff" and m.day == day)
            if not today:
                continue
            known = conversation.known(day)
            rows.append(
                (
                    day,
                    conversation.slug,
                    known,
                    today,
                    sum(1 for m in said if m.speaker == "staff") if known else None,
                    len(said) if known else None,
                    len(staff(said)) if known else None,
                    customers(said),
                )
            )
    return rows


def conversation_effort_daily(stored: Stored) -> list[Row]:
    rows = []
    replied = replied_conversations(stored)
    for day in stored.days:
        of_day = [row for row in replied if row[0] == day]
        known = [row for row in of_day if row[2]]
        rows.append(
            (
                day,
                len(of_day),
                len(of_day) - len(known),
                mean([row[4] for row in known]),
                share(known, lambda row: row[4] == 1),
                mean([row[5] for row in known]),
                mean([row[6] for row in known]),
                share(known, lambda row: row[6] > 1),
            )
        )
    return rows


def awaiting_reply(stored: Stored) -> list[Row]:
    rows = []
    for day in stored.days:
        for conversation in stored.conversations:
            said = [m for m in conversation.spoken if m.day <= day]
            if not said or said[-1].is_staff:
                continue
            opening = waiting(said)
            since = opening.created_at if opening and conversation.wait_known(said, day) else None
            age = seconds(since, stored.ends[day])
            certain = conversation.unbroken(said[-1].day, day)
            rows.append((day, conversation.slug, since, said[-1].created_at, age, certain))
    return rows


def backlog_daily(stored: Stored) -> list[Row]:
    waits = awaiting_reply(stored)
    rows = []
    for day in stored.days:
        now = {row[1]: row for row in waits if row[0] == day}
        before = {row[1] for row in waits if row[0] == day - DAY}
        ages = [row[4] for row in now.values() if row[4] is not None]
        edges = [0, 86400, 3 * 86400, 7 * 86400, float("inf")]
        known = day - DAY in stored.ends
        rows.append(
            (
                day,
                len(now),
                *(sum(1 for age in ages if low <= age < high) for low, high in pairwise(edges)),
                len(now) - len(ages),
                sum(1 for row in now.values() if not row[5]),
                len(now.keys() - before) if known else None,
                len(before - now.keys()) if known else None,
            )
        )
    return rows

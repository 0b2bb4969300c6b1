"""How fast replies come: each turn, the first ones, and their distribution."""

from __future__ import annotations

from tests.metrics.reference.conversation import seconds
from tests.metrics.reference.distribution import distribution
from tests.metrics.reference.message import Row
from tests.metrics.reference.stored import Stored, grouped, shown


def reply_turns(stored: Stored) -> list[Row]:
    return [
        (
            turn.reply.day,
            turn.conversation.slug,
            turn.reply.message_id,
            turn.opened_at,
            turn.reply.created_at,
            max((m.created_at for m in turn.earlier if m.is_staff and m.created_at), default=None),
            *turn.reply.label,
            turn.seconds,
            stored.business_seconds(turn.opened_at, turn.reply.created_at),
            turn.is_first,
        )
        for turn in stored.turns
    ]


def next_reply_times(stored: Stored) -> list[Row]:
    return [
        (
            turn.reply.day,
            turn.conversation.slug,
            turn.reply.message_id,
            turn.opened_at,
            turn.reply.created_at,
            *turn.reply.label,
            turn.seconds,
            stored.business_seconds(turn.opened_at, turn.reply.created_at),
        )
        for turn in stored.turns
        if turn.is_first is False
    ]


def first_response_times(stored: Stored) -> list[Row]:
    rows = []
    for conversation in stored.conversations:
        reply = next((m for m in conversation.spoken if m.is_staff), None)
        if reply is None:
            continue
        asked = [m for m in conversation.spoken[: conversation.spoken.index(reply)] if not m.is_staff]
        known = conversation.known(reply.day)
        if known and not asked:
            continue  # staff opened it
        since = asked[0].created_at if known else None
        rows.append(
            (
                reply.day,
                conversation.slug,
                reply.message_id,
                since,
                reply.created_at,
                *reply.label,
                seconds(since, reply.created_at),
                stored.business_seconds(since, reply.created_at),
            )
        )
    return rows


def first_reply_times(stored: Stored) -> list[Row]:
    rows = []
    for conversation in stored.conversations:
        staff = [m for m in conversation.spoken if m.is_staff]
        if not staff:
            continue
        first_known = conversation.known(staff[0].day)
        by_staff = bool(conversation.spoken[0].is_staff)
        credited = staff[1:2] if first_known and by_staff else staff[:1]
        for reply in credited:
            since = conversation.began_at(reply.day) if first_known and conversation.known(reply.day) else None
            rows.append(
                (
                    reply.day,
                    conversation.slug,
                    reply.message_id,
                    since,
                    reply.created_at,
                    by_staff if first_known else None,
                    *reply.label,
                    seconds(since, reply.created_at),
                    stored.business_seconds(since, reply.created_at),
                )
            )
    return rows


def response_times_daily(stored: Stored) -> list[Row]:
    return [(day, *distribution(stored, [t for t in stored.turns if t.reply.day == day])) for day in stored.days]


def response_times_by_sender(stored: Stored) -> list[Row]:
    groups = grouped(stored.turns, lambda t: (t.reply.day, t.reply.sender))
    return [(day, *shown([t.reply for t in turns]), *distribution(stored, turns)) for (day, _), turns in groups.items()]


def response_times_by_origin(stored: Stored) -> list[Row]:
    groups = grouped(stored.turns, lambda t: (t.reply.day, t.reply.origin, t.reply.origin_name))
    return [(*key, *distribution(stored, turns)) for key, turns in groups.items()]

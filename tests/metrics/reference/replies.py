"""How fast replies come: each turn, the first ones, and their distribution."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from tests.metrics.reference.conversation import Turn, seconds
from tests.metrics.reference.distribution import distribution, quantile, share
from tests.metrics.reference.message import DAY, Row
from tests.metrics.reference.stored import Stored, grouped, newest_category_name, shown


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


def first_turns(stored: Stored) -> list[Turn]:
    """The first response of each conversation that a customer opened, as a turn; unopened where that is not known."""
    found = []
    for conversation in stored.conversations:
        reply = next((m for m in conversation.spoken if m.is_staff), None)
        if reply is None:
            continue
        earlier = conversation.spoken[: conversation.spoken.index(reply)]
        asked = [m for m in earlier if not m.is_staff]
        known = conversation.known(reply.day)
        if known and not asked:
            continue  # staff opened it
        found.append(Turn(conversation, reply, asked[0].created_at if known else None, known or None, earlier))
    return found


def first_response_times(stored: Stored) -> list[Row]:
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
        for turn in first_turns(stored)
    ]


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
    return _by_day(stored, stored.turns)


def response_times_by_sender(stored: Stored) -> list[Row]:
    return _by_sender(stored, stored.turns)


def response_times_by_origin(stored: Stored) -> list[Row]:
    return _by_origin(stored, stored.turns)


def response_times_by_category(stored: Stored) -> list[Row]:
    return _by_category(stored, stored.turns)


def first_response_times_daily(stored: Stored) -> list[Row]:
    return _by_day(stored, first_turns(stored))


def first_response_times_by_sender(stored: Stored) -> list[Row]:
    return _by_sender(stored, first_turns(stored))


def first_response_times_by_origin(stored: Stored) -> list[Row]:
    return _by_origin(stored, first_turns(stored))


def first_response_times_by_category(stored: Stored) -> list[Row]:
    return _by_category(stored, first_turns(stored))


def period_summary(stored: Stored) -> list[Row]:
    """Every week and month of which a day is stored."""
    firsts: dict[str, Callable[[dt.date], dt.date]] = {
        "week": lambda day: day - (day.isoweekday() - 1) * DAY,
        "month": lambda day: day.replace(day=1),
    }
    beginnings = first_turns(stored)
    rows = []
    for period, first_of in firsts.items():
        for first, days in grouped(stored.days, first_of).items():
            last = first + 6 * DAY if period == "week" else (first + 31 * DAY).replace(day=1) - DAY
            said = [m for m in stored.messages if m.day in days]
            kept = [m for m in stored.kept if m.day in days]
            counts = [len(said), *(sum(1 for m in kept if m.speaker == side) for side in ("customer", "staff"))]
            begun = [turn for turn in beginnings if turn.reply.day in days]
            spans = [turn.seconds for turn in begun if turn.seconds is not None]
            within = [stored.business_seconds(turn.opened_at, turn.reply.created_at) for turn in begun]
            business = [span for span in within if span is not None]
            rows.append(
                (
                    period,
                    first,
                    last,
                    len(days),
                    *counts,
                    *distribution(stored, [turn for turn in stored.turns if turn.reply.day in days]),
                    len(spans),
                    quantile(spans, 0.5),
                    quantile(spans, 0.9),
                    quantile(business, 0.5),
                )
            )
    return rows


def _by_day(stored: Stored, turns: Sequence[Turn]) -> list[Row]:
    return [(day, *distribution(stored, [t for t in turns if t.reply.day == day])) for day in stored.days]


def _by_sender(stored: Stored, turns: Sequence[Turn]) -> list[Row]:
    groups = grouped(turns, lambda t: (t.reply.day, t.reply.sender))
    return [(day, *shown([t.reply for t in of]), *distribution(stored, of)) for (day, _), of in groups.items()]


def _by_origin(stored: Stored, turns: Sequence[Turn]) -> list[Row]:
    groups = grouped(turns, lambda t: (t.reply.day, t.reply.origin, t.reply.origin_name))
    return [(*key, *distribution(stored, of)) for key, of in groups.items()]


def _by_category(stored: Stored, turns: Sequence[Turn]) -> list[Row]:
    groups = grouped(turns, lambda t: (t.reply.day, t.reply.category[0]))
    return [(*key, newest_category_name(t.reply for t in of), *distribution(stored, of)) for key, of in groups.items()]


def target_results(stored: Stored) -> list[Row]:
    measured = {"first_response": first_response_times(stored), "next_reply": next_reply_times(stored)}
    rows = []
    for target in stored.rules.targets:
        for day, slug, message_id, opened, replied, *label, seconds_taken, business in measured[target["of"]]:
            _, _, _, origin, origin_name, category, category_name = label
            if target["category"] not in {None, *(name.lower() for name in (category, category_name) if name)}:
                continue
            if target["origin"] not in {None, str(origin), origin_name.lower()}:
                continue
            taken = business if target["business"] else seconds_taken
            met = None if taken is None else taken <= target["seconds"]
            about = (day, target["name"], target["of"], slug, message_id, opened, replied)
            rows.append((*about, *label, target["business"], target["seconds"], taken, met))
    return rows


def targets_daily(stored: Stored) -> list[Row]:
    return [(*key, *_met(of)) for key, of in grouped(target_results(stored), lambda row: row[:2]).items()]


def targets_by_sender(stored: Stored) -> list[Row]:
    rows = []
    for (day, name, _), of in grouped(target_results(stored), lambda row: (*row[:2], row[8])).items():
        replies = [m for m in stored.messages if m.message_id in {row[4] for row in of}]
        rows.append((day, name, *shown(replies), *_met(of)))
    return rows


def targets_by_category(stored: Stored) -> list[Row]:
    rows = []
    for key, of in grouped(target_results(stored), lambda row: (*row[:2], row[12])).items():
        replies = [m for m in stored.messages if m.message_id in {row[4] for row in of}]
        rows.append((*key, newest_category_name(replies), *_met(of)))
    return rows


def _met(results: Sequence[Row]) -> Row:
    known = [row[-1] for row in results if row[-1] is not None]
    return len(known), sum(known), len(known) - sum(known), len(results) - len(known), share(known, bool)

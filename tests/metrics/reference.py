"""The metrics once more, in plain Python over plain rows: what the SQL models are held against.

Written from the definitions, not from the SQL. It knows nothing of DuckDB, windows or partitions: given all stored
days it walks each conversation from its first message to its last. Slow, and meant to be read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from statistics import fmean, median
from typing import Any
from zoneinfo import ZoneInfo

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

    @property
    def origin_name(self) -> str:
        return f"Origin {self.origin}"


@dataclass(frozen=True)
class Rules:
    """The settings that metrics depend on."""

    timezone: str = "UTC"
    excluded_senders: tuple[str, ...] = ()
    excluded_origins: tuple[str, ...] = ()
    business_hours: Mapping[str, Any] | None = None

    def excludes(self, message: Message) -> bool:
        senders = [name.lower() for name in self.excluded_senders]
        origins = [name.lower() for name in self.excluded_origins]
        return (message.sender_email or "").lower() in senders or (
            str(message.origin) in origins or message.origin_name.lower() in origins
        )

    def local(self, instant: dt.datetime) -> dt.datetime:
        return instant.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(self.timezone))

    def end_of(self, day: dt.date) -> dt.datetime:
        midnight = dt.datetime.combine(day + DAY, dt.time(), ZoneInfo(self.timezone))
        return midnight.astimezone(dt.UTC).replace(tzinfo=None)

    def business_seconds(self, start: dt.datetime | None, end: dt.datetime) -> float | None:
        """The seconds from start to end that lie inside the schedule."""
        if self.business_hours is None or start is None:
            return None
        if end < start:
            return _negated(self.business_seconds(end, start))
        zone = ZoneInfo(self.business_hours["timezone"])
        total, day = 0.0, start.date() - 2 * DAY
        while day <= end.date() + 2 * DAY:
            for shift in self.business_hours["week"]:
                if shift["weekday"] != day.isoweekday() or str(day) in self.business_hours["holidays"]:
                    continue
                opens, closes = (_wall(day, shift[edge], zone) for edge in ("opens", "closes"))
                total += max(0.0, (min(closes, end) - max(opens, start)).total_seconds())
            day += DAY
        return total


def _negated(value: float | None) -> float | None:
    return None if value is None else -value


def _wall(day: dt.date, minutes: int, zone: ZoneInfo) -> dt.datetime:
    wall = dt.datetime.combine(day, dt.time(), zone) + dt.timedelta(minutes=minutes)
    return wall.astimezone(dt.UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class Conversation:
    """The messages of one conversation that count, in the order in which they were said."""

    slug: str
    messages: tuple[Message, ...]
    rules: Rules
    stored: frozenset[dt.date] = field(repr=False)

    @cached_property
    def spoken(self) -> list[Message]:
        """Dated messages of visibility 0 by staff or customer; at one instant the customer comes first."""
        dated = [m for m in self.messages if m.visibility == 0 and m.is_staff is not None and m.created_at]
        return sorted(dated, key=lambda m: (m.created_at, m.is_staff, m.message_id))

    def start(self, until: dt.date) -> dt.date | None:
        """The day it began, as the messages up to a day tell; None if none of them says when it was created."""
        seen = [m for m in self.messages if m.day <= until]
        created = [m.conversation_created_at for m in seen if m.conversation_created_at]
        if not created:
            return None
        return min(self.rules.local(min(created)).date(), *(m.day for m in seen))

    def unbroken(self, first: dt.date | None, last: dt.date) -> bool:
        """Whether each day from first to last is stored."""
        if first is None:
            return False
        return all(first + n * DAY in self.stored for n in range((last - first).days + 1))

    def wait(self, before: Sequence[Message], until: dt.date) -> tuple[Message | None, bool]:
        """Who has been waiting since when after some messages, and whether no missing day could change that."""
        staff = [m for m in before if m.is_staff]
        after = before[before.index(staff[-1]) + 1 :] if staff else before
        known = bool(staff) and self.unbroken(staff[-1].day, until)
        return (after[0] if after else None), known or self.unbroken(self.start(until), until)


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

    @property
    def business_seconds(self) -> float | None:
        assert self.reply.created_at is not None
        return self.conversation.rules.business_seconds(self.opened_at, self.reply.created_at)


def seconds(start: dt.datetime | None, end: dt.datetime | None) -> float | None:
    return None if start is None or end is None else (end - start) / dt.timedelta(microseconds=1) / 1e6


def turns(conversation: Conversation) -> Iterable[Turn]:
    """Every reply that closes a turn, or may have closed one that began on a missing day."""
    for place, reply in enumerate(conversation.spoken):
        if not reply.is_staff:
            continue
        earlier = conversation.spoken[:place]
        opening, known = conversation.wait(earlier, reply.day)
        if known and opening is None:
            continue
        answered = any(
            not asked.is_staff and any(later.is_staff for later in earlier[n:]) for n, asked in enumerate(earlier)
        )
        started = conversation.unbroken(conversation.start(reply.day), reply.day)
        opened_at = opening.created_at if known and opening else None
        yield Turn(conversation, reply, opened_at, False if answered else (True if started else None), earlier)


class Reference:
    """All tables over the stored days: ``tables[name]()`` gives rows in the order of the model's columns."""

    def __init__(self, stored: Mapping[dt.date, Sequence[Message]], rules: Rules) -> None:
        self.rules = rules
        self.days = sorted(stored)
        self.all = [m for day in self.days for m in stored[day]]
        self.kept = [m for m in self.all if not rules.excludes(m)]
        slugs = sorted({m.slug for m in self.kept if m.slug is not None})
        self.conversations = [
            Conversation(slug, tuple(m for m in self.kept if m.slug == slug), rules, frozenset(stored))
            for slug in slugs
        ]
        self.turns = [turn for conversation in self.conversations for turn in turns(conversation)]

    @property
    def tables(self) -> dict[str, Callable[[], list[Row]]]:
        return {name.removeprefix("table_"): getattr(self, name) for name in dir(self) if name.startswith("table_")}

    def table_reply_turns(self) -> list[Row]:
        return [
            (
                turn.reply.day,
                turn.conversation.slug,
                turn.reply.message_id,
                turn.opened_at,
                turn.reply.created_at,
                max((m.created_at for m in turn.earlier if m.is_staff and m.created_at), default=None),
                *_label(turn.reply),
                turn.seconds,
                turn.business_seconds,
                turn.is_first,
            )
            for turn in self.turns
        ]

    def table_next_reply_times(self) -> list[Row]:
        return [
            (
                turn.reply.day,
                turn.conversation.slug,
                turn.reply.message_id,
                turn.opened_at,
                turn.reply.created_at,
                *_label(turn.reply),
                turn.seconds,
                turn.business_seconds,
            )
            for turn in self.turns
            if turn.is_first is False
        ]

    def table_first_response_times(self) -> list[Row]:
        rows = []
        for conversation in self.conversations:
            reply = next((m for m in conversation.spoken if m.is_staff), None)
            if reply is None or reply.created_at is None:
                continue
            asked = [m for m in conversation.spoken[: conversation.spoken.index(reply)] if not m.is_staff]
            known = conversation.unbroken(conversation.start(reply.day), reply.day)
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
                    *_label(reply),
                    seconds(since, reply.created_at),
                    self.rules.business_seconds(since, reply.created_at),
                )
            )
        return rows

    def table_first_reply_times(self) -> list[Row]:
        rows = []
        for conversation in self.conversations:
            staff = [m for m in conversation.spoken if m.is_staff]
            if not staff:
                continue
            first_known = conversation.unbroken(conversation.start(staff[0].day), staff[0].day)
            by_staff = bool(conversation.spoken[0].is_staff)
            credited = staff[1:2] if first_known and by_staff else staff[:1]
            for reply in credited:
                assert reply.created_at is not None
                known = first_known and conversation.unbroken(conversation.start(reply.day), reply.day)
                created = min(
                    (m.conversation_created_at for m in conversation.messages
                     if m.conversation_created_at and m.day <= reply.day),
                    default=None,
                )  # fmt: skip
                since = created if known else None
                rows.append(
                    (
                        reply.day,
                        conversation.slug,
                        reply.message_id,
                        since,
                        reply.created_at,
                        by_staff if first_known else None,
                        *_label(reply),
                        seconds(since, reply.created_at),
                        self.rules.business_seconds(since, reply.created_at),
                    )
                )
        return rows

    def table_response_times_daily(self) -> list[Row]:
        return [(day, *_statistics([t for t in self.turns if t.reply.day == day])) for day in self.days]

    def table_response_times_by_sender(self) -> list[Row]:
        rows = []
        for (day, email, _), group in _grouped(self.turns, lambda t: (t.reply.day, *_sender(t.reply))).items():
            rows.append((day, email, _newest_name([t.reply for t in group]), *_statistics(group)))
        return rows

    def table_response_times_by_origin(self) -> list[Row]:
        groups = _grouped(self.turns, lambda t: (t.reply.day, t.reply.origin, t.reply.origin_name))
        return [(*key, *_statistics(group)) for key, group in groups.items()]

    def _effort(self) -> Iterable[tuple[dt.date, Conversation, int, bool, list[Message]]]:
        """Each conversation on each day on which staff replied: replies of the day, start known, all said so far."""
        for conversation in self.conversations:
            said = [m for m in conversation.messages if m.visibility == 0 and m.is_staff is not None]
            for day in sorted({m.day for m in said if m.is_staff}):
                today = sum(1 for m in said if m.day == day and m.is_staff)
                known = conversation.unbroken(conversation.start(day), day)
                yield day, conversation, today, known, [m for m in said if m.day <= day]

    def table_replied_conversations(self) -> list[Row]:
        return [
            (
                day,
                conversation.slug,
                known,
                today,
                sum(1 for m in said if m.is_staff) if known else None,
                len(said) if known else None,
                len({m.sender_email for m in said if m.is_staff} - {None}) if known else None,
                sorted({m.sender_email for m in said if not m.is_staff and m.sender_email is not None}),
            )
            for day, conversation, today, known, said in self._effort()
        ]

    def table_conversation_effort_daily(self) -> list[Row]:
        rows = []
        replied = self.table_replied_conversations()
        for day in self.days:
            of_day = [row for row in replied if row[0] == day]
            known = [row for row in of_day if row[2]]
            rows.append(
                (
                    day,
                    len(of_day),
                    len(of_day) - len(known),
                    _mean([row[4] for row in known]),
                    _share(known, lambda row: row[4] == 1),
                    _mean([row[5] for row in known]),
                    _mean([row[6] for row in known]),
                    _share(known, lambda row: row[6] > 1),
                )
            )
        return rows

    def table_conversation_volume_daily(self) -> list[Row]:
        rows = []
        all_replied = self.table_replied_conversations()
        for day in self.days:
            everything = [m for m in self.all if m.day == day]
            kept = [m for m in self.kept if m.day == day]
            regular = [m for m in kept if m.visibility == 0]
            replied = [row for row in all_replied if row[0] == day]
            created = {c.slug for c in self.conversations if day in _creation_days(c)}
            rows.append(
                (
                    day,
                    sum(1 for m in regular if m.is_staff is False),
                    len(created),
                    len(replied),
                    len({email for row in replied for email in row[7]}),
                    sum(1 for row in replied if not row[2]),
                    len(everything),
                    sum(1 for m in regular if m.is_staff),
                    len(everything) - len(kept),
                    sum(1 for m in kept if m.is_staff is None),
                    sum(1 for m in kept if m.created_at is None),
                    sum(1 for m in kept if m.slug is None),
                )
            )
        return rows

    def table_awaiting_reply(self) -> list[Row]:
        rows = []
        for day in self.days:
            for conversation in self.conversations:
                said = [m for m in conversation.spoken if m.day <= day]
                if not said or said[-1].is_staff:
                    continue
                opening, known = conversation.wait(said, day)
                since = opening.created_at if known and opening else None
                age = seconds(since, self.rules.end_of(day))
                certain = conversation.unbroken(said[-1].day, day)
                rows.append((day, conversation.slug, since, said[-1].created_at, age, certain))
        return rows

    def table_busiest_hours(self) -> list[Row]:
        received = [
            self.rules.local(m.created_at)
            for m in self.kept
            if m.visibility == 0 and m.is_staff is False and m.created_at
        ]
        rows = []
        for weekday in range(1, 8):
            weeks = sum(1 for day in self.days if day.isoweekday() == weekday)
            for hour in range(24):
                count = sum(1 for local in received if (local.isoweekday(), local.hour) == (weekday, hour))
                rows.append((weekday, hour, count / weeks if weeks else None, count, weeks))
        return rows

    def table_staff_response_counts(self) -> list[Row]:
        rows = []
        for (day, email, _), group in _grouped(
            [m for m in self.all if m.is_staff], lambda m: (m.day, *_sender(m))
        ).items():
            kept = [m for m in group if not self.rules.excludes(m)]
            responses = [m for m in kept if m.visibility == 0]
            rows.append(
                (
                    day,
                    email,
                    _newest_name(group),
                    len(responses),
                    sum(1 for m in kept if m.visibility == 1),
                    sum(1 for m in kept if m.visibility == 2),
                    len({m.slug for m in responses} - {None}),
                    len(group) - len(kept),
                )
            )
        return rows

    def table_staff_responses_by_origin(self) -> list[Row]:
        responses = [m for m in self.kept if m.is_staff and m.visibility == 0]
        groups = _grouped(responses, lambda m: (m.day, *_sender(m), m.origin, m.origin_name))
        return [
            (day, email, _newest_name(group), origin, name, len(group), len({m.slug for m in group} - {None}))
            for (day, email, _, origin, name), group in groups.items()
        ]

    def table_messages_per_origin(self) -> list[Row]:
        rows = []
        for (day, origin, name), group in _grouped(self.all, lambda m: (m.day, m.origin, m.origin_name)).items():
            kept = [m for m in group if not self.rules.excludes(m)]
            staff, customers = (sum(1 for m in kept if m.is_staff is side) for side in (True, False))
            rows.append((day, origin, name, len(kept), staff, customers, len(group) - len(kept)))
        return rows


def _label(reply: Message) -> Row:
    return reply.sender_email, reply.sender_name, reply.origin, reply.origin_name


def _sender(message: Message) -> Row:
    """Email decides who a sender is; without one the name does."""
    return message.sender_email, None if message.sender_email is not None else message.sender_name


def _newest_name(messages: Iterable[Message]) -> str | None:
    named = [m for m in messages if m.sender_name is not None]
    midnight = dt.time()
    newest = max(
        named, key=lambda m: (m.created_at or dt.datetime.combine(m.day, midnight), m.message_id), default=None
    )
    return newest.sender_name if newest else None


def _creation_days(conversation: Conversation) -> set[dt.date]:
    """The days on which it was created, as each day's messages say: one, unless the API changes its mind."""
    by_day = _grouped([m for m in conversation.messages if m.conversation_created_at], lambda m: m.day)
    created = [min(m.conversation_created_at for m in group if m.conversation_created_at) for group in by_day.values()]
    return {conversation.rules.local(instant).date() for instant in created}


def _grouped(items: Iterable[Any], key: Callable[[Any], Any]) -> dict[Any, list[Any]]:
    groups: dict[Any, list[Any]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def _statistics(group: Sequence[Turn]) -> Row:
    known = [turn.seconds for turn in group if turn.seconds is not None]
    business = [turn.business_seconds for turn in group if turn.business_seconds is not None]
    hour = 3600
    edges = [0, hour, 4 * hour, 8 * hour, 24 * hour, float("inf")]
    return (
        len(known),
        len(group) - len(known),
        median(known) if known else None,
        _quantile(known, 0.9),
        _mean(known),
        *(_share(known, lambda s, limit=limit: s < limit) for limit in (hour, 24 * hour, 168 * hour)),
        *(sum(1 for s in known if low <= s < high) for low, high in pairwise(edges)),
        median(business) if business else None,
        _quantile(business, 0.9),
        _mean(business),
    )


def _quantile(values: Sequence[float], share: float) -> float | None:
    """Between the two nearest values in proportion, as most tools compute a percentile."""
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def _share(values: Sequence[Any], holds: Callable[[Any], bool]) -> float | None:
    return sum(1 for value in values if holds(value)) / len(values) if values else None

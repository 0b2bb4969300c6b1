"""Random helpdesk histories, and the random orders in which they reach the warehouse."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tests.metrics.reference import DAY, Message, Rules

FIRST_DAY = dt.date(2026, 3, 4)
"""A Wednesday; daylight saving begins in Los Angeles on the Sunday after."""
DAYS = [FIRST_DAY + n * DAY for n in range(8)]

MOST_RUNS = 3

_TIMES = [
    dt.time(0, 0),
    dt.time(0, 0, 0, 1000),
    dt.time(9, 0),
    dt.time(9, 0, 5),
    dt.time(12, 30, 0, 500_000),
    dt.time(17, 45),
    dt.time(23, 59, 59, 999_000),
]
_PEOPLE = [
    ("Ann", "ann@example.com"),
    ("Ann B.", "ann@example.com"),
    ("Ben", "ben@example.com"),
    ("Bot", "Bot@example.com"),
    ("Guest", None),
    (None, None),
]
Version = dict[dt.date, tuple[Message, ...]]


def _instant(day: dt.date, time: dt.time, zone: str) -> dt.datetime:
    return dt.datetime.combine(day, time, ZoneInfo(zone)).astimezone(dt.UTC).replace(tzinfo=None)


@st.composite
def _messages(draw: st.DrawFn, rules: Rules) -> list[Message]:
    """The messages of a few conversations, some of which began before the first day."""
    created = {
        slug: draw(
            st.none()
            | st.builds(
                lambda back, time: _instant(DAYS[4] - back * DAY, time, rules.timezone),
                st.integers(0, 7),
                st.sampled_from(_TIMES),
            )
        )
        for slug in ("a", "b", "c")
    }
    rows = []
    for number in range(draw(st.integers(0, 22))):
        day = draw(st.sampled_from(DAYS))
        slug = draw(st.sampled_from(["a", "a", "a", "b", "b", "c", None]))
        name, email = draw(st.sampled_from(_PEOPLE))
        dated = draw(st.integers(0, 11)) > 0
        told = draw(st.integers(0, 7)) > 0
        rows.append(
            Message(
                message_id=f"{draw(st.integers(0, 9))}{number:03}",
                day=day,
                created_at=_instant(day, draw(st.sampled_from(_TIMES)), rules.timezone) if dated else None,
                slug=slug,
                conversation_created_at=created[slug] if slug and told else None,
                sender_name=name,
                sender_email=email,
                is_staff=draw(st.sampled_from([True, True, True, False, False, False, None])),
                origin=draw(st.sampled_from([0, 1, 1, 99, None])),
                visibility=draw(st.sampled_from([0, 0, 0, 0, 0, 1, 2, None])),
            )
        )
    return rows


@st.composite
def deliveries(draw: st.DrawFn, rules: Rules) -> list[Version]:
    """What runs store, in order: each replaces some days. A day may come again with rows gone or added.

    Days that never come are holes in the stored history.
    """
    rows = draw(_messages(rules))
    stored = draw(st.lists(st.sampled_from(DAYS), min_size=1, max_size=len(DAYS), unique=True))
    runs: list[Version] = []
    left = stored  # in random order, so a backfill may go forwards, backwards or anyhow
    while left:
        size = draw(st.integers(1, len(left))) if len(runs) < MOST_RUNS - 1 else len(left)
        now, left = left[:size], left[size:]
        runs.append({day: tuple(m for m in rows if m.day == day) for day in now})
    for day in draw(st.lists(st.sampled_from(stored), max_size=1)):
        earlier = draw(st.integers(0, len(runs) - 1))
        lacking = tuple(m for m in rows if m.day == day and draw(st.booleans()))
        runs.insert(earlier, {day: lacking})
        if draw(st.booleans()):
            runs.append({day: lacking})
    return runs


def outcome(runs: list[Version]) -> Version:
    """What is stored in the end: of each day, what came last."""
    return {day: messages for run in runs for day, messages in run.items()}

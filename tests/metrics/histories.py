"""Random helpdesk histories, and the random orders in which they reach the warehouse."""

from __future__ import annotations

import datetime as dt
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tests.metrics.reference import DAY, Message, Rules

FIRST_DAY = dt.date(2026, 3, 4)
"""A Wednesday; daylight saving begins in Los Angeles on the Sunday after."""
DAYS = [FIRST_DAY + n * DAY for n in range(8)]

AUTUMN = {"America/Havana": dt.date(2026, 10, 29)}
"""Zones looked at when summer ends, each from a first day: there the first of November begins twice."""

MOST_RUNS = 3
MOST_CONVERSATIONS = 80

_TIMES = [
    dt.time(0, 0),
    dt.time(0, 0, 0, 1000),
    dt.time(0, 30, fold=1),
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
    ("Ann", "\tANN@Example.com\u00a0"),
    ("Bot", "Bot@example.com"),
    ("Guest", None),
    (" Guest", " "),
    (None, None),
    ("", "\u3000"),
]
Version = dict[dt.date, tuple[Message, ...]]


def days_in(zone: str) -> list[dt.date]:
    """The eight days of a zone's histories; its clocks change among them, if they ever do."""
    return [AUTUMN[zone] + n * DAY for n in range(8)] if zone in AUTUMN else DAYS


def _instant(day: dt.date, time: dt.time, zone: str) -> dt.datetime:
    return dt.datetime.combine(day, time, ZoneInfo(zone)).astimezone(dt.UTC).replace(tzinfo=None)


def _conversation(slug: str | None, dice: Random, zone: str) -> list[Message]:
    """A few messages close together, so that much happens at one instant; the conversation may be older.

    When it was created may be told by its later messages alone.
    """
    days = days_in(zone)
    first = dice.randrange(len(days))
    created = None
    if slug is not None and slug.strip() and dice.random() < 0.9:
        created = _instant(days[first] - dice.choice([0, 0, 0, 1, 2, 6, -1]) * DAY, dice.choice(_TIMES), zone)
    told_from = days[min(first + dice.choice([0, 0, 0, 1, 2]), len(days) - 1)]
    rows = []
    for number in range(dice.randint(1, 8)):
        day = days[min(first + dice.choice([0, 0, 1, 1, 2, 4]), len(days) - 1)]
        name, email = dice.choice(_PEOPLE)
        rows.append(
            Message(
                message_id=f"{dice.randrange(10)}/{slug}/{number}",
                day=day,
                created_at=_instant(day, dice.choice(_TIMES), zone) if dice.random() < 0.95 else None,
                slug=slug,
                conversation_created_at=created if day >= told_from and dice.random() < 0.95 else None,
                sender_name=name,
                sender_email=email,
                is_staff=dice.choice([True, True, True, False, False, False, False, None]),
                origin=dice.choice([0, 1, 1, 99, None]),
                visibility=dice.choice([0, 0, 0, 0, 0, 0, 1, 2, None]),
                category_slug=dice.choice(["sales", "sales", "support", None, " "]),
                category_name=dice.choice(["Sales", None]),
                body=dice.choice(["Where is it? \U0001f69a", "Grüße\n\nEve", "", None]),
            )
        )
    return rows


@st.composite
def _messages(draw: st.DrawFn, rules: Rules) -> list[Message]:
    """The messages of many small conversations, each from a seed of its own: fewer of them are a smaller example."""
    seed = draw(st.integers(0, 2**32))
    rows = [
        m
        for number, slug in enumerate((None, "", "\n"))
        for m in _conversation(slug, Random(seed - number), rules.timezone)
    ]
    for number in range(draw(st.integers(0, MOST_CONVERSATIONS))):
        rows += _conversation(f"c{number}", Random(seed + number + 1), rules.timezone)
    return rows


@st.composite
def deliveries(draw: st.DrawFn, rules: Rules) -> list[Version]:
    """What runs store, in order: each replaces some days. A day may come again with rows gone or added.

    Days that never come are holes in the stored history.
    """
    rows = draw(_messages(rules))
    days = days_in(rules.timezone)
    stored = draw(st.lists(st.sampled_from(days), min_size=1, max_size=len(days), unique=True))
    runs: list[Version] = []
    left = stored  # in random order, so a backfill may go forwards, backwards or anyhow
    while left:
        size = draw(st.integers(1, len(left))) if len(runs) < MOST_RUNS - 1 else len(left)
        now, left = left[:size], left[size:]
        runs.append({day: tuple(m for m in rows if m.day == day) for day in now})
    for day in draw(st.lists(st.sampled_from(stored), max_size=1)):
        earlier = draw(st.integers(0, len(runs) - 1))
        lacking = tuple(m for n, m in enumerate(rows) if m.day == day and n % 3 != 0)
        runs.insert(earlier, {day: lacking})
        if draw(st.booleans()):
            runs.append({day: lacking})
    return runs


def outcome(runs: list[Version]) -> Version:
    """What is stored in the end: of each day, what came last."""
    return {day: messages for run in runs for day, messages in run.items()}

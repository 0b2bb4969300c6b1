"""The conversations behind the numbers: which they are, what they are about, and where they are in Re:amaze."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

import duckdb

from reamaze_pipeline.errors import NotComputed
from reamaze_pipeline.report.numbers.metric_query import Row, fetch
from reamaze_pipeline.report.numbers.period import Period
from reamaze_pipeline.report.words import clean

SLOWEST_SHOWN = 25
BUSIEST_SHOWN = 50

_SLOWEST = """
    SELECT conversation_slug, coalesce(sender_name, sender_email), origin_name, coalesce(category_name, category_slug),
        opened_at, replied_at, {seconds}
    FROM temp.report_turns WHERE day BETWEEN $first AND $last AND {seconds} IS NOT NULL
    ORDER BY {seconds} DESC, replied_at, conversation_slug LIMIT $shown
"""
_BUSIEST = """
    SELECT conversation_slug, sum(message_count)::bigint AS messages, sum(customer_message_count)::bigint,
        sum(response_count)::bigint, coalesce(bool_or(conversation_day BETWEEN $first AND $last), false),
        count(*) OVER () AS conversations
    FROM intermediate.conversation_days WHERE day BETWEEN $first AND $last
    GROUP BY conversation_slug ORDER BY messages DESC, conversation_slug LIMIT $shown
"""
_ABOUT = """
    SELECT conversation_slug, arg_max(subject, (coalesce(created_at, day), message_id)),
        arg_max(coalesce(nullif(trim(sender_name), ''), sender_email), (coalesce(created_at, day), message_id))
            FILTER (WHERE NOT is_staff),
        arg_max(origin_name, (coalesce(created_at, day), message_id)) FILTER (WHERE NOT is_staff),
        arg_max(coalesce(category_name, category_slug), (coalesce(created_at, day), message_id))
    FROM core.messages WHERE conversation_slug IN (SELECT unnest($slugs)) GROUP BY ALL
"""


@dataclass(frozen=True, slots=True)
class Reply:
    """One closed turn: who answered, where, from when (naive UTC) to when, in how many seconds."""

    slug: str
    sender: str
    channel: str
    inbox: str
    opened_at: datetime | None
    replied_at: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class Thread:
    """One conversation of the period, with its messages of these days; whether it began in them."""

    slug: str
    messages: int
    received: int
    responses: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class Threads:
    """``most`` are those with the most messages, of ``total``."""

    most: tuple[Thread, ...]
    total: int


@dataclass(frozen=True, slots=True)
class About:
    """What a reader knows a conversation by; ``address`` is where it is in Re:amaze, if links are wished for."""

    slug: str
    subject: str
    customer: str
    channel: str
    inbox: str
    address: str | None


def replies_of(rows: Iterable[Row]) -> tuple[Reply, ...]:
    """Rows of slug, sender, channel, inbox, opening, reply and seconds."""
    return tuple(
        Reply(row[0], clean(row[1], "No name", 60), clean(row[2], longest=40), clean(row[3], longest=40), *row[4:])
        for row in rows
    )


def read_slowest(connection: duckdb.DuckDBPyConnection, period: Period, *, first: bool = False) -> tuple[Reply, ...]:
    """The replies, or the first responses, that took longest. Needs `speed.turns_at_hand`. Raises `NotComputed`."""
    sql = _SLOWEST.format(seconds="first_seconds" if first else "seconds")
    return replies_of(fetch(connection, sql, **period.bounds, shown=SLOWEST_SHOWN))


def read_threads(connection: duckdb.DuckDBPyConnection, period: Period) -> Threads:
    """Raises `NotComputed`."""
    rows = fetch(connection, _BUSIEST, **period.bounds, shown=BUSIEST_SHOWN)
    return Threads(tuple(Thread(*row[:5]) for row in rows), rows[0][5] if rows else 0)


def read_about(connection: duckdb.DuckDBPyConnection, slugs: Sequence[str], links: str | None) -> Mapping[str, About]:
    """What is known of these conversations. In ``links``, `{slug}` stands for a conversation."""
    wanted = sorted(set(slugs))
    try:
        found = {row[0]: row[1:] for row in fetch(connection, _ABOUT, slugs=wanted)} if wanted else {}
    except NotComputed:
        found = {}
    return {
        slug: About(
            clean(slug, longest=80),
            clean(known[0], "No subject"),
            clean(known[1], "Unknown", 60),
            clean(known[2], longest=40),
            clean(known[3], longest=40),
            links.replace("{slug}", quote(slug, safe="")) if links else None,
        )
        for slug in wanted
        for known in [found.get(slug, (None,) * 4)]
    }

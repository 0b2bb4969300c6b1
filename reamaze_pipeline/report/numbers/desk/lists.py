"""The conversations behind each sender, channel and inbox, and behind the customers who came again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import duckdb

from reamaze_pipeline.report.numbers.metric_query import fetch
from reamaze_pipeline.report.numbers.period import Period

SHOWN, FEWEST, MOST_ROWS = 10, 3, 300
"""Conversations of each; of many senders, channels or inboxes fewer of each, so that a page stays small."""
AGAIN_SHOWN = 25

_BEHIND = """
    WITH said AS (
        SELECT coalesce({key}::varchar, '') AS key, conversation_slug, count(*) AS messages
        FROM intermediate.counted_messages
        WHERE day BETWEEN $first AND $last AND conversation_slug IS NOT NULL AND {whose} GROUP BY ALL
    ), timed AS (
        SELECT coalesce({key}::varchar, '') AS key, conversation_slug, max(seconds) AS slowest
        FROM temp.report_turns WHERE day BETWEEN $first AND $last GROUP BY ALL
    ), placed AS (
        SELECT said.*, slowest, count(*) OVER (PARTITION BY said.key) AS conversations, row_number() OVER (
            PARTITION BY said.key ORDER BY slowest DESC NULLS LAST, messages DESC, said.conversation_slug) AS place
        FROM said LEFT JOIN timed ON timed.key = said.key AND timed.conversation_slug = said.conversation_slug
        WHERE list_contains($keys::varchar[], said.key)
    )
    SELECT key, conversations, conversation_slug, messages, slowest
    FROM placed WHERE place <= $shown ORDER BY key, place
"""
# As `metrics.customers_daily` has it.
_AGAIN = """
    SELECT today.day, slug, max(before.day), count(*) OVER ()
    FROM intermediate.customer_days AS today
    JOIN intermediate.customer_days AS before ON before.customer_key = today.customer_key
        AND before.day < today.day AND before.day >= today.day - 7
        AND len([one FOR one IN before.conversation_slugs IF NOT list_contains(today.conversation_slugs, one)]) > 0
    CROSS JOIN unnest(today.conversation_slugs) AS listed (slug)
    WHERE today.day BETWEEN $first AND $last
    GROUP BY today.day, today.customer_key, slug ORDER BY today.day DESC, slug LIMIT $shown
"""


@dataclass(frozen=True, slots=True)
class Listed:
    """One conversation: messages in it of the sender, channel or inbox, and its slowest reply there, in seconds."""

    slug: str
    messages: int
    slowest: float | None


@dataclass(frozen=True, slots=True)
class Inside:
    """Those with the slowest replies, of ``total``."""

    named: tuple[Listed, ...]
    total: int

    @property
    def more(self) -> int:
        return self.total - len(self.named)


@dataclass(frozen=True, slots=True)
class Again:
    """A conversation that a customer wrote in on ``day``, after another in the week before, last on ``before``."""

    day: date
    slug: str
    before: date


@dataclass(frozen=True, slots=True)
class Lists:
    """By the key of a sender, channel or inbox, if a conversation of it is known; ``again`` are the newest of all."""

    senders: Mapping[str, Inside]
    channels: Mapping[str, Inside]
    inboxes: Mapping[str, Inside]
    again: tuple[Again, ...]
    again_total: int

    @property
    def slugs(self) -> list[str]:
        """Of all that is listed."""
        groups = [*self.senders.values(), *self.channels.values(), *self.inboxes.values()]
        return [one.slug for inside in groups for one in inside.named] + [one.slug for one in self.again]


def read_lists(
    connection: duckdb.DuckDBPyConnection,
    period: Period,
    senders: Collection[str],
    channels: Collection[str],
    inboxes: Collection[str],
) -> Lists:
    """Those of the keys. Needs `speed.turns_at_hand`. Raises `NotComputed`."""
    again = fetch(connection, _AGAIN, **period.bounds, shown=AGAIN_SHOWN)
    return Lists(
        _inside(connection, period, senders, "sender_key", "speaker = 'staff'"),
        _inside(connection, period, channels, "origin", "speaker IS NOT NULL"),
        _inside(connection, period, inboxes, "category_slug", "speaker IS NOT NULL"),
        tuple(Again(*row[:3]) for row in again),
        again[0][3] if again else 0,
    )


def _inside(
    connection: duckdb.DuckDBPyConnection, period: Period, keys: Collection[str], key: str, whose: str
) -> Mapping[str, Inside]:
    shown = max(FEWEST, min(SHOWN, MOST_ROWS // max(len(keys), 1)))
    sql = _BEHIND.format(key=key, whose=whose)
    found: dict[str, list[Listed]] = {}
    totals: dict[str, int] = {}
    for group, total, *row in fetch(connection, sql, **period.bounds, keys=list(keys), shown=shown):
        found.setdefault(group, []).append(Listed(*row))
        totals[group] = total
    return {group: Inside(tuple(listed), totals[group]) for group, listed in found.items()}

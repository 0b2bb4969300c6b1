"""What the numbers rest on: days that are stored or not, when they were, and what was left out of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from reamaze_pipeline.errors import NotComputed
from reamaze_pipeline.report.numbers.metric_query import Row, fetch
from reamaze_pipeline.report.numbers.period import Period
from reamaze_pipeline.report.words import clean

MOST_NAMED = 8

_COUNTS = """
    SELECT coalesce(sum(message_count), 0)::bigint, coalesce(sum(excluded_message_count), 0)::bigint,
        coalesce(sum(unknown_side_count), 0)::bigint, coalesce(sum(undated_message_count), 0)::bigint,
        coalesce(sum(unthreaded_message_count), 0)::bigint
    FROM intermediate.stored_days WHERE day BETWEEN $first AND $last
"""
_REFRESHED = """
    SELECT max(loaded_at) FROM meta.partitions
    WHERE schema_name = 'raw' AND table_name = 'message_pages' AND day BETWEEN $first AND $last
"""
_UNKNOWN_ORIGINS = """
    SELECT origin_name, sum(message_count)::bigint FROM metrics.messages_per_origin
    WHERE day BETWEEN $first AND $last AND (origin IS NULL OR origin NOT IN (SELECT code FROM seeds.origins))
    GROUP BY ALL HAVING sum(message_count) > 0 ORDER BY 2 DESC, 1
"""
_EXCLUDED_SENDERS = """
    SELECT coalesce(arg_max(sender_email, day), arg_max(sender_name, day)), sum(excluded_message_count)::bigint
    FROM metrics.staff_response_counts WHERE day BETWEEN $first AND $last
    GROUP BY sender_key
    HAVING sum(excluded_message_count) > 0 ORDER BY 2 DESC, 1
"""
_REFETCHED = """
    SELECT DISTINCT pages.day FROM meta.partitions AS pages
    JOIN meta.partitions AS sums ON sums.day = pages.day
    WHERE pages.schema_name = 'raw' AND pages.table_name = 'message_pages'
        AND sums.schema_name = 'intermediate' AND sums.table_name = 'stored_days'
        AND sums.loaded_at < pages.loaded_at AND pages.day BETWEEN $first AND $last
"""


@dataclass(frozen=True, slots=True)
class Named:
    """Who or what with their messages: the first few by name, how many ``more`` there are, and ``messages`` of all."""

    first: tuple[tuple[str, int], ...]
    more: int
    messages: int


@dataclass(frozen=True, slots=True)
class State:
    """Of the period. ``refreshed_at`` (naive UTC) is when the newest of its days was fetched."""

    messages: int
    excluded: int
    unknown_side: int
    undated: int
    unthreaded: int
    refreshed_at: datetime | None
    unknown_origins: Named
    excluded_senders: Named
    stale_days: int


def read_state(connection: duckdb.DuckDBPyConnection, period: Period) -> State:
    """What can be told; tables that are absent have nothing to tell."""
    messages, excluded, unknown_side, undated, unthreaded = (_told(connection, _COUNTS, period) or [(0,) * 5])[0]
    refreshed = _told(connection, _REFRESHED, period) or [(None,)]
    return State(
        messages=messages,
        excluded=excluded,
        unknown_side=unknown_side,
        undated=undated,
        unthreaded=unthreaded,
        refreshed_at=refreshed[0][0],
        unknown_origins=_named(_told(connection, _UNKNOWN_ORIGINS, period)),
        excluded_senders=_named(_told(connection, _EXCLUDED_SENDERS, period)),
        stale_days=len(_told(connection, _REFETCHED, period)),
    )


def _told(connection: duckdb.DuckDBPyConnection, sql: str, period: Period) -> list[Row]:
    try:
        return fetch(connection, sql, **period.bounds)
    except NotComputed:
        return []


def _named(rows: list[Row]) -> Named:
    first = tuple((clean(name, "No name", 60), number) for name, number in rows[:MOST_NAMED])
    return Named(first, len(rows) - len(first), sum(number for _, number in rows))

"""Channels and inboxes: how much came in through each, and how fast it was answered there."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from reamaze_pipeline.report.numbers.metric_query import fetch
from reamaze_pipeline.report.numbers.period import Period
from reamaze_pipeline.report.words import clean

_GROUPS = """
    WITH came AS (
        SELECT {key} AS key, arg_max({name}, day) AS name, sum({received})::bigint AS received
        FROM {table} WHERE day BETWEEN $first AND $last GROUP BY {key}
    ), answered AS (
        SELECT {key} AS key, arg_max({name}, replied_at) AS name, count(seconds) AS replies, median(seconds) AS median,
            quantile_cont(seconds, 0.9) AS p90, median(first_seconds) AS first_median,
            count(*) FILTER (WHERE seconds < 3600) / nullif(count(seconds), 0) AS under_1h
        FROM temp.report_turns WHERE day BETWEEN $first AND $last GROUP BY {key}
    )
    SELECT coalesce(came.name, answered.name), coalesce(came.key, answered.key)::varchar, coalesce(received, 0),
        coalesce(replies, 0), median, p90, first_median, under_1h
    FROM came FULL JOIN answered ON answered.key IS NOT DISTINCT FROM came.key
    WHERE coalesce(received, 0) + coalesce(replies, 0) > 0
    ORDER BY coalesce(replies, 0) DESC, coalesce(received, 0) DESC, 1
"""


@dataclass(frozen=True, slots=True)
class Group:
    """One channel or inbox. ``received`` are customers' messages, ``replies`` timed ones; times in seconds.

    ``key`` is the code of a channel, the slug of an inbox, and empty where there is none.
    """

    name: str
    key: str
    received: int
    replies: int
    median: float | None
    p90: float | None
    first_median: float | None
    under_1h: float | None


def read_channels(connection: duckdb.DuckDBPyConnection, period: Period) -> tuple[Group, ...]:
    """By origin, most replies first. Needs `speed.turns_at_hand`. Raises `NotComputed`."""
    return _read(
        connection, period, "No channel", ("origin", "origin_name", "customer_message_count", "messages_per_origin")
    )


def read_inboxes(connection: duckdb.DuckDBPyConnection, period: Period) -> tuple[Group, ...]:
    """By category, most replies first. Needs `speed.turns_at_hand`. Raises `NotComputed`."""
    return _read(
        connection,
        period,
        "No inbox",
        ("category_slug", "coalesce(category_name, category_slug)", "messages_received", "messages_per_category"),
    )


def _read(
    connection: duckdb.DuckDBPyConnection, period: Period, missing: str, names: tuple[str, str, str, str]
) -> tuple[Group, ...]:
    key, name, received, table = names
    sql = _GROUPS.format(key=key, name=name, received=received, table=f"metrics.{table}")
    rows = fetch(connection, sql, **period.bounds)
    return tuple(Group(clean(row[0], missing, 60), row[1] or "", *row[2:]) for row in rows)

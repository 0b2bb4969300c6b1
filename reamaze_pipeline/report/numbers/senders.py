"""Who carries the load: what each staff sender did in a period. Email decides who a sender is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import duckdb

from reamaze_pipeline.report.numbers.metric_query import fetch
from reamaze_pipeline.report.numbers.period import Period
from reamaze_pipeline.report.words import clean

_SENDERS = """
    WITH counted AS (
        SELECT sender_key, arg_max(sender_email, day) AS sender_email, arg_max(sender_name, day) AS sender_name,
            sum(response_count)::bigint AS responses, sum(internal_note_count)::bigint AS notes,
            sum(collision_count)::bigint AS collisions
        FROM metrics.staff_response_counts WHERE day BETWEEN $first AND $last GROUP BY ALL
    ),
    conversations AS (
        SELECT sender_key, count(DISTINCT conversation_slug) AS conversations
        FROM intermediate.responses WHERE day BETWEEN $first AND $last GROUP BY ALL
    ),
    timed AS (
        SELECT sender_key, median(seconds) AS median_seconds
        FROM temp.report_turns WHERE day BETWEEN $first AND $last GROUP BY ALL
    )
    SELECT counted.sender_name, counted.sender_email, counted.sender_key, responses, notes, collisions,
        coalesce(conversations, 0), median_seconds
    FROM counted
    LEFT JOIN conversations ON conversations.sender_key = counted.sender_key
    LEFT JOIN timed ON timed.sender_key = counted.sender_key
    WHERE responses + notes + collisions > 0
    ORDER BY responses DESC, notes DESC, counted.sender_key
"""


@dataclass(frozen=True, slots=True)
class Sender:
    """``conversations`` are distinct ones with a response; ``median`` in seconds over the turns they closed.

    ``label`` is the name, with the email where two senders share a name.
    """

    label: str
    name: str
    email: str
    key: str
    responses: int
    notes: int
    collisions: int
    conversations: int
    median: float | None


def read_senders(connection: duckdb.DuckDBPyConnection, period: Period) -> tuple[Sender, ...]:
    """Most responses first. Needs `speed.turns_at_hand`. Raises `NotComputed`."""
    rows = fetch(connection, _SENDERS, **period.bounds)
    names = [clean(row[0], clean(row[1], "No name", 60), 60) for row in rows]
    emails = [clean(row[1], "", 80) for row in rows]
    shared = {name for name, number in Counter(names).items() if number > 1}
    return tuple(
        Sender(f"{name} ({email.partition('@')[0]})" if name in shared and email else name, name, email, *row[2:])
        for name, email, row in zip(names, emails, rows, strict=True)
    )

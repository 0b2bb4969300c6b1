"""What waits: conversations whose last message is a customer's, at the end of a day, oldest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from reamaze_pipeline.errors import NotComputed
from reamaze_pipeline.report.numbers.metric_query import fetch
from reamaze_pipeline.report.words import clean

SHOWN = 15

_WAITING = """
    WITH waiting AS MATERIALIZED (
        SELECT conversation_slug, waiting_since, age_seconds, last_customer_message_at, is_certain
        FROM metrics.awaiting_reply WHERE day = $day
    ), counted AS (
        SELECT count(*), count(*) FILTER (WHERE NOT is_certain), count(*) FILTER (WHERE age_seconds >= 604800),
            median(age_seconds)
        FROM waiting
    ), oldest AS (
        SELECT * FROM waiting
        ORDER BY waiting_since NULLS LAST, last_customer_message_at, conversation_slug LIMIT $shown
    )
    SELECT counted.*, oldest.* FROM counted LEFT JOIN oldest ON true
    ORDER BY waiting_since NULLS LAST, last_customer_message_at, conversation_slug
"""
_SUBJECTS = """
    SELECT conversation_slug, arg_max(subject, (coalesce(created_at, day), message_id)) FROM core.messages
    WHERE list_contains($slugs, conversation_slug) GROUP BY ALL
"""


@dataclass(frozen=True, slots=True)
class WaitingConversation:
    """``since`` is naive UTC, None (and ``age`` too) where a missing day could hold the beginning."""

    slug: str
    subject: str
    since: datetime | None
    age: float | None
    last_message_at: datetime | None
    is_certain: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """All that waited when ``day`` ended; ``oldest`` are the first `SHOWN`. Ages in seconds."""

    day: date
    total: int
    uncertain: int
    over_a_week: int
    median_age: float | None
    oldest: tuple[WaitingConversation, ...]

    @property
    def more(self) -> int:
        return self.total - len(self.oldest)


def read_waiting(connection: duckdb.DuckDBPyConnection, day: date) -> Waiting:
    """Raises `NotComputed`."""
    found = fetch(connection, _WAITING, day=day, shown=SHOWN)
    total, uncertain, over_a_week, median = found[0][:4]
    rows = [row[4:] for row in found if total]
    subjects = _subjects(connection, [row[0] for row in rows])
    oldest = tuple(
        WaitingConversation(clean(slug, longest=80), clean(subjects.get(slug), "No subject"), since, age, last, certain)
        for slug, since, age, last, certain in rows
    )
    return Waiting(day, total, uncertain, over_a_week, median, oldest)


def count_waiting(connection: duckdb.DuckDBPyConnection, day: date) -> int:
    """How many waited when the day ended. Raises `NotComputed`."""
    return int(fetch(connection, "SELECT count(*) FROM metrics.awaiting_reply WHERE day = $day", day=day)[0][0])


def _subjects(connection: duckdb.DuckDBPyConnection, slugs: list[str]) -> dict[str, str | None]:
    """As `core.conversations` has them, but without reading every conversation."""
    try:
        return dict(fetch(connection, _SUBJECTS, slugs=slugs)) if slugs else {}
    except NotComputed:
        return {}

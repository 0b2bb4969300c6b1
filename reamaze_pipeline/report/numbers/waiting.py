"""What waits: conversations whose last message is a customer's, at the end of a day, by how long they have waited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from reamaze_pipeline.report.numbers.metric_query import fetch

SHOWN = 25
"""Of each age, so that the ones nobody will ever answer do not hide those that somebody should."""
AGES = ("Less than a day", "1 to 3 days", "3 to 7 days", "A week or longer", "Since an unknown time")
OLD = 3
"""From here on in `AGES`, the newest come first: the oldest mostly ended with a thanks."""

_WAITING = """
    WITH waiting AS MATERIALIZED (
        SELECT conversation_slug, waiting_since, age_seconds, last_customer_message_at, is_certain,
            CASE WHEN age_seconds < 86400 THEN 0 WHEN age_seconds < 259200 THEN 1 WHEN age_seconds < 604800 THEN 2
                WHEN age_seconds IS NOT NULL THEN 3 ELSE 4 END AS age
        FROM metrics.awaiting_reply WHERE day = $day
    ), counted AS (
        SELECT count(*) AS total, count(*) FILTER (WHERE NOT is_certain) AS uncertain,
            count(*) FILTER (WHERE age_seconds >= 604800) AS over_a_week, max(age_seconds) AS oldest_age
        FROM waiting
    ), placed AS (
        SELECT *, count(*) OVER (PARTITION BY age) AS of_age, row_number() OVER (
            PARTITION BY age ORDER BY if(age < $old, epoch(waiting_since), -epoch(waiting_since)) NULLS LAST,
                last_customer_message_at DESC, conversation_slug) AS place
        FROM waiting
    )
    SELECT counted.*, age, of_age, conversation_slug, waiting_since, age_seconds, last_customer_message_at, is_certain
    FROM counted LEFT JOIN placed ON place <= $shown ORDER BY age, place
"""


@dataclass(frozen=True, slots=True)
class WaitingConversation:
    """``since`` is naive UTC, None (and ``age`` too) where a missing day could hold the beginning."""

    slug: str
    since: datetime | None
    age: float | None
    last_message_at: datetime | None
    is_certain: bool


@dataclass(frozen=True, slots=True)
class WaitingGroup:
    """Those of one age, of which the first `SHOWN` are named."""

    name: str
    total: int
    named: tuple[WaitingConversation, ...]
    is_old: bool

    @property
    def more(self) -> int:
        return self.total - len(self.named)


@dataclass(frozen=True, slots=True)
class Waiting:
    """All that waited when ``day`` ended, by age. Ages in seconds."""

    day: date
    total: int
    uncertain: int
    over_a_week: int
    oldest_age: float | None
    groups: tuple[WaitingGroup, ...]

    @property
    def recent(self) -> int:
        """Those that have waited for less than a week, or nobody knows for how long."""
        return self.total - self.over_a_week


def read_waiting(connection: duckdb.DuckDBPyConnection, day: date) -> Waiting:
    """Raises `NotComputed`."""
    found = fetch(connection, _WAITING, day=day, shown=SHOWN, old=OLD)
    total, uncertain, over_a_week, oldest_age = found[0][:4]
    rows = [row[4:] for row in found] if total else []
    groups = tuple(
        WaitingGroup(
            AGES[age],
            next(row[1] for row in rows if row[0] == age),
            tuple(WaitingConversation(*row[2:]) for row in rows if row[0] == age),
            is_old=age >= OLD,
        )
        for age in sorted({row[0] for row in rows})
    )
    return Waiting(day, total, uncertain, over_a_week, oldest_age, groups)


def count_waiting(connection: duckdb.DuckDBPyConnection, day: date) -> int:
    """How many waited when the day ended. Raises `NotComputed`."""
    return int(fetch(connection, "SELECT count(*) FROM metrics.awaiting_reply WHERE day = $day", day=day)[0][0])

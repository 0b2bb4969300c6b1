"""How much came in and how much was done: totals of a period, and messages over time by origin."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

import duckdb

from reamaze_pipeline.report.numbers.metric_query import fetch
from reamaze_pipeline.report.numbers.period import Period
from reamaze_pipeline.report.words import clean

TOP_ORIGINS = 5
OTHER = "Other"

_SUMS = """
    SELECT coalesce(sum(message_count), 0), coalesce(sum(messages_received), 0), coalesce(sum(response_count), 0),
        coalesce(sum(new_conversations), 0)
    FROM metrics.conversation_volume_daily WHERE day BETWEEN $first AND $last
"""
_REPLIED = """
    SELECT count(DISTINCT conversation_slug), len(list_distinct(flatten(coalesce(list(customer_emails), []))))
    FROM intermediate.replied_conversations WHERE day BETWEEN $first AND $last
"""
_ORIGINS = """
    SELECT date_trunc('{step}', day)::date, origin, arg_max(origin_name, day), sum(message_count)::bigint,
        sum(staff_message_count)::bigint, sum(customer_message_count)::bigint
    FROM metrics.messages_per_origin WHERE day BETWEEN $first AND $last
    GROUP BY ALL HAVING sum(message_count) > 0
"""


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the stored days of a period; conversations and customers are distinct over the whole of it."""

    messages: int
    received: int
    responses: int
    new_conversations: int
    replied_conversations: int
    customers_helped: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Messages that came one way."""

    name: str
    messages: int
    staff: int
    customers: int


@dataclass(frozen=True, slots=True)
class Volume:
    """``origins``: all, most messages first. ``series``: the top ones and, if more, the rest summed as Other.

    ``steps`` maps each step of the time axis to the messages of each of the series, in their order.
    """

    origins: tuple[Origin, ...]
    series: tuple[Origin, ...]
    steps: dict[date, tuple[int, ...]]

    @property
    def messages(self) -> int:
        return sum(origin.messages for origin in self.origins)


def read_totals(connection: duckdb.DuckDBPyConnection, period: Period) -> Totals:
    """Raises `NotComputed`."""
    sums = fetch(connection, _SUMS, **period.bounds)[0]
    replied = fetch(connection, _REPLIED, **period.bounds)[0]
    return Totals(*(int(value) for value in (*sums, *replied)))


def read_volume(connection: duckdb.DuckDBPyConnection, period: Period) -> Volume:
    """Raises `NotComputed`."""
    rows = fetch(connection, _ORIGINS.format(step=period.step), **period.bounds)
    sums: dict[tuple[int | None, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for _, code, name, *counts in rows:
        sums[code, name] = [have + more for have, more in zip(sums[code, name], counts, strict=True)]
    ranked = sorted(sums, key=lambda key: (-sums[key][0], str(key[1]), str(key[0])))
    place = (
        {key: min(n, TOP_ORIGINS) for n, key in enumerate(ranked)}
        if len(ranked) > TOP_ORIGINS + 1
        else {key: n for n, key in enumerate(ranked)}
    )
    origins = tuple(Origin(clean(key[1], "No origin", 40), *sums[key]) for key in ranked)
    width = max(place.values(), default=-1) + 1
    steps = {step: [0] * width for step in period.steps}
    for step, code, name, messages, _, _ in rows:
        steps[step][place[code, name]] += messages
    return Volume(origins, _series(origins), {step: tuple(counts) for step, counts in steps.items()})


def _series(origins: tuple[Origin, ...]) -> tuple[Origin, ...]:
    if len(origins) <= TOP_ORIGINS + 1:
        return origins
    rest = origins[TOP_ORIGINS:]
    other = Origin(
        OTHER, *(sum(counts) for counts in zip(*((o.messages, o.staff, o.customers) for o in rest), strict=True))
    )
    return (*origins[:TOP_ORIGINS], other)

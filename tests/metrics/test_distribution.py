"""A turn of exactly an hour, a day or a week is not under it; random histories seldom hold one."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from tests.metrics.filled import multiset, warehouse
from tests.metrics.histories import DAYS
from tests.metrics.reference import DAY, Message, Reference, Rules

LAST = DAYS[-1]
REPLIED_AT = dt.datetime.combine(LAST, dt.time(12))
HOUR = dt.timedelta(hours=1)
EDGES = [HOUR, 4 * HOUR, 8 * HOUR, DAY, 7 * DAY]
A_MOMENT = dt.timedelta(microseconds=1)


def _history(spans: list[dt.timedelta]) -> dict[dt.date, tuple[Message, ...]]:
    """Conversations of one question and its answer, all answered at once, each after a span of its own."""
    said = []
    for number, span in enumerate(spans):
        asked_at = REPLIED_AT - span
        asked = Message(
            f"q{number}", asked_at.date(), asked_at, f"c{number}", asked_at, "Eve", "eve@example.com", False, 1, 0
        )
        said += [
            asked,
            replace(asked, message_id=f"r{number}", day=LAST, created_at=REPLIED_AT, is_staff=True, sender_name="Ann"),
        ]
    return {day: tuple(m for m in said if m.day == day) for day in DAYS}


def test_where_a_turn_at_an_edge_counts() -> None:
    spans = [edge - short for n, edge in enumerate(EDGES) for short in [A_MOMENT, *[0 * HOUR] * (n + 1)]]
    history = _history(spans)
    expected = Reference(history, Rules()).tables
    with warehouse(Rules()) as stored:
        stored.run(history)
        for name in ("response_times_daily", "response_times_by_sender", "response_times_by_origin"):
            assert multiset(stored.table(name)) == multiset(expected[name]()), name
        assert stored.rows(
            "SELECT share_under_1h, share_under_1d, share_under_1w, "
            "turns_0_1h, turns_1_4h, turns_4_8h, turns_8_24h, turns_24h_plus "
            f"FROM metrics.response_times_daily WHERE day = '{LAST}'"
        ) == [(1 / 20, 10 / 20, 15 / 20, 1, 2, 3, 4, 10)]

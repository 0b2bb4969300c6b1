"""Each metric equals its plain-Python computation, whatever is stored and in whatever order it came."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reamaze_pipeline.models.project import load_project
from tests.metrics.filled import COMPUTED, SHIPPED, Warehouse, multiset, variables, warehouse
from tests.metrics.histories import DAYS, deliveries, outcome
from tests.metrics.reference import Message, Reference, Rules

WEEK = {
    "timezone": "Europe/Berlin",
    "week": [
        *({"weekday": weekday, "opens": 9 * 60, "closes": 12 * 60 + 30} for weekday in range(1, 6)),
        *({"weekday": weekday, "opens": 13 * 60, "closes": 24 * 60} for weekday in range(1, 6)),
        {"weekday": 7, "opens": 0, "closes": 4 * 60},
    ],
    "holidays": ["2026-03-09"],
}
SUNDAYS = {
    "timezone": "America/Havana",
    "week": [
        {"weekday": 1, "opens": 8 * 60, "closes": 17 * 60},
        {"weekday": 6, "opens": 12 * 60, "closes": 18 * 60},
        {"weekday": 7, "opens": 0, "closes": 24 * 60},
    ],
    "holidays": [],
}
TARGETS = (
    {
        "name": "an hour's",
        "of": "first_response",
        "seconds": 3600.0,
        "business": False,
        "category": None,
        "origin": None,
    },
    {
        "name": "sales",
        "of": "next_reply",
        "seconds": 60.0,
        "business": False,
        "category": "sales",
        "origin": "origin 1",
    },
)
BUSINESS_TARGET = {**TARGETS[0], "name": "business", "business": True, "origin": "1"}
PLAIN = Rules(targets=TARGETS, document_characters=100)
EXCLUDING = Rules("Asia/Kathmandu", excluded_senders=("bot@EXAMPLE.com",), excluded_origins=("99", "origin 0"))
SCHEDULED = Rules("America/Los_Angeles", business_hours=WEEK, targets=(*TARGETS, BUSINESS_TARGET))
TWICE_MIDNIGHT = Rules("America/Havana", business_hours=SUNDAYS)

EXAMPLES = int(os.environ.get("REAMAZE_METRIC_EXAMPLES", "2"))
"""Histories per rules; hundreds are worth their minutes after a change of the models."""


def assert_agreement(stored: Warehouse, expected: Reference) -> None:
    """Every table holds what its reference computes, in any order."""
    for name, rows in expected.tables.items():
        assert multiset(stored.table(name)) == multiset(rows()), name


@pytest.mark.parametrize(
    "rules",
    [PLAIN, EXCLUDING, SCHEDULED, TWICE_MIDNIGHT],
    ids=["plain", "excluding", "scheduled", "twice-midnight"],
)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_tables_equal_the_reference(rules: Rules, data: st.DataObject) -> None:
    runs = data.draw(deliveries(rules))
    expected = Reference(outcome(runs), rules)
    with warehouse(rules) as stored:
        for run in runs:
            stored.run(run)
        assert_agreement(stored, expected)


def test_every_model_has_a_reference() -> None:
    """A shipped model that nothing computes again could say anything."""
    models = load_project([SHIPPED], variables(PLAIN)).models
    assert set(Reference({}, PLAIN).tables) == {model.name for model in models if model.schema in COMPUTED}


def test_a_missing_day_between_the_first_responses_leaves_the_first_reply_untimed() -> None:
    """Staff open the conversation, so the second response counts; an earlier one may be on the missing day."""
    noon = [dt.datetime.combine(day, dt.time(12)) for day in DAYS]
    opened = Message("a", DAYS[0], noon[0], "c", noon[0], "Ann", "ann@example.com", True, 1, 0)
    again = replace(opened, message_id="b", day=DAYS[2], created_at=noon[2])
    history = {DAYS[0]: (opened,), DAYS[2]: (again,)}
    with warehouse(PLAIN) as stored:
        stored.run(history)
        assert_agreement(stored, Reference(history, PLAIN))
        assert stored.rows("SELECT day, seconds FROM metrics.first_reply_times") == [(DAYS[2], None)]
        stored.run({DAYS[1]: ()})
        assert stored.rows("SELECT day, seconds FROM metrics.first_reply_times") == [(DAYS[2], 2 * 86400.0)]


def test_a_conversation_created_after_its_first_message_began_with_that_message() -> None:
    """So a missing day after the first message may hold an answer, though the creation lies behind it."""
    noon = [dt.datetime.combine(day, dt.time(12)) for day in DAYS]
    asked = Message("a", DAYS[0], noon[0], "c", noon[2], "Eve", "eve@example.com", False, 1, 0)
    again = replace(asked, message_id="b", day=DAYS[2], created_at=noon[2])
    history = {DAYS[0]: (asked,), DAYS[2]: (again,)}
    with warehouse(PLAIN) as stored:
        stored.run(history)
        assert_agreement(stored, Reference(history, PLAIN))
        assert stored.rows(f"SELECT waiting_since FROM metrics.awaiting_reply WHERE day = '{DAYS[2]}'") == [(None,)]

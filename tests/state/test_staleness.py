"""No stored day is stale in silence: changed settings and late upstream days are told, and a run mends them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from reamaze_pipeline.state.days import own_troubles
from reamaze_pipeline.warehouse.ledger import read_ledger, stored_days
from reamaze_pipeline.warehouse.table import Table
from tests.metrics.filled import Warehouse, multiset, warehouse
from tests.metrics.histories import DAYS
from tests.metrics.reference import Message, Reference, Rules

NOON = dt.time(12)
ASKED = Message(
    "q", DAYS[0], dt.datetime.combine(DAYS[0], NOON), "a", dt.datetime.combine(DAYS[0], NOON),
    "Eve", "eve@example.com", False, 1, 0,
)  # fmt: skip
ANSWERED = replace(
    ASKED, message_id="r", day=DAYS[2], created_at=dt.datetime.combine(DAYS[2], NOON), is_staff=True,
    sender_email="bot@example.com",
)  # fmt: skip
HISTORY = {DAYS[0]: (ASKED,), DAYS[1]: (), DAYS[2]: (ANSWERED,)}
LOCAL = ("conversation_days", "responses", "stored_days", "hourly_volume")


def _stale(stored: Warehouse, name: str) -> dict[dt.date, str]:
    model = next(model for model in stored.models if model.name == name)
    messages = stored_days(stored.connection, Table("core", "messages", ()))
    found = own_troubles(read_ledger(stored.connection), model, sorted(messages))
    return {day: trouble.reason for day, trouble in found.items()}


def _stale_tables(stored: Warehouse) -> set[str]:
    return {model.name for model in stored.models if model.partitioned and _stale(stored, model.name)}


def test_nothing_is_stale_after_a_run_in_any_order() -> None:
    with warehouse(Rules()) as stored:
        for day in (DAYS[2], DAYS[0], DAYS[1], DAYS[0]):
            stored.run({day: HISTORY[day]})
        assert not _stale_tables(stored)


def test_a_day_whose_messages_came_again_is_stale_until_it_is_run() -> None:
    with warehouse(Rules()) as stored:
        stored.run(HISTORY)
        stored.store({DAYS[0]: ()})
        assert _stale(stored, "conversation_days") == {
            DAYS[0]: "core.messages was stored again after intermediate.conversation_days"
        }
        assert list(_stale(stored, "messages_per_origin")) == [DAYS[0]]
        stored.derive([DAYS[0]])
        assert not _stale_tables(stored)


def test_a_day_that_was_never_derived_is_stale() -> None:
    with warehouse(Rules()) as stored:
        stored.run({DAYS[0]: HISTORY[DAYS[0]]})
        stored.store({DAYS[1]: ()})
        assert _stale(stored, "conversation_days") == {DAYS[1]: "intermediate.conversation_days was not computed yet"}


@pytest.mark.parametrize(
    "changed",
    [
        Rules(excluded_senders=("bot@example.com",)),
        Rules(excluded_origins=("1",)),
    ],
    ids=["senders", "origins"],
)
def test_days_computed_with_other_settings_are_stale_until_they_are_run(changed: Rules) -> None:
    with warehouse(Rules()) as stored:
        stored.run(HISTORY)
        stored.use(changed)
        assert set(_stale(stored, "conversation_days").values()) == {
            "intermediate.conversation_days was computed with other SQL or settings"
        }
        assert _stale_tables(stored) >= {*LOCAL, "staff_response_counts"}
        stored.derive([DAYS[0], DAYS[1]])
        assert list(_stale(stored, "conversation_days")) == [DAYS[2]]
        stored.derive([DAYS[2]])
        assert not _stale_tables(stored)
        expected = Reference(HISTORY, changed)
        for name, rows in expected.tables.items():
            assert multiset(stored.table(name)) == multiset(rows()), name


def test_a_schedule_applies_at_once() -> None:
    week = {"timezone": "UTC", "week": [{"weekday": d, "opens": 0, "closes": 1440} for d in range(1, 8)]}
    with warehouse(Rules()) as stored:
        stored.run(HISTORY)
        stored.use(Rules(business_hours={**week, "holidays": [str(DAYS[1])]}))
        stored.derive([DAYS[1]])
        assert not _stale_tables(stored)
        assert stored.rows("SELECT seconds, business_seconds FROM metrics.reply_turns") == [(172800.0, 86400.0)]


def test_a_hole_gives_null_and_filling_it_gives_the_number() -> None:
    with warehouse(Rules()) as stored:
        stored.run({day: HISTORY[day] for day in (DAYS[2], DAYS[0])})
        turns = "SELECT opened_at, seconds, is_first FROM metrics.reply_turns"
        assert stored.rows(turns) == [(None, None, None)]
        assert stored.rows("SELECT seconds FROM metrics.first_response_times") == [(None,)]
        stored.run({DAYS[1]: ()})
        assert stored.rows(turns) == [(ASKED.created_at, 172800.0, True)]

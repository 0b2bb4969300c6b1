"""Which days an audit reads in full: the newest each time, each other in its turn, and never more than is stated."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reamaze_pipeline.audit import rotation
from reamaze_pipeline.audit.findings import Audit
from reamaze_pipeline.audit.record import record
from reamaze_pipeline.audit.rotation import MOST_DAYS, MOST_PAGES, NEWEST, due_in_full
from tests.stored_pages import DAY, Warehouse

DAYS = [DAY + dt.timedelta(n) for n in range(30)]


def test_each_day_has_its_turn(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "MOST_DAYS", NEWEST + 5)
    pages, audits = (warehouse.project.source(*of).table for of in (("raw", "message_pages"), ("meta", "audits")))
    warehouse.manager.replace(pages, DAYS, [])
    read: list[dt.date] = []
    for week in range(5):
        due = due_in_full(warehouse.manager.database, pages, audits, DAYS)
        assert due[-NEWEST:] == DAYS[-NEWEST:]
        turn = due[:-NEWEST]
        assert len(turn) == 5
        if week < 4:
            assert not set(turn) & set(read), "nobody twice before all had it once"
        read += turn
        for day in due:
            record(warehouse.manager.database, audits, Audit("days", day, day, 1, ()))
    assert set(read) == set(DAYS[:-NEWEST])

    warehouse.manager.replace(pages, DAYS[:3], [])
    monkeypatch.setattr(rotation, "MOST_DAYS", len(DAYS) - 3)
    due = due_in_full(warehouse.manager.database, pages, audits, DAYS)
    assert set(DAYS) - set(due) == set(DAYS[:3]), "just fetched"


@given(st.lists(st.integers(0, 900), max_size=90))
def test_no_more_is_read_than_is_stated(counts: list[int]) -> None:
    pages = {DAY + dt.timedelta(n): count for n, count in enumerate(counts)}
    chosen = rotation._bounded(pages, pages)
    assert len(chosen) <= MOST_DAYS
    assert sum(pages[day] for day in chosen) <= MOST_PAGES or len(chosen) == 1
    assert bool(chosen) == bool(counts)

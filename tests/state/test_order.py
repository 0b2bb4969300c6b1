"""Two runs at once over one day: whatever order they end in, what is stored is the newer, or its day is stale."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from reamaze_pipeline.models.model import Model, Project
from reamaze_pipeline.state.days import own_troubles
from reamaze_pipeline.warehouse import partition
from reamaze_pipeline.warehouse.connection import reading, writing
from reamaze_pipeline.warehouse.ledger import host_now, read_ledger, stored_partitions
from reamaze_pipeline.warehouse.staging import Staged, staged
from reamaze_pipeline.warehouse.table import Column, Table
from tests.stored_pages import DAY, Warehouse, message, page
from tests.warehouse.lakes import needs_lake

HOUR = timedelta(hours=1)
THINGS = Table("raw", "things", (Column("day", "DATE"), Column("name", "VARCHAR")))


@pytest.fixture(params=["file", pytest.param("lake", marks=needs_lake)])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"{tmp_path}/file.duckdb" if request.param == "file" else f"ducklake:sqlite:{tmp_path}/catalog.sqlite"


@pytest.fixture
def messages(project: Project) -> Model:
    return next(model for model in project.models if model.table.label == "core.messages")


def _stale(connection: duckdb.DuckDBPyConnection, messages: Model) -> dict[date, str]:
    return {day: it.reason for day, it in own_troubles(read_ledger(connection), messages, [DAY]).items()}


@contextmanager
def computed(location: str, messages: Model) -> Iterator[Staged]:
    """The messages of the day as a slow run computes them, not stored yet; nothing is held open."""
    with reading(location) as connection:
        computing = staged(connection, messages.table, [DAY], messages.select([DAY]))
        rows = computing.__enter__()
    try:
        yield rows
    finally:
        computing.__exit__(None, None, None)


def test_what_was_computed_before_newer_pages_came_is_stale_though_it_is_stored_after_them(
    location: str, project: Project, messages: Model
) -> None:
    warehouse = Warehouse(location, project)
    warehouse.run({DAY: [page(DAY, [message(1)])]})
    with computed(location, messages) as rows:
        warehouse.store({DAY: [page(DAY, [message(1), message(2)])]})
        with writing(location) as connection:
            partition.store(connection, rows, version=messages.version)
    with reading(location) as connection:
        assert _stale(connection, messages) == {DAY: "raw.message_pages was stored again after core.messages"}
    warehouse.derive([DAY])
    with reading(location) as connection:
        assert _stale(connection, messages) == {}
    assert len(warehouse.table("core.messages")) == 2


def test_what_was_computed_from_less_does_not_replace_what_was_computed_from_more(
    location: str, project: Project, messages: Model
) -> None:
    warehouse = Warehouse(location, project)
    warehouse.run({DAY: [page(DAY, [message(1)])]})
    with computed(location, messages) as rows:
        warehouse.run({DAY: [page(DAY, [message(1), message(2)])]})
        with writing(location) as connection:
            assert partition.store(connection, rows, version=messages.version) == {DAY: 2}
    assert len(warehouse.table("core.messages")) == 2


def test_what_was_fetched_earlier_does_not_replace_what_was_fetched_later(location: str, project: Project) -> None:
    manager = Warehouse(location, project).manager
    later = DAY + timedelta(1)

    def store(name: str, fetched: datetime) -> dict[object, int]:
        rows = [{"day": day, "name": name} for day in (DAY, later)]
        return dict(manager.replace(THINGS, [DAY, later], rows, fetched_at={DAY: fetched, later: datetime.now(UTC)}))

    asked = datetime.now(UTC)
    store("new", asked)
    assert store("old", asked - HOUR) == {DAY: 1, later: 1}
    with reading(location) as connection:
        assert connection.execute("SELECT name FROM raw.things ORDER BY day").fetchall() == [("new",), ("old",)]
        known = stored_partitions(connection, THINGS)
    assert known[DAY].read_at < known[DAY].loaded_at < known[later].loaded_at


def test_the_ledger_knows_the_order_even_if_a_clock_stands_still(
    location: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = Warehouse(location, project).manager
    still = host_now()
    monkeypatch.setattr("reamaze_pipeline.warehouse.ledger.host_now", lambda: still)
    times = []
    for _ in range(2):
        manager.replace(THINGS, [DAY], [{"day": DAY, "name": "x"}])
        with reading(location) as connection:
            times.append(stored_partitions(connection, THINGS)[DAY].loaded_at)
    assert times[0] < times[1]

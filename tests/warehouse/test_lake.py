"""The warehouse in a lake: the same tables, days and refusals as in a file, over each kind of catalog."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reamaze_pipeline.errors import DatabaseUnavailable, TableRefused, UsageRefused
from reamaze_pipeline.models.model import Project
from reamaze_pipeline.warehouse.connection import reading, writing
from reamaze_pipeline.warehouse.files.table_file import export_table
from reamaze_pipeline.warehouse.io_manager import DuckDBWarehouse
from reamaze_pipeline.warehouse.lake.upkeep import keep_up
from reamaze_pipeline.warehouse.ledger import stored_partitions
from reamaze_pipeline.warehouse.partition import replace_partitions
from reamaze_pipeline.warehouse.table import Column, Select, Table
from tests.stored_pages import CORE, DAY, Warehouse, message, page
from tests.warehouse.lakes import needs_lake, needs_postgres, postgres

pytestmark = needs_lake
KINDS = ["duckdb", "sqlite", pytest.param("postgres", marks=needs_postgres)]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """How a PostgreSQL of these tests is reached."""
    folder = Path("/tmp") / f"reamaze-{tmp_path_factory.getbasetemp().name}-{id(tmp_path_factory):x}"
    try:
        with postgres(folder) as reached:
            yield reached
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def lake(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A lake that does not exist yet."""
    if kind == "duckdb":
        return f"ducklake:{tmp_path}/catalog.ducklake"
    if kind == "sqlite":
        return f"ducklake:sqlite:{tmp_path}/catalog.sqlite"
    name = "lake_" + "".join(c for c in tmp_path.name.lower() if c.isalnum())
    return f"ducklake:postgres:{request.getfixturevalue('server')}#data={tmp_path}/files&schema={name}"


@pytest.mark.parametrize("kind", KINDS[2:])
def test_every_table_is_the_same_as_in_a_file(lake: str, project: Project, tmp_path: Path) -> None:
    days = [DAY + timedelta(days=n) for n in range(3)]
    pages = {
        day: [
            page(
                day, [message(n, created_at=f"{day}T10:00:{n:02}Z") for n in range(5)], staff=[True, False] * 2 + [None]
            )
        ]
        for day in days
    }
    names = {*CORE, "counted_messages", "messages_per_origin"}
    stored: list[dict[str, list[tuple[Any, ...]]]] = []
    for location in (str(tmp_path / "file.duckdb"), lake):
        warehouse = Warehouse(location, project)
        warehouse.store(pages)
        warehouse.derive(days[:2], names)
        warehouse.derive(days[1:], names)
        labels = [model.table.label for model in project.models if model.name in names]
        stored.append({label: warehouse.table(label) for label in labels})
    assert stored[0] == stored[1]
    assert len(stored[1]["core.messages"]) == 15


@pytest.mark.parametrize("kind", KINDS)
def test_a_days_rows_are_replaced_and_a_refused_day_is_left(lake: str) -> None:
    table = Table("own", "sums", (Column("day", "DATE"), Column("total", "HUGEINT")))
    manager = DuckDBWarehouse(database=lake)
    day = "SELECT DATE '2026-03-01' AS day"
    manager.replace(table, [DAY], Select(f"{day}, sum(n) AS total FROM (VALUES (1::BIGINT), (2)) AS v(n)"))
    manager.replace(table, [DAY], Select(f"{day}, sum(n) AS total FROM (VALUES (3::BIGINT), (9)) AS v(n)"))
    most = 10**38 - 1
    later = DAY + timedelta(1)
    manager.replace(table, [later], Select(f"SELECT DATE '{later}' AS day, {most}::HUGEINT AS total"))
    with pytest.raises(TableRefused, match=r"total \(1 values are not DECIMAL\(38,0\)\)"):
        manager.replace(table, [DAY], Select(f"{day}, {most}::HUGEINT + 1 AS total"))
    with reading(lake) as connection:
        assert connection.execute("SELECT total FROM own.sums ORDER BY day").fetchall() == [(12,), (most,)]
        assert {d: p.row_count for d, p in stored_partitions(connection, table).items()} == {DAY: 1, later: 1}


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize("lost", ["INTERVAL", "TIMETZ", "BIT", "INTEGER[3]", "STRUCT(a INTERVAL)", "ENUM('a', 'b')"])
def test_a_type_that_parquet_loses_is_refused_before_anything_is_stored(lake: str, lost: str) -> None:
    table = Table("own", "things", (Column("day", "DATE"), Column("thing", lost)))
    with writing(lake) as connection, pytest.raises(TableRefused, match="cast it in the select"):
        replace_partitions(connection, table, [DAY], Select(f"SELECT DATE '2026-03-01' AS day, NULL::{lost} AS thing"))
    with reading(lake) as connection:
        assert stored_partitions(connection, table) == {}


def test_a_lake_whose_packages_are_missing_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reamaze_pipeline.warehouse.lake.attaching.find_spec", lambda name: None)
    monkeypatch.setattr("reamaze_pipeline.warehouse.lake.attaching.LOADED", "SELECT NULL WHERE false")
    with (
        pytest.raises(DatabaseUnavailable, match=r"duckdb-extension-ducklake.*pip install 'reamaze-pipeline\[lake\]'"),
        writing(f"ducklake:sqlite:{tmp_path}/x.sqlite"),
    ):
        pass


@pytest.mark.parametrize(
    ("catalog", "says"),
    [
        ("postgres:dbname=x host=127.0.0.1 port=1 user=me#data=files", "cannot be opened: .*onnection"),
        ("sqlite:/proc/none/catalog.sqlite", "folder /proc/none"),
    ],
)
def test_a_catalog_that_cannot_be_reached_is_said_in_one_line(
    catalog: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "hush-hush")
    with pytest.raises(DatabaseUnavailable, match=says) as refused, writing(f"ducklake:{catalog}"):
        pass
    assert "hush" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=needs_postgres)])
def test_a_lake_can_be_read_as_it_was_until_its_upkeep_lets_that_go(lake: str, tmp_path: Path) -> None:
    table = Table("own", "things", (Column("day", "DATE"), Column("n", "BIGINT")))
    manager = DuckDBWarehouse(database=lake)
    days = [DAY + timedelta(n) for n in range(8)]
    for day in days:
        manager.replace(table, [day], Select(f"SELECT DATE '{day}' AS day, range AS n FROM range(50)"))
    with reading(lake) as connection:
        before = stored_partitions(connection, table)[days[-1]].loaded_at.replace(tzinfo=UTC) + timedelta(seconds=1)
    time.sleep(1.2)
    manager.replace(table, [DAY], Select(f"SELECT DATE '{DAY}' AS day, 7 AS n"))

    def exported(moment: datetime | None) -> int:
        return export_table(lake, "own.things", out=tmp_path / "out.csv", as_of=moment).rows

    assert (exported(before), exported(None)) == (400, 351)
    kept = keep_up(lake)
    assert kept.files_after < kept.files_before
    assert (exported(before), exported(None)) == (400, 351)
    assert keep_up(lake, timedelta(0)).states_let_go > 0
    assert exported(None) == 351
    with pytest.raises(UsageRefused, match="cannot be read as of"):
        exported(before)


@needs_postgres
def test_a_lake_whose_server_has_gone_takes_nothing_else_with_it(database: Path, tmp_path: Path) -> None:
    table = Table("own", "ones", (Column("day", "DATE"), Column("one", "INTEGER")))
    rows = Select(f"SELECT DATE '{DAY}' AS day, 1::INTEGER AS one")
    folder = Path("/tmp") / f"reamaze-gone-{os.getpid()}-{time.monotonic_ns()}"
    try:
        with postgres(folder) as reached:
            lake = f"ducklake:postgres:{reached}#data={tmp_path}/files&schema=gone"
            with writing(lake) as connection:
                replace_partitions(connection, table, [DAY], rows)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    with writing(str(database)) as connection:
        replace_partitions(connection, table, [DAY], rows)
    with reading(str(database)) as connection:
        assert connection.execute("SELECT one FROM own.ones").fetchall() == [(1,)]
    with pytest.raises(DatabaseUnavailable), writing(lake):
        pass


def test_a_file_has_neither_a_past_nor_upkeep(database: Path) -> None:
    with pytest.raises(UsageRefused, match="only a lake"):
        export_table(database, "core.messages", as_of=datetime.now(UTC))
    with pytest.raises(UsageRefused, match="needs no upkeep"):
        keep_up(database)

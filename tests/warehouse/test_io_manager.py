"""The IO manager under Dagster: what users' own assets return and take."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from reamaze_pipeline.errors import PartitionMissing, SchemaChangeRefused, TableRefused
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.io_manager import DuckDBWarehouse, table_metadata
from reamaze_pipeline.warehouse.table import Column, Select, Table
from tests.stored_pages import DAY

LATER = DAY + timedelta(days=1)
PARTITIONS = dg.DailyPartitionsDefinition("2026-03-01", end_date="2026-04-01")
SINGLE_RUN = dg.BackfillPolicy.single_run()


def run(database: Path, assets: Sequence[Any], days: Sequence[date] = ()) -> dg.ExecuteInProcessResult:
    tags = {}
    if days:
        first, last = str(min(days)), str(max(days))
        tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    with dg.DagsterInstance.ephemeral() as instance:
        resources = {"io_manager": DuckDBWarehouse(database=str(database))}
        return dg.materialize(assets, instance=instance, tags=tags, resources=resources)


def rows(database: Path, sql: str) -> list[tuple[Any, ...]]:
    with reading(database) as connection:
        return connection.execute(sql).fetchall()


def asset_of(value: Any, **options: Any) -> dg.AssetsDefinition:
    options = {"partitions_def": PARTITIONS, "backfill_policy": SINGLE_RUN, **options}

    @dg.asset(key=["own", "numbers"], **options)
    def numbers() -> Any:
        return value

    return numbers


def test_a_frame_nobody_declared(database: Path) -> None:
    frame = pd.DataFrame(
        {"day": [DAY, LATER, LATER], "n": [1, 2, 3], "at": pd.to_datetime(["2026-03-01"] * 3, utc=True)}
    )
    result = run(database, [asset_of(frame)], [DAY, LATER])
    assert rows(database, "SELECT day, n FROM own.numbers ORDER BY n") == [(DAY, 1), (LATER, 2), (LATER, 3)]
    events = [event.materialization for event in result.get_asset_materialization_events()]
    assert {e.partition: e.metadata["dagster/partition_row_count"].value for e in events} == {
        str(DAY): 1,
        str(LATER): 2,
    }
    empty = pd.DataFrame({"day": [DAY], "n": [None], "at": [None]})
    run(database, [asset_of(empty)], [DAY, DAY])
    assert rows(database, "SELECT day, n FROM own.numbers ORDER BY n") == [(LATER, 2), (LATER, 3), (DAY, None)]


def test_an_undeclared_frame_may_not_change_its_columns(database: Path) -> None:
    run(database, [asset_of(pd.DataFrame({"day": [DAY], "n": [1]}))], [DAY])
    with pytest.raises(TableRefused, match="undeclared column m"):
        run(database, [asset_of(pd.DataFrame({"day": [DAY], "n": [1], "m": [2]}))], [DAY])
    with pytest.raises(TableRefused, match=r"n \(1 values are not BIGINT\)"):
        run(database, [asset_of(pd.DataFrame({"day": [DAY], "n": ["text"]}))], [DAY])
    assert rows(database, "SELECT day, n FROM own.numbers") == [(DAY, 1)]


def test_declared_columns_may_grow_and_not_shrink(database: Path) -> None:
    first = Table("own", "numbers", (Column("day", "DATE"), Column("n", "SMALLINT")))
    more = Table("own", "numbers", (*first.columns, Column("note", "VARCHAR", "A note.")))
    run(database, [asset_of([{"day": DAY, "n": 1}], metadata=table_metadata(first))], [DAY])
    run(database, [asset_of([{"day": LATER, "n": 2, "note": "x"}], metadata=table_metadata(more))], [LATER])
    assert rows(database, "SELECT * FROM own.numbers ORDER BY n") == [(DAY, 1, None), (LATER, 2, "x")]
    with pytest.raises(SchemaChangeRefused, match="note"):
        run(database, [asset_of([], metadata=table_metadata(first))], [DAY])


def test_selects_run_inside_duckdb(database: Path) -> None:
    select = Select("SELECT $day::DATE AS day, range AS n FROM range($count)", {"day": DAY, "count": 3})
    run(database, [asset_of(select)], [DAY])
    assert rows(database, "SELECT count(*), typeof(any_value(n)) FROM own.numbers") == [(3, "BIGINT")]


def test_unpartitioned_tables_and_views(database: Path) -> None:
    run(database, [asset_of(pd.DataFrame({"n": [1, 2]}), partitions_def=None, backfill_policy=None)])
    run(database, [asset_of(pd.DataFrame({"n": [3]}), partitions_def=None, backfill_policy=None)])
    assert rows(database, "SELECT n FROM own.numbers") == [(3,)]

    @dg.asset(key=["own", "doubled"], deps=[["own", "numbers"]])
    def doubled() -> Select:
        return Select("SELECT 2 * n AS n FROM own.numbers", as_view=True)

    for _ in range(2):
        result = run(database, [doubled])
    assert rows(database, "SELECT n FROM own.doubled") == [(6,)]
    (event,) = result.get_asset_materialization_events()
    assert "dagster/row_count" not in event.materialization.metadata
    with pytest.raises(SchemaChangeRefused, match="DROP TABLE"):
        run(database, [asset_of(Select("SELECT 1 AS n", as_view=True), partitions_def=None, backfill_policy=None)])


def test_only_the_partitions_and_columns_asked_for_are_loaded(database: Path) -> None:
    frame = pd.DataFrame({"day": [DAY, LATER], "n": [1, 2], "m": [3, 4]})
    numbers = asset_of(frame)
    run(database, [numbers], [DAY, LATER])
    loaded: list[pd.DataFrame] = []

    @dg.asset(
        partitions_def=PARTITIONS,
        backfill_policy=SINGLE_RUN,
        ins={"numbers": dg.AssetIn(["own", "numbers"], metadata={"columns": ["m"]})},
    )
    def taker(numbers: pd.DataFrame) -> None:
        loaded.append(numbers)

    with dg.DagsterInstance.ephemeral() as instance:
        dg.materialize(
            [taker, numbers],
            selection=[taker],
            instance=instance,
            partition_key=str(LATER),
            resources={"io_manager": DuckDBWarehouse(database=str(database))},
        )
    assert loaded[0].to_dict("list") == {"m": [4]}


def test_a_table_that_was_never_stored_is_named(database: Path) -> None:
    run(database, [asset_of(pd.DataFrame({"n": [1]}), partitions_def=None, backfill_policy=None)])

    @dg.asset(ins={"other": dg.AssetIn(["own", "other"])})
    def taker(other: pd.DataFrame) -> None:
        raise AssertionError

    with pytest.raises(PartitionMissing, match=r"own\.other was never stored"):
        run(database, [taker, dg.AssetSpec(["own", "other"])])


def test_what_cannot_be_stored_is_refused(database: Path) -> None:
    for value, says in (
        (7, "returned a int"),
        (pd.DataFrame({"n": [1]}), "no column day"),
        ([], "declares no columns"),
    ):
        with pytest.raises(TableRefused, match=says):
            run(database, [asset_of(value)], [DAY])
    assert not database.exists()

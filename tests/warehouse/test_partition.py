"""Days replaced in one transaction, and refused before anything is deleted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from reamaze_pipeline.errors import RowsOutsidePartition, SchemaChangeRefused, TableRefused
from reamaze_pipeline.warehouse.connection import reading, sibling, writing
from reamaze_pipeline.warehouse.partition import (
    partition_counts,
    replace_partitions,
    stored_days,
    stored_partitions,
)
from reamaze_pipeline.warehouse.table import Column, Select, Table
from tests.stored_pages import DAY

LATER = DAY + timedelta(days=1)
TABLE = Table(
    "user's own",
    "tally",
    (
        Column("day", "DATE"),
        Column("name", "VARCHAR"),
        Column("amount", "INTEGER"),
        Column("since", "TIMESTAMP"),
        Column("parts", "STRUCT(a INTEGER, b VARCHAR)[]"),
        Column("flags", "BOOLEAN[]"),
        Column("huge", "HUGEINT"),
        Column("lasts", "INTERVAL"),
        Column("document", "JSON"),
    ),
)


def tally(day: date, **values: Any) -> dict[str, Any]:
    return {"day": day, "name": "x", "amount": 1, **values}


def stored(database: Path, table: Table = TABLE, columns: str = "day, name, amount") -> list[tuple[Any, ...]]:
    with reading(database) as connection:
        return connection.execute(f"SELECT {columns} FROM {table.qualified} ORDER BY ALL").fetchall()


def replace(database: Path, days: list[date], source: Any, table: Table = TABLE, **more: Any) -> Any:
    with writing(database) as connection:
        return replace_partitions(connection, table, days, source, **more)


def test_values_of_every_type_survive(database: Path) -> None:
    values = {
        "since": datetime(2026, 3, 1, 5, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        "parts": [{"a": 1, "b": 'quo"te'}, {"a": None, "b": None}],
        "flags": [True, None],
        "huge": 2**100,
        "lasts": "1 month 3 days 00:00:00.000001",
        "document": {"k": [1]},
    }
    replace(database, [DAY], [tally(DAY, **values)])
    (row,) = stored(database, columns="since, parts, flags, huge, lasts::VARCHAR, document")
    lasts = "1 month 3 days 00:00:00.000001"
    assert row == (
        datetime.fromisoformat("2026-02-28T23:30"),
        values["parts"],
        [True, None],
        2**100,
        lasts,
        '{"k": [1]}',
    )


def test_a_day_is_replaced_and_its_neighbours_are_not(database: Path) -> None:
    counts = replace(database, [DAY, LATER], [tally(DAY, name="a"), tally(LATER, name="b"), tally(LATER, name="c")])
    assert counts == {DAY: 1, LATER: 2}
    replace(database, [DAY], [tally(DAY, name="new")], run_id="run", version="v", details={DAY: {"proof": 1}})
    assert stored(database) == [(DAY, "new", 1), (LATER, "b", 1), (LATER, "c", 1)]
    with reading(database) as connection:
        assert partition_counts(connection, TABLE) == {DAY: 1, LATER: 2}
        known = stored_partitions(connection, TABLE)[DAY]
    assert (known.run_id, known.version, known.details) == ("run", "v", {"proof": 1})
    assert abs(known.loaded_at - datetime.now(UTC).replace(tzinfo=None)) < timedelta(minutes=5)


@pytest.mark.parametrize("nothing", [[], pd.DataFrame(), pd.DataFrame({c: [] for c in TABLE.column_names})])
def test_an_empty_day_is_a_stored_zero(database: Path, nothing: Any) -> None:
    replace(database, [DAY], [tally(DAY)])
    assert replace(database, [DAY, LATER], nothing) == {DAY: 0, LATER: 0}
    assert stored(database) == []
    with reading(database) as connection:
        assert stored_days(connection, TABLE) == {DAY, LATER}


def test_days_that_are_not_neighbours(database: Path) -> None:
    days = [DAY + timedelta(days=n) for n in range(5)]
    replace(database, days, [tally(day) for day in days])
    replace(database, [days[0], days[1], days[4]], [tally(days[4], name="new")])
    assert stored(database) == [(days[2], "x", 1), (days[3], "x", 1), (days[4], "new", 1)]


def test_columns_in_another_order_and_all_null_columns(database: Path) -> None:
    frame = pd.DataFrame([tally(DAY, **dict.fromkeys(TABLE.column_names[3:]))])
    replace(database, [DAY], frame[[*reversed(frame.columns)]])
    assert stored(database) == [(DAY, "x", 1)]


def test_a_filtered_frame_keeps_its_rows(database: Path) -> None:
    rest = dict.fromkeys(TABLE.column_names[3:])
    frame = pd.DataFrame([tally(DAY, name=name, amount=number, **rest) for number, name in enumerate("abcd")])
    replace(database, [DAY], frame[frame["amount"] >= 2])
    assert stored(database) == [(DAY, "c", 2), (DAY, "d", 3)]


def test_rows_with_missing_values_as_pandas_writes_them(database: Path) -> None:
    replace(database, [DAY], [tally(DAY, name=pd.NA, since=pd.NaT, amount=1)])
    assert stored(database, columns="name, amount, since") == [(None, 1, None)]


def test_what_pandas_makes_of_missing_values(database: Path) -> None:
    rest = dict.fromkeys(TABLE.column_names[4:])
    frame = pd.DataFrame(
        [
            tally(DAY, amount=None, name=float("nan"), since=pd.NaT, **rest),
            tally(DAY, amount=2, since=pd.Timestamp("2026-03-01T00:00-08:00"), **rest),
        ]
    )
    replace(database, [DAY], frame)
    assert stored(database, columns="name, amount, since") == [
        ("x", 2, datetime.fromisoformat("2026-03-01T08:00")),
        (None, None, None),
    ]


REFUSED: list[tuple[Any, type[TableRefused], str]] = [
    ([{**tally(DAY), "more": 1}], TableRefused, "more"),
    (pd.DataFrame({"day": [DAY]}), TableRefused, "lacks the declared column amount"),
    ([tally(DAY, amount="secret words")], TableRefused, r"amount \(1 values are not INTEGER\)"),
    (pd.DataFrame([tally(DAY, amount=1.5, **dict.fromkeys(TABLE.column_names[3:]))]), TableRefused, "amount"),
    ([tally(DAY, amount=2**40)], TableRefused, "amount"),
    ([tally(DAY, parts="[")], TableRefused, "parts"),
    ([tally(LATER + timedelta(days=5))], RowsOutsidePartition, "2026-03-07, outside"),
    ([tally(None)], RowsOutsidePartition, "no day"),  # type: ignore[arg-type]
    (Select("SELECT 1 AS day"), TableRefused, "lacks"),
]


@pytest.mark.parametrize(("source", "error", "says"), REFUSED)
def test_what_does_not_fit_is_refused_and_nothing_changes(
    database: Path, source: Any, error: type[TableRefused], says: str
) -> None:
    replace(database, [DAY], [tally(DAY, name="kept")], run_id="first")
    with pytest.raises(error, match=says) as refusal:
        replace(database, [DAY], source)
    assert "\n" not in str(refusal.value)
    assert "secret words" not in str(refusal.value)
    assert stored(database) == [(DAY, "kept", 1)]
    with reading(database) as connection:
        assert stored_partitions(connection, TABLE)[DAY].run_id == "first"


def changed(*columns: Column) -> Table:
    return Table(TABLE.schema, TABLE.name, columns)


def test_a_new_column_appears_and_history_stays_readable(database: Path) -> None:
    replace(database, [DAY], [tally(DAY)])
    more = changed(Column("first", "VARCHAR"), *TABLE.columns)
    replace(database, [LATER], [tally(LATER, first="new")], more)
    assert stored(database, columns="day, name, first") == [(DAY, "x", None), (LATER, "x", "new")]


@pytest.mark.parametrize(
    ("table", "mend"),
    [
        (changed(*TABLE.columns[:-1]), "DROP COLUMN"),
        (changed(*TABLE.columns[:-1], Column("document", "VARCHAR")), "ALTER COLUMN .* TYPE VARCHAR"),
    ],
)
def test_other_changes_are_refused_with_the_mend(database: Path, table: Table, mend: str) -> None:
    replace(database, [DAY], [tally(DAY)])
    with pytest.raises(SchemaChangeRefused, match=mend):
        replace(database, [DAY], [], table)
    assert stored(database) == [(DAY, "x", 1)]


def test_a_table_without_days_is_replaced_whole(database: Path) -> None:
    table = Table("main", "whole", (Column("n", "BIGINT"),), None)
    replace(database, [], Select("SELECT range AS n FROM range(3)"), table)
    assert replace(database, [], Select("SELECT 7 AS n"), table) == {None: 1}
    assert stored(database, table, "n") == [(7,)]


def test_another_connection_sees_only_whole_days(database: Path) -> None:
    """The rows and the ledger change together, for whoever looks, at any statement of the replacement."""
    replace(database, [DAY], [tally(DAY, name=str(n)) for n in range(10)])
    seen = set()
    with writing(database) as writer, sibling(writer) as other:
        writer.execute("BEGIN")
        for statement in (
            f"DELETE FROM {TABLE.qualified}",
            "DELETE FROM meta.partitions",
            f"INSERT INTO {TABLE.qualified} (day, name) VALUES ('{DAY}', 'half')",
        ):
            writer.execute(statement)
            seen.add(other.execute(f"SELECT count(*) FROM {TABLE.qualified}").fetchall()[0][0])
        writer.execute("ROLLBACK")
    assert seen == {10}


def test_an_error_while_storing_leaves_everything(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace(database, [DAY], [tally(DAY, name="kept")])

    def fail(*_: object, **__: object) -> None:
        raise duckdb.IOException("disk full")

    monkeypatch.setattr("reamaze_pipeline.warehouse.ledger.record", fail)
    with pytest.raises(duckdb.IOException):
        replace(database, [DAY], [tally(DAY, name="new")])
    monkeypatch.undo()
    assert stored(database) == [(DAY, "kept", 1)]
    replace(database, [DAY], [tally(DAY, name="new")])
    assert stored(database) == [(DAY, "new", 1)]

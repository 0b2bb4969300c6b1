"""Rows written aside and checked before the warehouse is touched.

Computing rows may take long; storing them must not, because a writer keeps everyone else out. So rows are
first computed through a reading connection into a small DuckDB file of their own, cast to the declared
types, counted by day and refused if they do not fit. `partition` then copies them in one short transaction.
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from reamaze_pipeline.warehouse.errors import RowsOutsidePartition, TableRefused
from reamaze_pipeline.warehouse.frame import Rows, as_plain_text, frame_of
from reamaze_pipeline.warehouse.table import Column, Select, Table, quoted

Source = pd.DataFrame | Select | Rows

_INTEGRAL = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"} | {
    f"U{name}" for name in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
}
_FLOATING = ("FLOAT", "DOUBLE", "DECIMAL")
_MISFITS = (duckdb.ConversionException, duckdb.InvalidInputException, duckdb.OutOfRangeException)


@dataclass(frozen=True, slots=True)
class Staged:
    """Checked rows in the table ``rows`` of the DuckDB file ``path``, and how many there are of each day.

    An unpartitioned table has the single key None.
    """

    path: Path
    table: Table
    counts: Mapping[date | None, int]


@contextmanager
def staged(
    connection: duckdb.DuckDBPyConnection, table: Table, days: Sequence[date], source: Source
) -> Iterator[Staged]:
    """Checked rows of ``source`` for as long as the block lasts.

    ``connection`` computes a `Select`, and may be read-only; frames and rows do not need it. Raises
    `TableRefused` if columns are missing, too many or cannot be cast, `RowsOutsidePartition` if a row
    belongs to none of the days.
    """
    with tempfile.TemporaryDirectory(prefix="reamaze-staging-") as folder:
        path = Path(folder) / "rows.duckdb"
        if isinstance(source, Select):
            yield _stage(connection, table, days, source, path)
            return
        frame = source if isinstance(source, pd.DataFrame) else frame_of(table, source)
        if len(frame) == 0 and len(frame.columns) == 0:
            frame = frame_of(table, [])
        with duckdb.connect() as memory:
            memory.execute("SET TimeZone = 'UTC'")
            memory.execute("SET pandas_analyze_sample = 0")
            memory.register("frame", as_plain_text(frame))
            rows = _stage(memory, table, days, Select("SELECT * FROM frame"), path)
        yield rows


def _stage(
    connection: duckdb.DuckDBPyConnection, table: Table, days: Sequence[date], select: Select, path: Path
) -> Staged:
    given = describe(connection, select)
    _check_names(table, given)
    casts = ", ".join(
        f"{_cast(column, given[column.name.lower()])} AS {quoted(column.name)}" for column in table.columns
    )
    with attached(connection, path, "READ_WRITE") as staging:
        try:
            connection.execute(
                f"CREATE TABLE {staging}.main.rows AS SELECT {casts} FROM ({select.sql}\n) AS given",
                dict(select.parameters),
            )
        except (
            duckdb.ConversionException,
            duckdb.InvalidInputException,
            duckdb.OutOfRangeException,
        ) as error:
            raise TableRefused(_why(connection, table, select, given)) from error
        counts = _counts(connection, table, days, f"{staging}.main.rows")
    return Staged(path, table, counts)


@contextmanager
def attached(connection: duckdb.DuckDBPyConnection, path: Path, mode: str) -> Iterator[str]:
    """The name of a staging file attached while the block lasts; ``mode`` is READ_ONLY or READ_WRITE."""
    name = f"staging_{uuid.uuid4().hex}"
    connection.execute(f"ATTACH '{path}' AS {name} ({mode})")
    try:
        yield name
    finally:
        connection.execute(f"DETACH {name}")


def describe(connection: duckdb.DuckDBPyConnection, select: Select) -> dict[str, str]:
    """Type by lower-case column name of what a select gives."""
    described = connection.execute(f"DESCRIBE {select.sql}", dict(select.parameters)).fetchall()
    return {str(row[0]).lower(): str(row[1]) for row in described}


def _check_names(table: Table, given: Iterable[str]) -> None:
    declared = {name.lower() for name in table.column_names}
    given = set(given)
    problems = []
    if missing := sorted(declared - given):
        problems.append(f"lacks the declared column {', '.join(missing)}")
    if strange := sorted(given - declared):
        problems.append(f"has the undeclared column {', '.join(strange)}")
    if problems:
        msg = f"What is to be stored in {table.label} {' and '.join(problems)}; declare exactly what is stored."
        raise TableRefused(msg)


def _cast(column: Column, given: str, cast: str = "CAST") -> str:
    """A given value as the declared type: cast by DuckDB, but not rounding or dropping an offset in silence."""
    name, declared = quoted(column.name), column.type.upper()
    value = name
    if given == "VARCHAR" and declared in {"TIMESTAMP", "DATETIME"}:
        value = f"{cast}({name} AS TIMESTAMPTZ)"
    elif given == "VARCHAR" and declared.endswith(("]", ")")) and not declared.startswith(("DECIMAL", "VARCHAR")):
        value = f"{cast}({name} AS JSON)"
    elif declared in _INTEGRAL and given.startswith(_FLOATING):
        whole = f"{name} IS NULL OR {name} = trunc({name})"
        refusal = "NULL" if cast == "TRY_CAST" else "error('not a whole number')"
        value = f"CASE WHEN {whole} THEN {name} ELSE {refusal} END"
    return f"{cast}({value} AS {column.type})"


def _why(connection: duckdb.DuckDBPyConnection, table: Table, select: Select, given: Mapping[str, str]) -> str:
    """Which columns do not fit, without quoting a value: DuckDB's own message would."""
    names = []
    for column in table.columns:
        tried = _cast(column, given[column.name.lower()], "TRY_CAST")
        counted = connection.execute(
            f"SELECT count(*) FROM ({select.sql}\n) AS given"
            f" WHERE {quoted(column.name)} IS NOT NULL AND {tried} IS NULL",
            dict(select.parameters),
        ).fetchone()
        if counted and counted[0]:
            names.append(f"{column.name} ({counted[0]} values are not {column.type})")
    reason = "; ".join(names) or "a value cannot be computed"
    return f"What should be stored in {table.label} does not fit its declaration: {reason}."


def _counts(
    connection: duckdb.DuckDBPyConnection, table: Table, days: Sequence[date], rows: str
) -> dict[date | None, int]:
    if table.partition_column is None:
        return {None: connection.execute(f"SELECT count(*) FROM {rows}").fetchall()[0][0]}
    day = quoted(table.partition_column)
    found: dict[Any, int] = dict(
        connection.execute(f"SELECT CAST({day} AS DATE), count(*) FROM {rows} GROUP BY ALL").fetchall()
    )
    outside = sorted(str(key or "no day") for key in found if key not in set(days))
    if outside:
        msg = (
            f"Rows for {table.label} belong to {', '.join(outside[:5])}{' …' if len(outside) > 5 else ''}, "
            f"outside the days being replaced ({_span(days)}); nothing was stored."
        )
        raise RowsOutsidePartition(msg)
    return {day: found.get(day, 0) for day in sorted(set(days))}


def _span(days: Sequence[date]) -> str:
    if not days:
        return "none"
    return str(days[0]) if len(set(days)) == 1 else f"{min(days)} to {max(days)}"

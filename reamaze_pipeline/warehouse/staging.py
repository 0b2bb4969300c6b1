"""Rows written aside and checked before the warehouse is touched.

Computing rows may take long; storing them must not, because a writer keeps everyone else out. So rows are
first computed through a reading connection into Parquet files of their own, cast to the declared types,
counted by day and refused if they do not fit. `partition` then copies them in one short transaction.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import duckdb
import pandas as pd

from reamaze_pipeline.errors import RowsOutsidePartition, TableRefused
from reamaze_pipeline.held_files import temporary_folder
from reamaze_pipeline.warehouse.connection import end_transaction, sibling, without_database
from reamaze_pipeline.warehouse.day_filter import DailySelect
from reamaze_pipeline.warehouse.engine import forget
from reamaze_pipeline.warehouse.frame import Rows, as_plain_text, frame_of
from reamaze_pipeline.warehouse.ledger import host_now, partition_counts, seen_until
from reamaze_pipeline.warehouse.table import Column, Select, Table, literal, quoted

Storable = pd.DataFrame | Select | Rows
"""What can be stored: a frame, a select, or a list of rows."""

WORKERS = min(4, os.cpu_count() or 1)
"""Batches computed at once."""
AT_ONCE = WORKERS
"""Batches after which what was read of them is dropped from memory."""

_INTEGRAL = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"} | {
    f"U{name}" for name in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
}
_FLOATING = ("FLOAT", "DOUBLE", "DECIMAL")
_NOT_IN_PARQUET = re.compile(r"HUGEINT|INTERVAL|UNION|BIT|TIME_NS|TIMETZ|TIME WITH")
_PLAIN = "FORMAT parquet, COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 1"
"""Read once and deleted: packing takes longer than writing."""
_MISFITS = (duckdb.ConversionException, duckdb.InvalidInputException, duckdb.OutOfRangeException)


@dataclass(frozen=True, slots=True)
class Staged:
    """Checked rows in the Parquet files of ``folder``, and how many there are of each day asked for.

    An unpartitioned table has the single key None. ``seen_until`` is the ledger's time of what a select read; None of
    what came from elsewhere. ``staged_at`` is this host's time before anything was read.
    """

    folder: Path
    table: Table
    counts: Mapping[date | None, int]
    seen_until: datetime | None = None
    staged_at: datetime = field(default_factory=host_now)

    @property
    def select(self) -> str:
        """The rows, as SQL for any connection."""
        return self._from("*.parquet")

    @property
    def parts(self) -> list[str]:
        """The same in as many selects as keep memory bounded."""
        names = sorted(path.name for path in self.folder.iterdir())
        return [self._from(*names[at : at + AT_ONCE]) for at in range(0, len(names), AT_ONCE)]

    def _from(self, *names: str) -> str:
        columns = ", ".join(
            f"CAST({quoted(column.name)} AS {column.type}) AS {quoted(column.name)}" for column in self.table.columns
        )
        files = ", ".join(literal(self.folder / name) for name in names)
        return f"SELECT {columns} FROM read_parquet([{files}])"


@contextmanager
def staged(
    connection: duckdb.DuckDBPyConnection | None, table: Table, days: Sequence[date], source: Storable
) -> Iterator[Staged]:
    """Checked rows of ``source`` for as long as the block lasts.

    ``connection`` computes a `Select`, and may be read-only; frames and rows do not need one. Raises
    `TableRefused` if columns are missing, too many or cannot be cast, `RowsOutsidePartition` if a row
    belongs to none of the days.
    """
    began = host_now()
    with temporary_folder("reamaze-staging-") as path:
        if isinstance(source, Select):
            if connection is None:
                raise ValueError("a select needs a connection to be computed through")
            seen = seen_until(connection)
            yield replace(_stage(connection, table, days, source, path), seen_until=seen)
            return
        frame = source if isinstance(source, pd.DataFrame) else frame_of(table, source)
        if len(frame) == 0 and len(frame.columns) == 0:
            frame = frame_of(table, [])
        with without_database() as memory:
            memory.register("frame", as_plain_text(frame))
            rows = _stage(memory, table, days, Select("SELECT * FROM frame"), path)
        yield replace(rows, staged_at=began)


def _stage(
    connection: duckdb.DuckDBPyConnection, table: Table, days: Sequence[date], select: Select, folder: Path
) -> Staged:
    given = {name.lower(): kind for name, kind in describe(connection, select).items()}
    _check_names(table, given)
    columns = ", ".join(
        f"{_staged(column, _cast(column, given[column.name.lower()]))} AS {quoted(column.name)}"
        for column in table.columns
    )
    try:
        _write(connection, f"SELECT {columns}", select, folder)
    except _MISFITS as error:
        end_transaction(connection)
        raise TableRefused(_why(connection, table, select, given)) from error
    staged_rows = Staged(folder, table, {})
    return replace(staged_rows, counts=_counts(connection, staged_rows, days))


def _write(connection: duckdb.DuckDBPyConnection, columns: str, select: Select, folder: Path) -> None:
    """One file, or one for each batch of days if the select allows it: bounded in memory, and on all cores.

    A page table is few fat rows, which DuckDB would otherwise parse on one thread.
    """
    if not isinstance(select, DailySelect):
        _copy(connection, columns, select, folder / "rows.parquet")
        return
    counts = {needed.table: partition_counts(connection, needed.table) for needed in select.inputs}
    batches = list(select.batches(counts, WORKERS)) or [select]
    if len(batches) == 1:
        _copy(connection, columns, batches[0], folder / "rows.parquet")
        return
    with _one_thread_each(connection), ExitStack() as stack:
        idle: SimpleQueue[duckdb.DuckDBPyConnection] = SimpleQueue()
        for _ in range(WORKERS):
            idle.put(stack.enter_context(sibling(connection)))

        def write(number: int, batch: Select) -> None:
            own = idle.get()
            try:
                _copy(own, columns, batch, folder / f"{number}.parquet")
            finally:
                idle.put(own)

        with ThreadPoolExecutor(WORKERS, thread_name_prefix="staging") as workers:
            for first in range(0, len(batches), AT_ONCE):
                if first > 0:
                    forget()
                some = enumerate(batches[first : first + AT_ONCE], first)
                running = [workers.submit(write, number, batch) for number, batch in some]
                try:
                    for done in running:
                        done.result()
                except BaseException:
                    workers.shutdown(cancel_futures=True)
                    raise


@contextmanager
def _one_thread_each(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """One thread for each statement while many run at once: sharing each among all threads costs a third more."""
    connection.execute("SET threads = 1")
    try:
        yield
    finally:
        connection.execute("RESET threads")


def _copy(connection: duckdb.DuckDBPyConnection, columns: str, select: Select, path: Path) -> None:
    rows = f"{columns} FROM ({select.sql}\n) AS given"
    connection.execute(f"COPY ({rows}) TO {literal(path)} ({_PLAIN})", dict(select.parameters))


def describe(connection: duckdb.DuckDBPyConnection, select: Select) -> dict[str, str]:
    """Type by column name of what a select gives. Raises `TableRefused` if two columns share a name."""
    described = connection.execute(f"DESCRIBE {select.sql}", dict(select.parameters)).fetchall()
    names = [str(row[0]).lower() for row in described]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        msg = f"The select gives more than one column {', '.join(repeated)}; name each differently."
        raise TableRefused(msg)
    return {str(row[0]): str(row[1]) for row in described}


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


def _staged(column: Column, value: str) -> str:
    """The value as Parquet keeps it without loss; `Staged.select` casts it back."""
    return f"CAST({value} AS VARCHAR)" if _NOT_IN_PARQUET.search(column.type.upper()) else value


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


def _counts(connection: duckdb.DuckDBPyConnection, rows: Staged, days: Sequence[date]) -> dict[date | None, int]:
    table = rows.table
    if table.partition_column is None:
        return {None: connection.execute(f"SELECT count(*) FROM ({rows.select})").fetchall()[0][0]}
    day = quoted(table.partition_column)
    found: dict[Any, int] = dict(
        connection.execute(f"SELECT CAST({day} AS DATE), count(*) FROM ({rows.select}) GROUP BY ALL").fetchall()
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

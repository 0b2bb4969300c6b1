"""Days replaced in one transaction, and the ledger that says which days are stored.

Either all of it happens or none: schema, deletion, insertion and ledger share the transaction. A day without rows is
a stored zero. How rows come to be does not belong here; see `staging`.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from reamaze_pipeline.warehouse.errors import SchemaChangeRefused, TableRefused
from reamaze_pipeline.warehouse.staging import Source, Staged, staged
from reamaze_pipeline.warehouse.table import Column, Select, Table, quoted
from reamaze_pipeline.warehouse.window import Window

LEDGER = Table(
    "meta",
    "partitions",
    (
        Column("schema_name", "VARCHAR", "Schema of the table."),
        Column("table_name", "VARCHAR", "Name of the table."),
        Column("day", "DATE", "The stored day; null for a table that is stored whole."),
        Column("row_count", "BIGINT", "Rows stored; 0 is a day known to be empty."),
        Column("loaded_at", "TIMESTAMP", "When the day was stored (UTC)."),
        Column("run_id", "VARCHAR", "The run that stored it."),
        Column("version", "VARCHAR", "Version of what computed it."),
        Column("details", "JSON", "What the run knew besides, such as the proof of a crawl."),
    ),
)


@dataclass(frozen=True, slots=True)
class StoredPartition:
    """One row of the ledger; ``loaded_at`` is naive UTC."""

    day: date | None
    row_count: int
    loaded_at: datetime
    run_id: str | None
    version: str | None
    details: Mapping[str, Any]


def replace_partitions(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    days: Sequence[date],
    source: Source,
    *,
    run_id: str | None = None,
    version: str | None = None,
    details: Mapping[date, Mapping[str, Any]] | None = None,
) -> dict[date | None, int]:
    """Make ``source`` all there is of ``days`` in ``table``; returns the rows stored by day.

    Raises `TableRefused` (columns, types), `RowsOutsidePartition` or `SchemaChangeRefused`, always before anything is
    deleted. For a table without partitions pass no days: it is replaced whole, and the only key is None.
    """
    with staged(connection, table, days, source) as rows:
        return store(connection, rows, run_id=run_id, version=version, details=details)


def store(
    connection: duckdb.DuckDBPyConnection,
    rows: Staged,
    *,
    run_id: str | None = None,
    version: str | None = None,
    details: Mapping[date, Mapping[str, Any]] | None = None,
) -> dict[date | None, int]:
    """The short half of `replace_partitions`: copies rows that were staged through another connection."""
    table = rows.table
    alias = f"staging_{uuid.uuid4().hex}"
    connection.execute(f"ATTACH '{rows.path}' AS {alias} (READ_ONLY)")
    try:
        connection.execute("BEGIN")
        try:
            prepare(connection, table)
            where, parameters = _where(table, rows.counts)
            connection.execute(f"DELETE FROM {table.qualified} WHERE {where}", parameters)
            connection.execute(f"INSERT INTO {table.qualified} BY NAME SELECT * FROM {alias}.main.rows")
            _record(connection, table, rows.counts, run_id, version, details or {})
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
    finally:
        connection.execute(f"DETACH {alias}")
    return dict(rows.counts)


def replace_view(connection: duckdb.DuckDBPyConnection, table: Table, select: Select) -> bool:
    """Define the view if it is absent or defined otherwise; returns whether it was changed."""
    if view_is_current(connection, table, select):
        return False
    connection.execute("BEGIN")
    try:
        _create_schema(connection, table)
        if _kind(connection, table) == "BASE TABLE":
            msg = f"{table.label} is stored as a table; drop it (DROP TABLE {table.qualified}) to make it a view."
            raise SchemaChangeRefused(msg)
        connection.execute(f"CREATE OR REPLACE VIEW {table.qualified} AS {select.sql}")
        connection.execute(f"COMMENT ON VIEW {table.qualified} IS {_literal(_fingerprint(select))}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return True


def view_is_current(connection: duckdb.DuckDBPyConnection, table: Table, select: Select) -> bool:
    """Whether the stored view was made from this very select."""
    found = connection.execute(
        "SELECT comment FROM duckdb_views() WHERE schema_name = ? AND view_name = ? AND NOT internal"
        " AND database_name = current_database()",
        [table.schema, table.name],
    ).fetchall()
    return bool(found) and found[0][0] == _fingerprint(select)


def stored_partitions(
    connection: duckdb.DuckDBPyConnection, table: Table
) -> dict[date | None, StoredPartition]:
    """What the ledger knows of a table, by day; empty if nothing was ever stored."""
    if _kind(connection, LEDGER) is None:
        return {}
    found = connection.execute(
        "SELECT day, row_count, loaded_at, run_id, version, details FROM meta.partitions"
        " WHERE schema_name = ? AND table_name = ? ORDER BY day",
        [table.schema, table.name],
    ).fetchall()
    return {row[0]: StoredPartition(*row[:5], json.loads(row[5] or "{}")) for row in found}


def stored_days(connection: duckdb.DuckDBPyConnection, table: Table) -> set[date]:
    """The days that are stored, those without rows included."""
    return {day for day in stored_partitions(connection, table) if day is not None}


def partition_counts(connection: duckdb.DuckDBPyConnection, table: Table) -> dict[date | None, int]:
    """Rows stored by day, as the ledger says; the key None is that of a table stored whole."""
    return {day: stored.row_count for day, stored in stored_partitions(connection, table).items()}


def stored_columns(connection: duckdb.DuckDBPyConnection, table: Table) -> tuple[Column, ...]:
    """Columns of the stored table or view, in order; none if it does not exist."""
    found = connection.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = ? AND table_name = ?"
        " AND database_name = current_database() ORDER BY column_index",
        [table.schema, table.name],
    ).fetchall()
    return tuple(Column(name, kind) for name, kind in found)


def prepare(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Create the table, or add the columns it lacks. Raises `SchemaChangeRefused` for any other difference."""
    stored = {column.name.lower(): column for column in stored_columns(connection, table)}
    if not stored:
        _create_schema(connection, table)
        definitions = ", ".join(column.definition for column in table.columns)
        connection.execute(f"CREATE TABLE {table.qualified} ({definitions})")
        return
    if _kind(connection, table) == "VIEW":
        msg = f"{table.label} is a view; drop it (DROP VIEW {table.qualified}) to store it as a table."
        raise SchemaChangeRefused(msg)
    declared = {column.name.lower(): column for column in table.columns}
    _refuse_other_changes(connection, table, declared, stored)
    for name, column in declared.items():
        if name not in stored:
            connection.execute(f"ALTER TABLE {table.qualified} ADD COLUMN {column.definition}")


def _refuse_other_changes(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    declared: Mapping[str, Column],
    stored: Mapping[str, Column],
) -> None:
    alter = f"ALTER TABLE {table.qualified}"
    for name, column in stored.items():
        if name not in declared:
            msg = (
                f"{table.label} holds the column {column.name}, which is declared no longer; declare it again, or give "
                f"up its values with: {alter} DROP COLUMN {quoted(column.name)}"
            )
            raise SchemaChangeRefused(msg)
        wanted = _spelled(connection, declared[name].type)
        if wanted != column.type:
            msg = (
                f"{table.label}.{column.name} is stored as {column.type} but declared {wanted}; declare {column.type}, "
                f"or convert what is stored with: {alter} ALTER COLUMN {quoted(column.name)} TYPE {wanted}"
            )
            raise SchemaChangeRefused(msg)


def _spelled(connection: duckdb.DuckDBPyConnection, type_name: str) -> str:
    """A type the way DuckDB spells it."""
    try:
        described = connection.execute(f"DESCRIBE SELECT CAST(NULL AS {type_name}) AS value").fetchall()
    except duckdb.Error as error:
        msg = f"{type_name} is not a type DuckDB knows; correct the declaration."
        raise TableRefused(msg) from error
    return str(described[0][1])


def _create_schema(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(table.schema)}")


def _kind(connection: duckdb.DuckDBPyConnection, table: Table) -> str | None:
    found = connection.execute(
        "SELECT table_type FROM information_schema.tables WHERE table_schema = ? AND table_name = ?"
        " AND table_catalog = current_database()",
        [table.schema, table.name],
    ).fetchall()
    return str(found[0][0]) if found else None


def _where(table: Table, keys: Mapping[date | None, int]) -> tuple[str, dict[str, date]]:
    if table.partition_column is None:
        return "true", {}
    window = Window.of(day for day in keys if day is not None)
    return window.predicate(quoted(table.partition_column)), dict(window.parameters)


def _record(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    counts: Mapping[date | None, int],
    run_id: str | None,
    version: str | None,
    details: Mapping[date, Mapping[str, Any]],
) -> None:
    prepare(connection, LEDGER)
    where, parameters = _where(Table("meta", "partitions", (), table.partition_column and "day"), counts)
    connection.execute(
        f"DELETE FROM meta.partitions WHERE schema_name = $schema AND table_name = $table AND {where}",
        {"schema": table.schema, "table": table.name, **parameters},
    )
    now = datetime.now(UTC).replace(tzinfo=None)
    for day, count in counts.items():
        known = json.dumps(details.get(day, {}) if day else {}, default=str)
        connection.execute(
            "INSERT INTO meta.partitions BY NAME SELECT $schema AS schema_name, $table AS table_name, $day::DATE AS day,"
            " $count AS row_count, $now AS loaded_at, $run AS run_id, $version AS version, $known AS details",
            {
                "schema": table.schema,
                "table": table.name,
                "day": day,
                "count": count,
                "now": now,
                "run": run_id,
                "version": version,
                "known": known,
            },
        )


def _fingerprint(select: Select) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, select.sql).hex


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def database_exists(database: str | Path) -> bool:
    """Whether anything was stored there yet."""
    return Path(database).exists()

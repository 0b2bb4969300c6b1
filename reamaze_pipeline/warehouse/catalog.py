"""Stored tables brought to what is declared: created, or given the columns they lack.

Nothing else is ever changed about a table that holds rows: a person decides that, and is told how. Rows do
not belong here.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from reamaze_pipeline.errors import SchemaChangeRefused, TableRefused
from reamaze_pipeline.warehouse.lake.types import as_kept, is_lake, kind_in_lake
from reamaze_pipeline.warehouse.table import Column, Table, quoted

_SPELLED_SO = frozenset({"VARCHAR", "INTEGER", "BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP", "JSON"})


def stored_columns(connection: duckdb.DuckDBPyConnection, table: Table) -> tuple[Column, ...]:
    """Columns of the stored table or view, in order; none if it does not exist."""
    return _columns(connection, table) if _kind(connection, table) else ()


def _kind(connection: duckdb.DuckDBPyConnection, table: Table) -> str | None:
    """``table`` or ``view``; None if it does not exist."""
    if is_lake(connection):
        return kind_in_lake(connection, table)
    # duckdb_columns() would walk every column of every catalog, which took longer than the rest of a day's write. And
    # nothing is tried that may fail: from 2.0 on, DuckDB ends a transaction at any error.
    found = connection.execute(
        "SELECT 'table' FROM duckdb_tables()"
        " WHERE database_name = current_database() AND schema_name = $schema AND table_name = $name"
        " UNION ALL SELECT 'view' FROM duckdb_views()"
        " WHERE database_name = current_database() AND schema_name = $schema AND view_name = $name",
        {"schema": table.schema, "name": table.name},
    ).fetchall()
    return str(found[0][0]) if found else None


def _columns(connection: duckdb.DuckDBPyConnection, table: Table) -> tuple[Column, ...]:
    columns = "SELECT name, type FROM pragma_table_info($table)"
    found = connection.execute(columns, {"table": table.qualified}).fetchall()
    return tuple(Column(name, kind) for name, kind in found)


def is_table(connection: duckdb.DuckDBPyConnection, table: Table) -> bool:
    """Whether it is stored as a table; False for a view and for nothing."""
    return _kind(connection, table) == "table"


def relations(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """Schema and name of every table and view."""
    return set(
        connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database()"
            " UNION ALL SELECT schema_name, view_name FROM duckdb_views()"
            " WHERE database_name = current_database() AND NOT internal"
        ).fetchall()
    )


def create_schema(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Create the table's schema if there is none."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(table.schema)}")


def prepare(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Create the table, or add the columns it lacks; `SchemaChangeRefused` for any other difference."""
    table = as_kept(table) if is_lake(connection) else table
    kind = _kind(connection, table)
    if kind is None:
        create_schema(connection, table)
        definitions = ", ".join(
            column.definition + ("" if column.compressed else " USING COMPRESSION uncompressed")
            for column in table.columns
        )
        connection.execute(f"CREATE TABLE {table.qualified} ({definitions})")
        return
    if kind == "view":
        msg = f"{table.label} is a view; to store it as a table: DROP VIEW {table.qualified}"
        raise SchemaChangeRefused(msg)
    stored = {column.name.lower(): column for column in _columns(connection, table)}
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
                f"{table.label} holds the column {column.name}, which is declared no longer; declare it "
                f"again, or give up its values: {alter} DROP COLUMN {quoted(column.name)}"
            )
            raise SchemaChangeRefused(msg)
        wanted = _spelled(connection, declared[name].type)
        if wanted != column.type:
            msg = (
                f"{table.label}.{column.name} is stored as {column.type} but declared {wanted}; declare "
                f"{column.type}, or convert it: {alter} ALTER COLUMN {quoted(column.name)} TYPE {wanted}"
            )
            raise SchemaChangeRefused(msg)


def _spelled(connection: duckdb.DuckDBPyConnection, type_name: str) -> str:
    """A type the way DuckDB spells it."""
    if type_name in _SPELLED_SO:
        return type_name
    try:
        described = connection.execute(f"DESCRIBE SELECT CAST(NULL AS {type_name}) AS value").fetchall()
    except duckdb.Error as error:
        msg = f"{type_name} is not a type DuckDB knows; correct the declaration."
        raise TableRefused(msg) from error
    return str(described[0][1])

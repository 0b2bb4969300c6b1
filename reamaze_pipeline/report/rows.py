"""One query against the metric tables, with the one thing that may be wrong with it: a table not there yet."""

from __future__ import annotations

from typing import Any

import duckdb

from reamaze_pipeline.report.errors import NotComputed

Row = tuple[Any, ...]


def fetch(connection: duckdb.DuckDBPyConnection, sql: str, **parameters: object) -> list[Row]:
    """All rows. Raises `NotComputed` if a table or column that the query names is not stored."""
    try:
        return connection.execute(sql, parameters).fetchall()
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        msg = "This part of the report is not computed yet; materialize all metrics, then build the report again."
        raise NotComputed(msg) from error


def has_table(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> bool:
    """Whether a table or view of this name is stored."""
    found = fetch(
        connection,
        "SELECT 1 FROM information_schema.tables"
        " WHERE table_catalog = current_database() AND table_schema = $schema AND table_name = $name",
        schema=schema,
        name=name,
    )
    return bool(found)

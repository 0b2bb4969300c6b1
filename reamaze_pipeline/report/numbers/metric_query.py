"""One query against the metric tables, with the one thing that may be wrong with it: a table not there yet."""

from __future__ import annotations

from typing import Any

import duckdb

from reamaze_pipeline.errors import NotComputed

Row = tuple[Any, ...]


def fetch(connection: duckdb.DuckDBPyConnection, sql: str, **parameters: object) -> list[Row]:
    """All rows. Raises `NotComputed` if a table or column that the query names is not stored."""
    try:
        return connection.execute(sql, parameters).fetchall()
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        msg = "This part of the report is not computed yet; materialize all metrics, then build the report again."
        raise NotComputed(msg) from error

"""What is stored and deserves a look although no day is wrong: codes without a name, messages that no metric counts."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from reamaze_pipeline.models.model import Project
from reamaze_pipeline.warehouse.catalog import is_table, stored_columns
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.lake.location import Location, is_there
from reamaze_pipeline.warehouse.table import Table

_UNKNOWN = "Unknown ("
_LEFT_OUT = {
    "excluded_message_count": "excluded by a setting",
    "unknown_side_count": "of which nothing tells whether staff wrote them",
    "undated_message_count": "without a readable time",
    "unthreaded_message_count": "without a conversation",
    "early_message_count": "older than their conversation",
}
"""Columns of `stored_days`, and what each counts; docs/metrics.md says which metrics leave them out."""


@dataclass(frozen=True, slots=True)
class Oddities:
    """Messages by what is odd about them."""

    unknown_codes: dict[str, int]
    left_out: dict[str, int]


def read_oddities(database: str | Location, project: Project) -> Oddities:
    """Of all stored days; nothing of a table that is not stored (yet)."""
    if not is_there(database):
        return Oddities({}, {})
    tables = {model.name: model.table for model in project.models}
    with reading(database) as connection:
        return Oddities(
            _codes(connection, tables["messages"]) if "messages" in tables else {},
            _left_out(connection, tables["stored_days"]) if "stored_days" in tables else {},
        )


def _codes(connection: duckdb.DuckDBPyConnection, table: Table) -> dict[str, int]:
    found: dict[str, int] = {}
    if not is_table(connection, table):
        return found
    for what in ("origin", "visibility"):
        counted = connection.execute(
            f"SELECT {what}_name, count(*) FROM {table.qualified} WHERE starts_with({what}_name, $unknown)"
            " GROUP BY 1 ORDER BY 1",
            {"unknown": _UNKNOWN},
        ).fetchall()
        found |= {f"{what} {name.removeprefix(_UNKNOWN).rstrip(')')}": count for name, count in counted}
    return found


def _left_out(connection: duckdb.DuckDBPyConnection, table: Table) -> dict[str, int]:
    if not is_table(connection, table):
        return {}
    known = {column.name for column in stored_columns(connection, table)}
    columns = [column for column in _LEFT_OUT if column in known]
    sums = ", ".join(f"coalesce(sum({column}), 0)::BIGINT" for column in columns) or "0"
    (row,) = connection.execute(f"SELECT {sums} FROM {table.qualified}").fetchall()
    return {_LEFT_OUT[column]: count for column, count in zip(columns, row, strict=False) if count}

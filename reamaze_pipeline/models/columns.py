"""The columns of a table: what its SQL or CSV gives, joined with what schema.yml says of it.

Each table is created, empty, in a scratch database, so that what refers to it can be bound by DuckDB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from reamaze_pipeline.errors import ModelError
from reamaze_pipeline.models.declarations import Declared, DeclaredColumn
from reamaze_pipeline.warehouse.table import Column, quoted


def declare(
    scratch: duckdb.DuckDBPyConnection, schema: str, name: str, given: Mapping[str, str], entry: Declared | None
) -> tuple[Column, ...]:
    """Columns in the order of ``given`` (type by name), as ``entry`` describes and tests them; creates the table.

    Raises `ModelError`, at the column's line, for a column that is described but not given, and for a type that
    DuckDB does not know or cannot make of the given one.
    """
    written = {column.name.lower(): column for column in entry.columns} if entry else {}
    known = {column.lower() for column in given}
    for described in written.values():
        if entry is not None and described.name.lower() not in known:
            raise ModelError(entry.path, described.line, f"{name} has no column {described.name}")
    columns = tuple(_joined(Column(column, kind), written.get(column.lower())) for column, kind in given.items())
    _refuse_types(scratch, name, columns, given, entry)
    scratch.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
    definitions = ", ".join(column.definition for column in columns)
    scratch.execute(f"CREATE TABLE {quoted(schema)}.{quoted(name)} ({definitions})")
    return columns


def _refuse_types(
    scratch: duckdb.DuckDBPyConnection,
    name: str,
    columns: Sequence[Column],
    given: Mapping[str, str],
    entry: Declared | None,
) -> None:
    pairs = zip(columns, given.values(), strict=True)
    casts = [f"CAST(CAST(NULL AS {kind}) AS {column.type})" for column, kind in pairs]
    try:
        scratch.execute(f"SELECT {', '.join(casts)}")
    except duckdb.Error:  # one of them; a statement for each took a third of loading all models
        lines = {column.name.lower(): column.line for column in entry.columns} if entry else {}
        for column, cast in zip(columns, casts, strict=True):
            try:
                scratch.execute(f"SELECT {cast}")
            except duckdb.Error as error:
                path, line = (entry.path, lines[column.name.lower()]) if entry else (Path(name), 1)
                raise ModelError(path, line, str(error).split("\n", maxsplit=1)[0]) from error
        raise


def _joined(column: Column, described: DeclaredColumn | None) -> Column:
    if described is None:
        return column
    return replace(
        column,
        type=described.type or column.type,
        description=described.description,
        tests=described.tests,
        compressed=described.compressed,
    )

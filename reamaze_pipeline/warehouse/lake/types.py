"""What a lake keeps otherwise than a file, because its rows lie in Parquet: a few types, and how texts are packed.

Parquet would keep a HUGEINT as a DOUBLE, drop an INTERVAL's microseconds and a TIMETZ's offset, all of it in silence.
"""

from __future__ import annotations

import re
from dataclasses import replace

import duckdb

from reamaze_pipeline.errors import TableRefused
from reamaze_pipeline.warehouse.table import Column, Table

_WHOLE = re.compile(r"\bU?HUGEINT\b", re.IGNORECASE)
WHOLE = "DECIMAL(38,0)"
"""What a ``sum()`` of whole numbers is kept as: as many digits as there are, and exact; more than 38 are refused."""

_LOST = re.compile(
    r"\b(INTERVAL|TIMETZ|TIME WITH TIME ZONE|TIME_NS|BIT|BITSTRING|UNION|ENUM|VARINT|BIGNUM)\b|\[\d+\]", re.IGNORECASE
)


def is_lake(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the connection's own database is a lake."""
    kind = "SELECT type FROM duckdb_databases() WHERE database_name = current_database()"
    return connection.execute(kind).fetchall() == [("ducklake",)]


def as_kept(table: Table) -> Table:
    """The table with the types that a lake keeps. Raises `TableRefused` for one that it would not keep exactly."""
    return replace(table, columns=tuple(_kept(table, column) for column in table.columns))


def _kept(table: Table, column: Column) -> Column:
    if lost := _LOST.search(column.type):
        msg = (
            f"{table.label}.{column.name} is {column.type}, and a lake does not keep {lost[0]} exactly; cast it in the"
            f" select, to VARCHAR or to a number."
        )
        raise TableRefused(msg)
    return replace(column, type=_WHOLE.sub(WHOLE, column.type), compressed=True)

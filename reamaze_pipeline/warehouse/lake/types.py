"""What a lake keeps otherwise than a file, because its rows lie in Parquet: a few types, and how texts are packed.

Parquet would keep a HUGEINT as a DOUBLE, drop an INTERVAL's microseconds and a TIMETZ's offset, all of it in silence.
"""

from __future__ import annotations

import re
from dataclasses import replace

import duckdb

from reamaze_pipeline.errors import TableRefused
from reamaze_pipeline.warehouse.table import Column, Table

LAKE = "reamaze_lake"
"""The variable that is true in a session on a lake."""

_WHOLE = re.compile(r"\bU?HUGEINT\b", re.IGNORECASE)
WHOLE = "DECIMAL(38,0)"
"""What a ``sum()`` of whole numbers is kept as: as many digits as there are, and exact; more than 38 are refused."""

_LOST = re.compile(
    r"\b(INTERVAL|TIMETZ|TIME WITH TIME ZONE|TIME_NS|BIT|BITSTRING|UNION|ENUM|VARINT|BIGNUM)\b|\[\d+\]", re.IGNORECASE
)


def is_lake(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the connection, one of `connection.reading` or `connection.writing`, is to a lake."""
    return connection.execute(f"SELECT getvariable('{LAKE}')").fetchall() == [(True,)]


def kind_in_lake(connection: duckdb.DuckDBPyConnection, table: Table) -> str | None:
    """``table`` or ``view``; None if it does not exist.

    duckdb_tables() asks every catalog there is for all of its tables, PostgreSQL's own among them, which took half of a
    day's write. A row has a number in tables alone. A statement that cannot be bound ends no transaction before DuckDB
    2.0, for which there is no DuckLake.
    """
    try:
        connection.execute(f"DESCRIBE SELECT rowid FROM {table.qualified}").fetchall()
    except duckdb.CatalogException:
        return None
    except duckdb.BinderException:
        return "view"
    return "table"


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

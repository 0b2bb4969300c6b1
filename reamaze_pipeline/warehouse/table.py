"""What a table is declared to be: its columns, their types and their documentation.

A declaration says nothing of how rows are stored or computed; `partition` and `model` do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ColumnTest:
    """One dbt-style test of one column: `not_null`, `unique`, `accepted_values` or `relationships`.

    ``severity`` is ``error`` or ``warn``; ``arguments`` are those of the YAML (``values``; ``to``,
    ``field``).
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict, hash=False)
    severity: str = "error"


@dataclass(frozen=True, slots=True)
class Column:
    """One declared column. ``type`` is as DuckDB writes it, such as ``TIMESTAMP`` or ``INTEGER[]``.

    ``compressed`` is False for texts that are read a few at a time: to read one, DuckDB unpacks two thousand rows.
    """

    name: str
    type: str
    description: str = ""
    tests: tuple[ColumnTest, ...] = ()
    compressed: bool = True

    @property
    def definition(self) -> str:
        """As in ``CREATE TABLE``."""
        return f"{quoted(self.name)} {self.type}"


@dataclass(frozen=True, slots=True)
class Table:
    """A declared table. ``partition_column`` names the DATE column with a row's day, None if there is none."""

    schema: str
    name: str
    columns: tuple[Column, ...]
    partition_column: str | None = "day"

    @property
    def qualified(self) -> str:
        """Schema and name, quoted, as SQL wants them."""
        return f"{quoted(self.schema)}.{quoted(self.name)}"

    @property
    def label(self) -> str:
        """Schema and name as people say them."""
        return f"{self.schema}.{self.name}"

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True, slots=True)
class Select:
    """One SQL select over the warehouse and the values of its parameters; ``as_view`` if it defines a view.

    ``version`` tells it from other selects that filled the same table; the ledger keeps it with each day. ``columns``
    are those of the table that it fills, if they are declared.
    """

    sql: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    as_view: bool = False
    version: str | None = None
    columns: tuple[Column, ...] = ()


def quoted(identifier: str) -> str:
    """The identifier in double quotes, safe inside SQL."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: object) -> str:
    """The text as a SQL literal; for file names, which DuckDB takes as no parameter everywhere."""
    return "'" + str(text).replace("'", "''") + "'"

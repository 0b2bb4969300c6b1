"""The stored days next to some days: where a run may look for hints about what it is going to find."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.lake.location import Location, is_there
from reamaze_pipeline.warehouse.ledger import partition_counts
from reamaze_pipeline.warehouse.table import Table, quoted


def neighbouring_rows(
    database: str | Location, table: Table, days: Sequence[date], columns: Sequence[str]
) -> list[tuple[Any, ...]]:
    """The rows of the nearest stored day before ``days`` that has any, and of the nearest after; those columns."""
    if not is_there(database) or not days or table.partition_column is None:
        return []
    names = ", ".join(quoted(column) for column in columns)
    where = f"list_contains($days, {quoted(table.partition_column)})"
    with reading(database) as connection:
        filled = sorted(day for day, count in partition_counts(connection, table).items() if day and count)
        nearest = [*[day for day in filled if day < min(days)][-1:], *[day for day in filled if day > max(days)][:1]]
        if not nearest:
            return []
        return connection.execute(f"SELECT {names} FROM {table.qualified} WHERE {where}", {"days": nearest}).fetchall()

"""What is stored and what is missing, told by the ledger alone: no table is scanned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.partition import StoredPartition, stored_partitions
from reamaze_pipeline.warehouse.table import Table


def stored(database: str | Path, table: Table) -> dict[date, StoredPartition]:
    """The stored days of one table, empty ones included; none where there is no database yet."""
    if not Path(database).exists():
        return {}
    with reading(database) as connection:
        return {day: known for day, known in stored_partitions(connection, table).items() if day is not None}


def incomplete_days(
    database: str | Path, origin: Table, derived: Sequence[Table], days: Sequence[date]
) -> list[date]:
    """The days that `origin` or a table derived from it lacks, or that were derived before `origin` was stored."""
    first = stored(database, origin)
    missing = {day for day in days if day not in first}
    for table in derived:
        known = stored(database, table)
        missing |= {
            day for day in days if day in first and (day not in known or known[day].loaded_at < first[day].loaded_at)
        }
    return sorted(missing)


def row_count(database: str | Path, table: Table, days: Sequence[date]) -> int:
    """How many rows of the days are stored."""
    known = stored(database, table)
    return sum(known[day].row_count for day in days if day in known)

"""What is stored of some days and what is missing, told by the ledger alone: no table is scanned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.ledger import partition_counts, stored_partitions
from reamaze_pipeline.warehouse.table import Table


def row_counts(database: str | Path, table: Table, days: Sequence[date]) -> dict[date, int]:
    """Rows stored of those of the days that are stored. A database that does not exist stores none."""
    if not Path(database).exists():
        return {}
    with reading(database) as connection:
        counts = partition_counts(connection, table)
    return {day: counts[day] for day in days if day in counts}


def incomplete_days(database: str | Path, tables: Sequence[Table], days: Sequence[date]) -> list[date]:
    """Those of the days that some table lacks, or holds from before the first table was last stored.

    ``tables`` begin with the one that all others are computed from: a day fetched anew makes the rest stale.
    """
    if not Path(database).exists() or not tables:
        return sorted(set(days))
    with reading(database) as connection:
        first, *others = [stored_partitions(connection, table) for table in tables]
    return sorted(
        day
        for day in set(days)
        if day not in first or any(day not in other or other[day].loaded_at < first[day].loaded_at for other in others)
    )

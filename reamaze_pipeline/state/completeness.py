"""What is stored of some days and what is missing, told by the ledger alone: no table is scanned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from reamaze_pipeline.models.model import Model
from reamaze_pipeline.state.staleness import stale_days
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.lake.location import Location, is_there
from reamaze_pipeline.warehouse.ledger import partition_counts, stored_partitions
from reamaze_pipeline.warehouse.table import Table


def row_counts(database: str | Location, table: Table, days: Sequence[date]) -> dict[date, int]:
    """Rows stored of those of the days that are stored. A database that does not exist stores none."""
    if not is_there(database):
        return {}
    with reading(database) as connection:
        counts = partition_counts(connection, table)
    return {day: counts[day] for day in days if day in counts}


def incomplete_days(
    database: str | Location, origin: Table, models: Sequence[Model], days: Sequence[date]
) -> list[date]:
    """Those of the days that ``origin`` lacks, or of which some model is stale: never computed, or otherwise."""
    if not is_there(database):
        return sorted(set(days))
    with reading(database) as connection:
        stored = stored_partitions(connection, origin)
        stale = {day for model in models for day in stale_days(connection, model)}
    return sorted(day for day in set(days) if day not in stored or day in stale)

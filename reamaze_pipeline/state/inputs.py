"""Whether what a model reads is stored: a day is computed from stored inputs, or not at all.

Computed from nothing, a day would be stored as empty and look as if nobody had written.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from reamaze_pipeline.errors import InputsMissing
from reamaze_pipeline.models.model import Model
from reamaze_pipeline.settings.typed import typed
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.lake.location import Location, is_there
from reamaze_pipeline.warehouse.ledger import Ledger, read_ledger

SHOWN = 5


def require_inputs(database: str | Location, model: Model, days: Sequence[date] | None) -> None:
    """Pass if every stored input of the model holds the days; None asks that it hold any day at all.

    Raises:
        InputsMissing: names the inputs, the days and the command that stores them.
    """
    ledger: Ledger = {}
    if is_there(database):
        with reading(database) as connection:
            ledger = read_ledger(connection, [node.table for node in model.stored_inputs])
    for node in model.stored_inputs:
        stored = ledger.get((node.table.schema, node.table.name), {})
        if node.table.partition_column is None or days is None:
            if not stored:
                raise InputsMissing(
                    f"{model.table.label} reads {node.table.label}, of which nothing is stored:"
                    f" run {typed('backfill --from DAY --to DAY')} first"
                )
        elif missing := [day for day in days if day not in stored]:
            raise InputsMissing(
                f"{model.table.label} reads {node.table.label}, which is not stored for {_in_words(missing)};"
                f" nothing was changed. Run: {typed(f'backfill --from {min(missing)} --to {max(missing)}')}"
            )


def _in_words(days: Sequence[date]) -> str:
    shown = ", ".join(map(str, days[:SHOWN]))
    return shown if len(days) <= SHOWN else f"{shown} and {len(days) - SHOWN} more days"

"""Which stored days are not what their SQL would give now, and why.

Models that look back over earlier days are views, which cannot be stale. What is stored says nothing of other
days, so it is stale for three reasons only: what it was computed from was stored again later, the SQL or a
setting in it has changed, or it was never computed. The ledger tells all three; no table is scanned. What to do
about a stale day (run it again) is not decided here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import duckdb

from reamaze_pipeline.models.model import Model, Seed, Source
from reamaze_pipeline.warehouse.ledger import LEDGER, StoredPartition, stored_partitions

_Ledger = Mapping[date | None, StoredPartition]


def stale_days(connection: duckdb.DuckDBPyConnection, model: Model) -> dict[date, str]:
    """The stale days of a model, oldest first, each with the reason as a half sentence.

    A view is as stale as what it reads. Running a stale day's models again, in the project's order, mends it.
    """
    found = _stale(connection, model, {}, {})
    return dict(sorted(found.items()))


def _stale(
    connection: duckdb.DuckDBPyConnection,
    model: Model,
    known: dict[str, dict[date, str]],
    ledgers: dict[str, _Ledger],
) -> dict[date, str]:
    """``known`` and ``ledgers`` hold what was looked up already, by the label of the table."""
    label = model.table.label
    if label not in known:
        inherited: dict[date, str] = {}
        for node in model.upstream:
            if isinstance(node, Model):
                inherited |= _stale(connection, node, known, ledgers)
        own = _own(connection, model, ledgers) if model.partitioned else {}
        known[label] = inherited | own
    return known[label]


def _own(connection: duckdb.DuckDBPyConnection, model: Model, ledgers: dict[str, _Ledger]) -> dict[date, str]:
    stored = _ledger(connection, model, ledgers)
    reasons: dict[date, str] = {}
    for day, mine in stored.items():
        if day is not None and mine.version is not None and mine.version != model.version:
            reasons[day] = f"{model.table.label} was computed with other SQL or settings"
    for node in _read(model):
        theirs = _ledger(connection, node, ledgers)
        for day in theirs if isinstance(node, Model | Source) else ():
            if day is not None and day not in stored:
                reasons[day] = f"{model.table.label} was not computed yet"
        for day, mine in stored.items():
            newer = theirs.get(day if node.table.partition_column else None)
            if day is not None and newer is not None and newer.loaded_at > mine.read_at:
                reasons[day] = f"{node.table.label} was stored again after {model.table.label}"
    return reasons


def _read(model: Model) -> list[Source | Seed | Model]:
    """The stored tables it reads, directly or through views; not the ledger, which every run writes."""
    found: list[Source | Seed | Model] = []
    for node in model.upstream:
        if isinstance(node, Model) and node.materialized == "view":
            found += _read(node)
        elif (node.table.schema, node.table.name) != (LEDGER.schema, LEDGER.name):
            found.append(node)
    return found


def _ledger(connection: duckdb.DuckDBPyConnection, node: Source | Seed | Model, ledgers: dict[str, _Ledger]) -> _Ledger:
    label = node.table.label
    if label not in ledgers:
        ledgers[label] = stored_partitions(connection, node.table)
    return ledgers[label]

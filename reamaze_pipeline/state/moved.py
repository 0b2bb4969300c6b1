"""Tables whose model now lies in another folder, and so in another schema: they take their stored days along.

Names of models are unique whatever their folder, so a table of ours that the project no longer knows under its schema,
and knows under another, has moved. What the ledger does not name, or a view that carries no mark of ours, is somebody
else's and stays. Whether the days are still what would be stored now is for `days` to say.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import duckdb

from reamaze_pipeline.models.model import Model, Project
from reamaze_pipeline.state.promises import PROMISES
from reamaze_pipeline.warehouse.catalog import create_schema, is_table, relations
from reamaze_pipeline.warehouse.connection import transaction, writing
from reamaze_pipeline.warehouse.lake.location import Location
from reamaze_pipeline.warehouse.ledger import LEDGER, read_ledger
from reamaze_pipeline.warehouse.partition import is_own_view
from reamaze_pipeline.warehouse.table import Table


@dataclass(frozen=True, slots=True)
class Move:
    """``was`` is what is stored; ``model`` where it belongs now."""

    was: Table
    model: Model


def moves(connection: duckdb.DuckDBPyConnection, project: Project) -> list[Move]:
    """What lies where an earlier version of the project had it."""
    homes = {model.name: model for model in project.models}
    known = {(node.table.schema, node.table.name) for node in project.nodes.values()}
    strays = [key for key in sorted(relations(connection)) if key not in known and key[1] in homes]
    found = [Move(replace(homes[name].table, schema=schema), homes[name]) for schema, name in strays]
    ledger = read_ledger(connection, [move.was for move in found]) if found else {}
    return [move for move in found if _is_ours(connection, move, (move.was.schema, move.was.name) in ledger)]


def _is_ours(connection: duckdb.DuckDBPyConnection, move: Move, in_ledger: bool) -> bool:
    if move.model.materialized == "view":
        return is_own_view(connection, move.was)
    return in_ledger and is_table(connection, move.was)


def move_along(database: str | Location, found: Sequence[Move]) -> None:
    """Move them, all or nothing; a view is only dropped, because it is defined anew where it belongs."""
    with writing(database) as connection, transaction(connection):
        for move in found:
            _move(connection, move)
    for move in found:
        logging.getLogger(__name__).info("%s is now %s", move.was.label, move.model.table.label)


def _move(connection: duckdb.DuckDBPyConnection, move: Move) -> None:
    was, now = move.was, move.model.table
    if move.model.materialized == "view":
        connection.execute(f"DROP VIEW {was.qualified}")
    else:
        # An older version that ran in between stored it once more under the old name: what is there already is newer.
        if (now.schema, now.name) not in relations(connection):
            create_schema(connection, now)
            connection.execute(f"CREATE TABLE {now.qualified} AS FROM {was.qualified}")
            _rename(connection, LEDGER, was, now)
        connection.execute(f"DROP TABLE {was.qualified}")
        _forget(connection, LEDGER, was)
    if is_table(connection, PROMISES):
        _forget(connection, PROMISES, was)


def _rename(connection: duckdb.DuckDBPyConnection, notes: Table, was: Table, now: Table) -> None:
    connection.execute(
        f"UPDATE {notes.qualified} SET schema_name = ? WHERE schema_name = ? AND table_name = ?",
        [now.schema, was.schema, was.name],
    )


def _forget(connection: duckdb.DuckDBPyConnection, notes: Table, was: Table) -> None:
    """What was noted under the old name; a promise is looked at anew."""
    connection.execute(
        f"DELETE FROM {notes.qualified} WHERE schema_name = ? AND table_name = ?", [was.schema, was.name]
    )

"""The warehouse brought to what the project says: tables where their files lie, changed seeds loaded, changed views
defined anew.

None of it takes a fetch or a computation, so every run does it before it reads anything: a view is never older than its
file. Tables of days do not belong here; which of their days are out of date is told in `state`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from reamaze_pipeline.models.model import Model, Node, Project, Seed
from reamaze_pipeline.models.seeds import outdated_seeds, store_seeds
from reamaze_pipeline.state.moved import Move, move_along, moves
from reamaze_pipeline.warehouse.catalog import prepare, relations, stored_columns
from reamaze_pipeline.warehouse.connection import reading, transaction, writing
from reamaze_pipeline.warehouse.lake.location import Location, is_there
from reamaze_pipeline.warehouse.partition import made_from, replace_views, views_made_from


@dataclass(frozen=True, slots=True)
class Provisioned:
    """Labels of what was brought up to date."""

    seeds: tuple[str, ...] = ()
    views: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()


def bring_up_to_date(database: str | Location, project: Project) -> Provisioned:
    """Move what lies elsewhere, load the seeds and define the views that are absent or not what the project says.

    Writes only if there are any. A stored table that a view reads is given the columns it lacks.

    A view of tables that are not stored yet waits for them. Raises `SchemaChangeRefused` where a table has a view's
    name, and `SeedError` for a seed that does not fit its columns.
    """
    moved, seeds, views = _waiting(database, project)
    if moved:
        move_along(database, moved)
    if seeds:
        store_seeds(database, seeds)
    if moved or seeds:
        views = outdated_views(database, project)
    if views:
        with writing(database) as connection:
            _add_columns(connection, views)
            replace_views(connection, [(view.table, view.select()) for view in views])
    return Provisioned(
        tuple(seed.table.label for seed in seeds),
        tuple(view.table.label for view in views),
        tuple(move.model.table.label for move in moved),
    )


def _waiting(database: str | Location, project: Project) -> tuple[list[Move], list[Seed], list[Model]]:
    """All of it in one look, because every step of every run asks and nearly always nothing waits."""
    if not is_there(database):
        return [], list(project.seeds), []
    with reading(database) as connection:
        seeds = outdated_seeds(connection, project.seeds)
        return moves(connection, project), seeds, _outdated_views(connection, project)


def _add_columns(connection: duckdb.DuckDBPyConnection, views: Sequence[Model]) -> None:
    """A column that a table of days has got since it was stored is null until the days are computed anew."""
    read = {node.table.label: node for view in views for node in view.upstream}
    for node in read.values():
        if isinstance(node, Model) and node.partitioned:
            stored = {column.name for column in stored_columns(connection, node.table)}
            if not stored.issuperset(node.table.column_names):
                with transaction(connection):
                    prepare(connection, node.table)


def outdated_views(database: str | Location, project: Project) -> list[Model]:
    """The views that can be defined and are not what the project says, in an order in which they can be."""
    if not is_there(database):
        return []
    with reading(database) as connection:
        return _outdated_views(connection, project)


def _outdated_views(connection: duckdb.DuckDBPyConnection, project: Project) -> list[Model]:
    there, defined = relations(connection), views_made_from(connection)
    outdated: list[Model] = []
    for model in project.models:
        if model.materialized != "view" or not all(_is_there(node, there) for node in model.upstream):
            continue
        there.add((model.schema, model.name))
        if defined.get((model.schema, model.name)) != made_from(model.select()):
            outdated.append(model)
    return outdated


def _is_there(node: Node, there: set[tuple[str, str]]) -> bool:
    return (node.table.schema, node.table.name) in there

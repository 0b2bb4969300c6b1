"""The warehouse brought to what the project says: changed seeds loaded, changed views defined anew.

Neither takes a fetch or a computation, so every run does it before it reads anything: a view is never older than its
file. Tables of days do not belong here; which of their days are out of date is told in `state`.
"""

from __future__ import annotations

from dataclasses import dataclass

from reamaze_pipeline.models.model import Model, Node, Project
from reamaze_pipeline.models.seeds import load_seeds
from reamaze_pipeline.warehouse.catalog import relations
from reamaze_pipeline.warehouse.connection import reading, writing
from reamaze_pipeline.warehouse.lake.location import Location, is_there
from reamaze_pipeline.warehouse.partition import replace_view, view_is_current


@dataclass(frozen=True, slots=True)
class Provisioned:
    """Labels of what was brought up to date."""

    seeds: tuple[str, ...] = ()
    views: tuple[str, ...] = ()


def bring_up_to_date(database: str | Location, project: Project) -> Provisioned:
    """Load the seeds and define the views that are absent or not what the project says; writes only if there are any.

    A view of tables that are not stored yet waits for them. Raises `SchemaChangeRefused` where a table has a view's
    name, and `SeedError` for a seed that does not fit its columns.
    """
    seeds = tuple(load_seeds(database, project.seeds))
    views = outdated_views(database, project)
    if views:
        with writing(database) as connection:
            for view in views:
                replace_view(connection, view.table, view.select())
    return Provisioned(seeds, tuple(view.table.label for view in views))


def outdated_views(database: str | Location, project: Project) -> list[Model]:
    """The views that can be defined and are not what the project says, in an order in which they can be."""
    if not is_there(database):
        return []
    with reading(database) as connection:
        there = relations(connection)
        outdated: list[Model] = []
        for model in project.models:
            if model.materialized != "view" or not all(_is_there(node, there) for node in model.upstream):
                continue
            there.add((model.schema, model.name))
            if not view_is_current(connection, model.table, model.select()):
                outdated.append(model)
        return outdated


def _is_there(node: Node, there: set[tuple[str, str]]) -> bool:
    return (node.table.schema, node.table.name) in there

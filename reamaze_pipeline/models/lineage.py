"""Which columns a model's columns are made of, read from its SQL by sqlglot.

Follows common table expressions and subqueries down to the tables of the project. What Dagster shows of it
does not belong here.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node, lineage

from reamaze_pipeline.errors import ModelError
from reamaze_pipeline.models.model import Model, Project
from reamaze_pipeline.warehouse.table import Table

Origin = tuple[str, str, str]
"""Schema, table and column."""


def column_lineage(model: Model, project: Project) -> dict[str, list[Origin]]:
    """For each column of the model, in order, the columns of other tables that it is computed from.

    The project says which columns its tables have, so that a star can be unfolded. Raises `ModelError` where sqlglot
    cannot follow the SQL although DuckDB can run it.
    """
    schema = _schema(node.table for node in project.nodes.values())
    try:
        # All columns at once: one by one, each would parse and qualify the whole select again.
        roots = lineage(None, model.sql, schema=schema, dialect="duckdb", trim_selects=False)
        return {column: _origins(roots[column.lower()]) for column in model.table.column_names}
    except (SqlglotError, KeyError) as error:
        raise ModelError(model.path, 1, f"the lineage of its columns cannot be read: {error}") from error


def _origins(root: Node) -> list[Origin]:
    """The columns of stored tables at the leaves below one column."""
    origins = {
        (leaf.source.db, leaf.source.name, leaf.name.rsplit(".", maxsplit=1)[-1].strip('"'))
        for leaf in root.walk()
        if isinstance(leaf.source, exp.Table) and leaf.source.db and not leaf.downstream
    }
    return sorted(origins)


def _schema(tables: Iterable[Table]) -> dict[str, dict[str, dict[str, str]]]:
    schema: dict[str, dict[str, dict[str, str]]] = {}
    for table in tables:
        columns = {column.name: column.type for column in table.columns}
        schema.setdefault(table.schema, {})[table.name] = columns
    return schema

"""Which columns a model's columns are made of, read from its SQL by sqlglot.

Follows common table expressions and subqueries down to the tables of the project. What Dagster shows of it
does not belong here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.lineage import Node, lineage
from sqlglot.schema import MappingSchema

from reamaze_pipeline.errors import LineageUnknown
from reamaze_pipeline.models.model import Model, Project
from reamaze_pipeline.warehouse.table import Table

Origin = tuple[str, str, str]
"""Schema, table and column."""

Shape = tuple[str, str, tuple[tuple[str, str], ...]]
"""Schema, table, and its columns with the type of each."""


def column_lineage(model: Model, project: Project) -> dict[str, list[Origin]]:
    """For each column of the model, in order, the columns of other tables that it is computed from.

    The project says which columns its tables have, so that a star can be unfolded. Raises `LineageUnknown` where
    sqlglot cannot follow the SQL although DuckDB can run it: nothing is told then, rather than something wrong
    (it matches UNION BY NAME by position).
    """
    told = _traced(model.sql, model.table.column_names, tuple(_shape(node.table) for node in project.nodes.values()))
    if told is None:
        raise LineageUnknown(_unknown(model))
    return {column: list(origins) for column, origins in told}


@cache
def _traced(
    sql: str, columns: tuple[str, ...], tables: tuple[Shape, ...]
) -> tuple[tuple[str, tuple[Origin, ...]], ...] | None:
    """Remembered, because whoever builds the graph asks again, and it is half of what building it costs."""
    try:
        parsed = sqlglot.parse_one(sql, dialect="duckdb")
        # All columns at once: one by one, each would parse and qualify the whole select again.
        roots = lineage(None, parsed, schema=_schema(tables), dialect="duckdb", trim_selects=False)
    except Exception:  # whatever it stumbles over, lineage is only drawn
        return None
    by_name = any(union.args.get("by_name") for union in parsed.find_all(exp.SetOperation))
    if by_name or not _agree(roots, columns):
        return None
    return tuple((column, tuple(_origins(root))) for column, root in zip(columns, roots.values(), strict=True))


def _unknown(model: Model) -> str:
    return f"{model.path}: what the columns of {model.table.label} are made of is unknown; all else of it works"


def _agree(roots: Mapping[str, Node], columns: tuple[str, ...]) -> bool:
    """Whether sqlglot saw the columns that DuckDB gives; those without an alias it calls by their number."""
    if len(roots) != len(columns):
        return False
    pairs = enumerate(zip(roots, columns, strict=True))
    return all(root.lower() in {column.lower(), f"_col_{number}"} for number, (root, column) in pairs)


def _origins(root: Node) -> list[Origin]:
    """The columns of stored tables at the leaves below one column."""
    origins = {
        (leaf.source.db, leaf.source.name, leaf.name.rsplit(".", maxsplit=1)[-1].strip('"'))
        for leaf in root.walk()
        if isinstance(leaf.source, exp.Table) and leaf.source.db and not leaf.downstream
    }
    return sorted(origins)


def _shape(table: Table) -> Shape:
    return table.schema, table.name, tuple((column.name, column.type) for column in table.columns)


@lru_cache(maxsize=4)
def _schema(tables: tuple[Shape, ...]) -> MappingSchema:
    """Made once for all models of a project: sqlglot looks at every name in it."""
    schema: dict[str, Any] = {}
    for owner, name, columns in tables:
        schema.setdefault(owner, {})[name] = dict(columns)
    return MappingSchema(schema, dialect="duckdb")

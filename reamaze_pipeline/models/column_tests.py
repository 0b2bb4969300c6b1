"""dbt-style column tests as SQL that counts what fails, over the days of a run.

Which check runs when, and what a failure blocks, is for whoever runs them to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from reamaze_pipeline.models.model import Model, Project, relation
from reamaze_pipeline.warehouse.day_filter import DayFilter
from reamaze_pipeline.warehouse.table import Column, ColumnTest, Select, quoted


def check_name(column: Column, test: ColumnTest) -> str:
    """A name for the check, unique within its model."""
    return f"{test.name}_{column.name}"


def failing_rows(
    project: Project, model: Model, column: Column, test: ColumnTest, days: Iterable[date] | None = None
) -> Select:
    """How many rows (for ``unique``, values) of the days fail, as a select of one number. None means all days."""
    window = None if days is None else DayFilter.of(days)
    parameters = dict(window.parameters) if window is not None and model.event_time is not None else {}
    sql, more = _FAILING[test.name](project, relation(model, window), quoted(column.name), test.arguments)
    return Select(sql, parameters | more)


_Failing = tuple[str, dict[str, Any]]


def _not_null(_: Project, rows: str, name: str, __: Mapping[str, Any]) -> _Failing:
    return f"SELECT count(*) AS failing FROM {rows} AS tested WHERE {name} IS NULL", {}


def _unique(_: Project, rows: str, name: str, __: Mapping[str, Any]) -> _Failing:
    repeated = f"SELECT {name} FROM {rows} AS tested WHERE {name} IS NOT NULL GROUP BY {name} HAVING count(*) > 1"
    return f"SELECT count(*) AS failing FROM ({repeated})", {}


def _accepted_values(_: Project, rows: str, name: str, arguments: Mapping[str, Any]) -> _Failing:
    accepted = {f"accepted_{n}": value for n, value in enumerate(arguments["values"])}
    values = ", ".join(f"${key}" for key in accepted)
    return f"SELECT count(*) AS failing FROM {rows} AS tested WHERE {name} NOT IN ({values})", accepted


def _relationships(project: Project, rows: str, name: str, arguments: Mapping[str, Any]) -> _Failing:
    parent = project.nodes[arguments["to"]].table.qualified
    found = f"SELECT 1 FROM {parent} AS parent WHERE parent.{quoted(arguments['field'])} = child.{name}"
    return f"SELECT count(*) AS failing FROM {rows} AS child WHERE {name} IS NOT NULL AND NOT EXISTS ({found})", {}


_FAILING: dict[str, Callable[[Project, str, str, Mapping[str, Any]], _Failing]] = {
    "not_null": _not_null,
    "unique": _unique,
    "accepted_values": _accepted_values,
    "relationships": _relationships,
}

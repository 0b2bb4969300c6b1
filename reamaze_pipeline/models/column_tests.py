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

WRITTEN = {"body", "document", "payload", "text"}
"""Columns of what people wrote, which nobody has to read to see which row fails."""


def check_name(column: Column, test: ColumnTest) -> str:
    """A name for the check, unique within its model."""
    return f"{test.name}_{column.name}"


def failing_rows(
    project: Project, model: Model, column: Column, test: ColumnTest, days: Iterable[date] | None = None
) -> Select:
    """How many rows fail: columns ``day`` and ``failing`` where the model's rows have days, else the latter alone.

    None means all days. A value of a stored table is ``unique`` if no other row of any day has it.
    """
    rows, parameters = _rows(project, model, column, test, days)
    if model.event_time is None:
        return Select(f"SELECT count(*) AS failing {rows}", parameters)
    day = quoted(model.event_time)
    return Select(f"SELECT {day}::DATE AS day, count(*) AS failing {rows} GROUP BY 1 ORDER BY 1", parameters)


def rows_that_fail(
    project: Project, model: Model, column: Column, test: ColumnTest, days: Iterable[date] | None = None
) -> Select:
    """The same rows to look at, without what people wrote."""
    rows, parameters = _rows(project, model, column, test, days)
    shown = ", ".join(quoted(name) for name in model.table.column_names if name not in WRITTEN)
    return Select(f"SELECT {shown} {rows} ORDER BY ALL", parameters)


def _rows(
    project: Project, model: Model, column: Column, test: ColumnTest, days: Iterable[date] | None
) -> tuple[str, dict[str, Any]]:
    window = None if days is None else DayFilter.of(days)
    parameters = dict(window.parameters) if window is not None and model.event_time is not None else {}
    condition, more = _FAILING[test.name](project, model, window, column, test.arguments)
    return f"FROM {relation(model, window)} AS tested WHERE {condition}", parameters | more


_Failing = tuple[str, dict[str, Any]]


def _not_null(_: Project, __: Model, ___: DayFilter | None, column: Column, ____: Mapping[str, Any]) -> _Failing:
    return f"{quoted(column.name)} IS NULL", {}


def _unique(_: Project, model: Model, window: DayFilter | None, column: Column, __: Mapping[str, Any]) -> _Failing:
    name, asked = quoted(column.name), relation(model, window)
    # A view over all days is too dear to be asked for each day's values; what it is made of is stored and looked at.
    everywhere = model.table.qualified if model.partitioned else asked
    mine = f"SELECT {name} FROM {asked} AS own WHERE {name} IS NOT NULL"
    return (
        f"{name} IN (SELECT {name} FROM {everywhere} AS others WHERE {name} IN ({mine})"
        f" GROUP BY {name} HAVING count(*) > 1)",
        {},
    )


def _accepted_values(
    _: Project, __: Model, ___: DayFilter | None, column: Column, arguments: Mapping[str, Any]
) -> _Failing:
    accepted = {f"accepted_{n}": value for n, value in enumerate(arguments["values"])}
    values = ", ".join(f"${key}" for key in accepted)
    return f"{quoted(column.name)} NOT IN ({values})", accepted


def _relationships(
    project: Project, _: Model, __: DayFilter | None, column: Column, arguments: Mapping[str, Any]
) -> _Failing:
    parent, name = project.nodes[arguments["to"]].table.qualified, quoted(column.name)
    found = f"SELECT 1 FROM {parent} AS parent WHERE parent.{quoted(arguments['field'])} = tested.{name}"
    return f"{name} IS NOT NULL AND NOT EXISTS ({found})", {}


_FAILING: dict[str, Callable[[Project, Model, DayFilter | None, Column, Mapping[str, Any]], _Failing]] = {
    "not_null": _not_null,
    "unique": _unique,
    "accepted_values": _accepted_values,
    "relationships": _relationships,
}

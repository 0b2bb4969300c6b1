"""What is promised of the tables: the tests in `schema.yml` and those that SQL files state, as one kind of thing.

A promise is a select of what breaks it. When it is looked at, and what a broken one blocks, is for the graph to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from reamaze_pipeline.models.column_tests import check_name, failing_rows, rows_that_fail
from reamaze_pipeline.models.model import Model, Project
from reamaze_pipeline.models.singular_tests import SingularTest
from reamaze_pipeline.warehouse.table import Column, ColumnTest, Select


@dataclass(frozen=True, slots=True)
class Promise:
    """``table`` is (schema, name), ``severity`` ``error`` or ``warn``; ``failing_rows`` takes days, None being all."""

    table: tuple[str, str]
    name: str
    description: str
    severity: str
    failing_rows: Callable[[Iterable[date] | None], Select]
    blocking: bool = True
    """Whether a broken one of severity ``error`` keeps what is downstream from being built."""
    to_look_at: Callable[[Iterable[date] | None], Select] | None = None
    """The rows themselves where ``failing_rows`` counts them."""


def promises_of(project: Project, model: Model, tests: Sequence[SingularTest]) -> list[Promise]:
    """All that is promised of one model: of its columns first, then by files."""
    return [*_of_columns(project, model), *_of_files(model, tests)]


def _of_columns(project: Project, model: Model) -> Iterator[Promise]:
    for column, test in model.tests:
        yield Promise(
            (model.schema, model.name),
            check_name(column, test),
            _of_column(column, test),
            test.severity,
            partial(failing_rows, project, model, column, test),
            to_look_at=partial(rows_that_fail, project, model, column, test),
        )


def _of_column(column: Column, test: ColumnTest) -> str:
    told = {
        "not_null": "is never empty",
        "unique": "is never there twice",
        "accepted_values": f"is one of {', '.join(map(str, test.arguments.get('values', ())))}",
        "relationships": f"is found in {test.arguments.get('to')}.{test.arguments.get('field')}",
    }
    return f"{column.name} {told[test.name]}"


def _of_files(model: Model, tests: Sequence[SingularTest]) -> Iterator[Promise]:
    for test in tests:
        if test.table == (model.schema, model.name):
            yield Promise(test.table, test.name, test.description, test.severity, test.failing_rows, test.blocking)

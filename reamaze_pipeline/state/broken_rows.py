"""The rows that break a promise, as they are stored now: what a person looks at before anything else is done."""

from __future__ import annotations

from collections.abc import Sequence

from reamaze_pipeline.models.findings import find
from reamaze_pipeline.models.model import Project
from reamaze_pipeline.models.promises import promises_of
from reamaze_pipeline.models.singular_tests import SingularTest
from reamaze_pipeline.state.promises import broken
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.lake.location import Location


def broken_rows(database: Location, project: Project, tests: Sequence[SingularTest]) -> dict[str, str]:
    """By the line of each broken promise, the first of its rows as a Markdown table; empty where it says no rows.

    Nothing is remembered of it: a promise is looked at by the runs. One that is asked for no more has no rows.
    """
    known = {
        (promise.table, promise.name): promise
        for model in project.models
        for promise in promises_of(project, model, tests)
    }
    found: dict[str, str] = {}
    for one in broken(database):
        schema, _, table = one.table.partition(".")
        promise = known.get(((schema, table), one.name))
        if promise is None:
            continue
        with reading(database) as connection:
            findings = find(connection, (promise.to_look_at or promise.failing_rows)(one.days or None))
        found[one.line] = findings.markdown or f"{findings.count:,} rows"
    return found

"""What must hold after every run: asset checks over the days of that run, each one SQL statement.

The statements come from the tests in `schema.yml` and from the files under `tests/`. All checks of a table are one
step and one connection. A broken promise of severity `error` keeps what is downstream from being built on it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import dagster as dg

from reamaze_pipeline.defs.partitions import days_of_run
from reamaze_pipeline.warehouse.column_tests import check_name, failing_rows
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.findings import Findings, find
from reamaze_pipeline.warehouse.io_manager import DuckDBWarehouse
from reamaze_pipeline.warehouse.model import Model, Project
from reamaze_pipeline.warehouse.singular_tests import SingularTest
from reamaze_pipeline.warehouse.table import Select

RUNS_LOOKED_AT = 50
"""How many runs back the last look at a promise is searched for."""


@dataclass(frozen=True, slots=True)
class _Promise:
    key: dg.AssetKey
    name: str
    description: str
    severity: str
    failing_rows: Callable[[Iterable[date] | None], Select]


def model_checks(project: Project, tests: Sequence[SingularTest]) -> list[dg.AssetChecksDefinition]:
    """The checks of each stored model, and together those of all views.

    A view holds nothing that could be kept from being built, so its promises block nothing, and one step looks at all.
    """
    checks = []
    of_views: list[_Promise] = []
    for model in project.models:
        promises = _of_model(model, tests)
        if model.materialized == "view":
            of_views += promises
        elif promises:
            checks.append(_checks(f"check_{model.schema}_{model.name}", promises, blocking=True))
    if of_views:
        checks.append(_checks("check_views", of_views, blocking=False))
    return checks


def _of_model(model: Model, tests: Sequence[SingularTest]) -> list[_Promise]:
    return [*_of_columns(model), *_of_files(model, tests)]


def _of_columns(model: Model) -> Iterator[_Promise]:
    for column, test in model.tests:
        yield _Promise(
            _key(model),
            check_name(column, test),
            f"{column.name}: {test.name.replace('_', ' ')}",
            test.severity,
            partial(failing_rows, model, column, test),
        )


def _of_files(model: Model, tests: Sequence[SingularTest]) -> Iterator[_Promise]:
    for test in tests:
        if test.table == (model.schema, model.name):
            yield _Promise(_key(model), test.name, test.description, test.severity, test.failing_rows)


def _key(model: Model) -> dg.AssetKey:
    return dg.AssetKey([model.schema, model.name])


def _checks(name: str, promises: Sequence[_Promise], *, blocking: bool) -> dg.AssetChecksDefinition:
    specs = [
        dg.AssetCheckSpec(
            promise.name,
            asset=promise.key,
            description=promise.description,
            blocking=blocking and promise.severity == "error",
        )
        for promise in promises
    ]

    @dg.multi_asset_check(name=name, specs=specs, can_subset=True)
    def evaluate(
        context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[DuckDBWarehouse]
    ) -> Iterator[dg.AssetCheckResult]:
        days = days_of_run(context.run.tags)
        wanted = context.selected_asset_check_keys
        with reading(warehouse.database) as connection:
            for promise in promises:
                if dg.AssetCheckKey(promise.key, promise.name) in wanted:
                    yield _result(promise, find(connection, promise.failing_rows(days)))

    return evaluate


def _result(promise: _Promise, findings: Findings) -> dg.AssetCheckResult:
    metadata: dict[str, dg.MetadataValue[Any]] = {"failing": dg.MetadataValue.int(findings.count)}
    if findings.count:
        metadata["rows"] = dg.MetadataValue.md(findings.markdown)
    return dg.AssetCheckResult(
        passed=findings.count == 0,
        asset_key=promise.key,
        check_name=promise.name,
        severity=dg.AssetCheckSeverity.ERROR if promise.severity == "error" else dg.AssetCheckSeverity.WARN,
        description=promise.description,
        metadata=metadata,
    )


def promised(project: Project, tests: Sequence[SingularTest]) -> frozenset[dg.AssetCheckKey]:
    """All that a run of everything looks at."""
    promises = [promise for model in project.models for promise in _of_model(model, tests)]
    return frozenset(dg.AssetCheckKey(promise.key, promise.name) for promise in promises)


def broken_promises(instance: dg.DagsterInstance, promises: Set[dg.AssetCheckKey]) -> list[str]:
    """Those found broken when each was last looked at, as `schema/table: promise`, warnings included.

    A run of some assets looks at theirs alone; so runs are gone through from the newest back, 50 at most.
    """
    newest: dict[dg.AssetCheckKey, dg.AssetCheckEvaluation] = {}
    for run in instance.get_runs(limit=RUNS_LOOKED_AT):
        newest = _evaluations(instance, run.run_id) | newest
        if promises <= newest.keys():
            break
    return sorted(
        f"{key.asset_key.to_user_string()}: {check.description or check.check_name}"
        for key, check in newest.items()
        if key in promises and not check.passed
    )


def _evaluations(instance: dg.DagsterInstance, run_id: str) -> dict[dg.AssetCheckKey, dg.AssetCheckEvaluation]:
    found = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION).records
    events = [record.event_log_entry.dagster_event for record in found]
    evaluations = [event.asset_check_evaluation_data for event in events if event is not None]
    return {evaluation.asset_check_key: evaluation for evaluation in evaluations}

"""What must hold after every run: asset checks over the days of that run, each one SQL statement.

All checks of a table are one step and one connection. A broken promise of severity `error` keeps what is downstream
from being built on it. What is promised is said in `reamaze_pipeline.models.promises`.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from reamaze_pipeline.defs.naming import plain
from reamaze_pipeline.defs.partitions import days_of_run
from reamaze_pipeline.models.findings import Findings, find
from reamaze_pipeline.models.model import Project
from reamaze_pipeline.models.promises import Promise, promises_of
from reamaze_pipeline.models.singular_tests import SingularTest
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.io_manager import DuckDBWarehouse


def model_checks(project: Project, tests: Sequence[SingularTest]) -> list[dg.AssetChecksDefinition]:
    """The checks of each stored model, and together those of all views.

    A view holds nothing that could be kept from being built, so its promises block nothing, and one step looks at all.
    """
    checks = []
    of_views: list[Promise] = []
    for model in project.models:
        promises = promises_of(project, model, tests)
        if model.materialized == "view":
            of_views += promises
        elif promises:
            checks.append(_checks(f"check_{plain(model.schema)}_{plain(model.name)}", promises, blocking=True))
    if of_views:
        checks.append(_checks("check_views", of_views, blocking=False))
    return checks


def promised(project: Project, tests: Sequence[SingularTest]) -> frozenset[dg.AssetCheckKey]:
    """All that a run of everything looks at."""
    return frozenset(_key(promise) for model in project.models for promise in promises_of(project, model, tests))


def _key(promise: Promise) -> dg.AssetCheckKey:
    return dg.AssetCheckKey(dg.AssetKey(promise.table), promise.name)


def _checks(name: str, promises: Sequence[Promise], *, blocking: bool) -> dg.AssetChecksDefinition:
    specs = [
        dg.AssetCheckSpec(
            promise.name,
            asset=dg.AssetKey(promise.table),
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
                if _key(promise) in wanted:
                    yield _result(promise, find(connection, promise.failing_rows(days)))

    return evaluate


def _result(promise: Promise, findings: Findings) -> dg.AssetCheckResult:
    metadata: dict[str, dg.MetadataValue[Any]] = {"failing": dg.MetadataValue.int(findings.count)}
    if findings.count:
        metadata["rows"] = dg.MetadataValue.md(findings.markdown)
    return dg.AssetCheckResult(
        passed=findings.count == 0,
        asset_key=dg.AssetKey(promise.table),
        check_name=promise.name,
        severity=dg.AssetCheckSeverity.ERROR if promise.severity == "error" else dg.AssetCheckSeverity.WARN,
        description=promise.description,
        metadata=metadata,
    )

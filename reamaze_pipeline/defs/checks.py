"""What must hold after every run, as asset checks: green only if every stored day keeps the promise.

All checks of a table are one step, which looks at what was stored since the last look. A broken promise of severity
`error` keeps what is downstream from being built on it. What is promised is said in `reamaze_pipeline.models.promises`;
what is known of it, in `reamaze_pipeline.state.promises`.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg

from reamaze_pipeline.defs.naming import ALONE, Naming, plain
from reamaze_pipeline.defs.partitions import days_of_run
from reamaze_pipeline.models.model import Model, Project
from reamaze_pipeline.models.promises import Promise, promises_of
from reamaze_pipeline.models.singular_tests import SingularTest
from reamaze_pipeline.state.promises import NO_DAY, Verdict, look
from reamaze_pipeline.warehouse.io_manager import DuckDBWarehouse

_Of = tuple[Model, Promise]
DAYS_SHOWN = 20


def model_checks(
    project: Project, tests: Sequence[SingularTest], names: Naming = ALONE
) -> list[dg.AssetChecksDefinition]:
    """The checks of each stored model, and together those of all views.

    A view holds nothing that could be kept from being built, so its promises block nothing, and one step looks at all.
    """
    checks = []
    of_views: list[_Of] = []
    for model in project.models:
        promises = [(model, promise) for promise in promises_of(project, model, tests)]
        if model.materialized == "view":
            of_views += promises
        elif promises:
            step = f"check_{plain(model.schema)}_{plain(model.name)}"
            checks.append(_checks(names, step, promises, blocking=True))
    if of_views:
        checks.append(_checks(names, "check_views", of_views, blocking=False))
    return checks


def _key(names: Naming, promise: Promise) -> dg.AssetCheckKey:
    return dg.AssetCheckKey(names.key(*promise.table), promise.name)


def _checks(names: Naming, step: str, promises: Sequence[_Of], *, blocking: bool) -> dg.AssetChecksDefinition:
    specs = [
        dg.AssetCheckSpec(
            promise.name,
            asset=names.key(*promise.table),
            description=promise.description,
            blocking=blocking and promise.blocking and promise.severity == "error",
        )
        for _, promise in promises
    ]

    @dg.multi_asset_check(name=names.name(step), specs=specs, can_subset=True)
    @names.asking
    def evaluate(
        context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[DuckDBWarehouse]
    ) -> Iterator[dg.AssetCheckResult]:
        days = days_of_run(context.run.tags)
        selected = context.selected_asset_check_keys
        wanted = [(model, promise) for model, promise in promises if _key(names, promise) in selected]
        for verdict in look(warehouse.database, wanted):
            yield _result(names, verdict, days)

    return evaluate


def _result(names: Naming, verdict: Verdict, days: Sequence[date] | None) -> dg.AssetCheckResult:
    """Red if any stored day breaks the promise; what is downstream is stopped only for days of this run."""
    promise = verdict.promise
    of_run = None if days is None else {NO_DAY, *(day.isoformat() for day in days)}
    is_ours = of_run is None or any(day in of_run for day in verdict.broken)
    metadata: dict[str, dg.MetadataValue[Any]] = {"failing": dg.MetadataValue.int(verdict.failing)}
    if verdict.broken:
        metadata["days"] = dg.MetadataValue.json(dict(verdict.broken))
        metadata["rows"] = dg.MetadataValue.md(verdict.markdown or _by_day(verdict.broken))
    grave = promise.severity == "error" and is_ours
    return dg.AssetCheckResult(
        passed=verdict.kept,
        asset_key=names.key(*promise.table),
        check_name=promise.name,
        severity=dg.AssetCheckSeverity.ERROR if grave else dg.AssetCheckSeverity.WARN,
        description=verdict.in_words,
        metadata=metadata,
    )


def _by_day(broken: Mapping[str, int]) -> str:
    """How many rows break a promise on which day, as a table; of the newest days, if there are many."""
    newest = sorted(broken.items(), reverse=True)
    lines = [f"| {day} | {rows:,} |" for day, rows in newest[:DAYS_SHOWN]]
    more = [f"\n… and {len(newest) - DAYS_SHOWN:,} more days"] if len(newest) > DAYS_SHOWN else []
    return "\n".join(["| day | rows |", "|---|---|", *lines, *more])

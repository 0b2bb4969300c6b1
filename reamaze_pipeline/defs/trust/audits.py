"""The audit in Dagster: a check on `raw/message_pages` that names the days that differ, and the weekly job that asks.

The check asks Re:amaze only in a run that makes no asset: that of the job, or of the check executed by itself. In every
other run it tells what the last audits found and no fetch has mended since, which costs one look at the warehouse.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import dagster as dg

from reamaze_pipeline.audit.compare import Auditor
from reamaze_pipeline.audit.held import Held
from reamaze_pipeline.audit.record import record
from reamaze_pipeline.audit.remembered import Remembered, remembered
from reamaze_pipeline.crawl.window import Window
from reamaze_pipeline.defs.message_pages import KEY
from reamaze_pipeline.defs.naming import ALONE, Naming
from reamaze_pipeline.defs.partitions import day_window, days_between, last_whole_day
from reamaze_pipeline.defs.resources import ReamazeResource
from reamaze_pipeline.errors import NothingStored
from reamaze_pipeline.models.model import Project

CHECK = "days_are_what_reamaze_holds"
JOB = "weekly_audit"
SCHEDULE = "weekly_audit_schedule"
MONDAYS = "30 5 * * 1"
DESCRIPTION = "Each stored day holds as many messages as Re:amaze does; asked once a week, by counts."
_DAYS_SHOWN = 50


def audit_check(
    partitions: dg.DailyPartitionsDefinition, project: Project, held: Held, names: Naming = ALONE
) -> dg.AssetChecksDefinition:
    """The check; `held` is what is stored. It stops nothing: what is stored stays the best there is.

    It takes no slot of the pool of those that ask, because all but one run a week ask nothing.
    """
    results = project.source("meta", "audits").table

    spec = dg.AssetCheckSpec(CHECK, asset=names.key(*KEY.path), description=DESCRIPTION)

    @dg.multi_asset_check(name=names.name("check_audits"), specs=[spec])
    @names.asking
    def evaluate(context: dg.AssetCheckExecutionContext, reamaze: ReamazeResource) -> dg.AssetCheckResult:
        if _asks(context.run, names):
            windows = _stored(partitions, held)
            if windows:
                with reamaze.client() as client:
                    found = Auditor(client, project, held, windows).counts()
                record(held.database, results, found)
                context.log.info(f"{found.days_compared} days were compared in {found.requests} requests")
        return _result(remembered(held.database, results))

    return evaluate


def _asks(run: dg.DagsterRun, names: Naming) -> bool:
    """Whether the run is there for checks alone."""
    return run.job_name == names.name(JOB) or bool(run.asset_check_selection and not run.asset_selection)


def audit_job(names: Naming = ALONE) -> Any:
    """Runs the check alone."""
    return dg.define_asset_job(
        names.name(JOB),
        selection=dg.AssetSelection.checks(dg.AssetCheckKey(names.key(*KEY.path), CHECK)),
        description=DESCRIPTION,
        executor_def=dg.in_process_executor,
    )


def audit_schedule(timezone: str, names: Naming = ALONE, *, on: bool) -> dg.ScheduleDefinition:
    """Once a week, when the night's work is done."""
    return dg.ScheduleDefinition(
        name=names.name(SCHEDULE),
        job_name=names.name(JOB),
        cron_schedule=MONDAYS,
        execution_timezone=timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING if on else dg.DefaultScheduleStatus.STOPPED,
        description="Each Monday: is what is stored what Re:amaze holds?",
    )


def _stored(partitions: dg.DailyPartitionsDefinition, held: Held) -> Sequence[Window]:
    """The days from the first that is stored to the last, as far as there are partitions for them."""
    try:
        first, last = held.days()
    except NothingStored:
        return []
    whole = last_whole_day(partitions)
    if whole is None:
        return []
    days = days_between(max(first, partitions.start.date()), min(last, whole))
    return [day_window(day, partitions.timezone) for day in days]


def _result(known: Remembered) -> dg.AssetCheckResult:
    audited = f"{known.audited_at:%Y-%m-%d %H:%M} UTC" if known.audited_at else "never"
    metadata: dict[str, Any] = {"last_audit": audited, "different_days": len({each.day for each in known.different})}
    if known.different:
        metadata["days"] = dg.MetadataValue.json({str(each.day): [each.stored, each.api] for each in known.different})
        metadata["what"] = dg.MetadataValue.md(_table(known))
        metadata["mend"] = _mending([each.day for each in known.different])
    return dg.AssetCheckResult(
        passed=not known.different, severity=dg.AssetCheckSeverity.ERROR, description=DESCRIPTION, metadata=metadata
    )


def _table(known: Remembered) -> str:
    """Days and counts; whose messages differ is in `meta.audits`."""
    lines = ["| day | list | stored | Re:amaze |", "|---|---|---:|---:|"]
    lines += [
        f"| {each.day} | {each.audience} | {each.stored} | {each.api} |" for each in known.different[:_DAYS_SHOWN]
    ]
    return "\n".join(lines)


def _mending(days: Sequence[dt.date]) -> str:
    return f"reamaze-pipeline audit --days --repair --from {min(days)} --to {max(days)}"

"""The audit in Dagster: a check on `raw/message_pages` that names the days that differ, and the weekly job that asks.

The check asks Re:amaze only in a run that makes no asset: that of the job, or of the check executed by itself. In every
other run it tells what the last audits found and no fetch has mended since, which costs one look at the warehouse.
It has no partitions: Dagster plans a check of days in every run over a range of them and takes it as skipped where the
run does not evaluate each day by itself, an event a day in every night and backfill.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from reamaze_pipeline.audit.compare import Auditor
from reamaze_pipeline.audit.findings import Audit
from reamaze_pipeline.audit.held import Held
from reamaze_pipeline.audit.record import record
from reamaze_pipeline.audit.remembered import Remembered, remembered
from reamaze_pipeline.audit.rotation import due_in_full, read_in_full
from reamaze_pipeline.crawl.window import Window
from reamaze_pipeline.defs.message_pages import KEY
from reamaze_pipeline.defs.naming import ALONE, Naming
from reamaze_pipeline.defs.partitions import day_window, days_between, last_whole_day
from reamaze_pipeline.defs.resources import ReamazeResource
from reamaze_pipeline.errors import NothingStored, UnexpectedAnswer, WindowNotProven
from reamaze_pipeline.models.model import Project
from reamaze_pipeline.settings.typed import typed
from reamaze_pipeline.warehouse.table import Table

CHECK = "days_are_what_reamaze_holds"
JOB = "weekly_audit"
SCHEDULE = "weekly_audit_schedule"
MONDAYS = "30 5 * * 1"
DESCRIPTION = (
    "Each stored day holds the messages that Re:amaze does; asked once a week: of all days by counts, and in full of"
    " the newest and of those whose turn it is."
)
_DAYS_SHOWN = 50


@dataclass(frozen=True)
class Audited:
    """What is audited of one deployment: `held` is what is stored."""

    partitions: dg.DailyPartitionsDefinition
    project: Project
    held: Held
    names: Naming = ALONE

    @property
    def asset(self) -> dg.AssetKey:
        """What the checks are about."""
        return self.names.key(*KEY.path)

    @property
    def results(self) -> Table:
        """`meta.audits`."""
        return self.project.source("meta", "audits").table

    def record(self, *audits: Audit) -> None:
        """Keep what was found."""
        for audit in audits:
            record(self.held.database, self.results, audit)


def audit_check(of: Audited) -> dg.AssetChecksDefinition:
    """The check. It stops nothing: what is stored stays the best there is.

    It takes no slot of the pool of those that ask, because all but one run a week ask nothing.
    """
    spec = dg.AssetCheckSpec(CHECK, asset=of.asset, description=DESCRIPTION)

    @dg.multi_asset_check(name=of.names.name("check_audits"), specs=[spec])
    @of.names.asking
    def evaluate(context: dg.AssetCheckExecutionContext, reamaze: ReamazeResource) -> dg.AssetCheckResult:
        windows = _stored(of) if _asks(context.run, of.names) else []
        if windows:
            try:
                told = _audit(of, reamaze, windows)
            except (UnexpectedAnswer, WindowNotProven) as error:
                why = f"Nothing could be compared, because Re:amaze contradicts itself: {error}"
                return dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.ERROR, description=why)
            context.log.info(told)
        return _result(remembered(of.held.database, of.results))

    return evaluate


def _audit(of: Audited, reamaze: ReamazeResource, windows: Sequence[Window]) -> str:
    """Ask, and keep what was found; what it cost, in words."""
    days = [dt.date.fromisoformat(window.key) for window in windows]
    pages = of.project.source(*KEY.path).table
    due = due_in_full(of.held.database, pages, of.results, days)
    with reamaze.client() as client:
        auditor = Auditor(client, of.project, of.held, windows)
        counted, full = auditor.counts(), read_in_full(auditor, due)
    of.record(counted, *full)
    requests = counted.requests + sum(audit.requests for audit in full)
    return f"{len(days)} days were counted and {len(due)} read in full, in {requests} requests"


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


def _stored(of: Audited) -> Sequence[Window]:
    """The days from the first that is stored to the last, as far as there are partitions for them."""
    try:
        first, last = of.held.days()
    except NothingStored:
        return []
    whole = last_whole_day(of.partitions)
    if whole is None:
        return []
    days = days_between(max(first, of.partitions.start.date()), min(last, whole))
    return [day_window(day, of.partitions.timezone) for day in days]


def _result(known: Remembered) -> dg.AssetCheckResult:
    audited = f"{known.audited_at:%Y-%m-%d %H:%M} UTC" if known.audited_at else "never"
    metadata: dict[str, Any] = {"last_audit": audited, "different_days": len({each.day for each in known.different})}
    if known.different:
        metadata["days"] = dg.MetadataValue.json({str(each.day): [each.stored, each.api] for each in known.different})
        metadata["what"] = dg.MetadataValue.md(_table(known))
        metadata["mend"] = _mending([each.day for each in known.different])
    return dg.AssetCheckResult(
        passed=not known.different,
        severity=dg.AssetCheckSeverity.ERROR,
        description=_in_words(known) or DESCRIPTION,
        metadata=metadata,
    )


def _in_words(known: Remembered) -> str:
    """The days that differ, where there are some: the UI shows it beside the red."""
    days = sorted({each.day for each in known.different})
    more = f" and {len(days) - _DAYS_SHOWN:,} more" if len(days) > _DAYS_SHOWN else ""
    return f"Other messages than Re:amaze holds: {', '.join(map(str, days[:_DAYS_SHOWN]))}{more}" if days else ""


def _table(known: Remembered) -> str:
    """Days and counts; whose messages differ is in `meta.audits`."""
    lines = ["| day | list | stored | Re:amaze |", "|---|---|---:|---:|"]
    lines += [
        f"| {each.day} | {each.audience} | {each.stored} | {each.api}{' (others)' * (each.stored == each.api)} |"
        for each in known.different[:_DAYS_SHOWN]
    ]
    return "\n".join(lines)


def _mending(days: Sequence[dt.date]) -> str:
    return typed(f"audit --days --repair --from {min(days)} --to {max(days)}")

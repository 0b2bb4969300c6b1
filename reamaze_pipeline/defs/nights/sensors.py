"""What the daemon does beside runs: the read copy after each good one, and telling people. How is not decided here."""

import datetime as dt
import os
from pathlib import Path

import dagster as dg

from reamaze_pipeline.alerts.incident import Standing
from reamaze_pipeline.alerts.watch import look
from reamaze_pipeline.alerts.weekly import send_report
from reamaze_pipeline.defs.naming import ALONE, Naming
from reamaze_pipeline.defs.nights.schedules import State
from reamaze_pipeline.defs.partitions import all_days, last_whole_day
from reamaze_pipeline.defs.runs_of_ours import TODAY
from reamaze_pipeline.errors import PipelineError
from reamaze_pipeline.settings import Alerts, clock
from reamaze_pipeline.state.plan import commands
from reamaze_pipeline.warehouse.files.snapshot import replace_snapshot

SECONDS = 60


def snapshot_sensor(database: Path, snapshot: Path, names: Naming = ALONE) -> dg.SensorDefinition:
    """A sensor that is on from the start; the command line makes the copy after its own runs."""

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name=names.name("snapshot"),
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=30,
        description="Replaces the copy for BI tools after each good run.",
    )
    def snapshot_after_run() -> None:
        if not snapshot.exists() or snapshot.stat().st_mtime < database.stat().st_mtime:
            replace_snapshot(database, snapshot)

    return snapshot_after_run


def alerts_sensor(
    settings: Alerts, partitions: dg.DailyPartitionsDefinition, state: State, names: Naming = ALONE
) -> dg.SensorDefinition:
    """Looks once a minute, from the start."""

    @dg.sensor(
        name=names.name("alerts"),
        minimum_interval_seconds=SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="One message when a run failed, when it is good again, and when no good night came.",
    )
    @names.asking
    def alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        home, now = Path(os.environ["DAGSTER_HOME"]), clock.now()
        job = names.job_alone
        problems = look(
            context.instance, home, settings, now, lambda: standing(partitions, state, now), job=job, but=TODAY
        )
        return dg.SkipReason("; ".join(problems) or "Nothing to run; whom there was something to tell was told.")

    return alerts


def standing(partitions: dg.DailyPartitionsDefinition, state: State, now: dt.datetime) -> Standing:
    """What the state says of all days that are over at ``now`` (aware)."""
    newest = last_whole_day(partitions, now)
    found = state(all_days(partitions, newest) if newest else [])
    wrong = frozenset(found.of_kind("missing")) | frozenset(found.of_kind("stale"))
    return Standing(wrong, tuple(commands(found)), found.last_good_night)


def report_sensor(
    settings: Alerts,
    report: Path,
    partitions: dg.DailyPartitionsDefinition,
    state: State,
    names: Naming = ALONE,
) -> dg.SensorDefinition:
    """Looks every ten minutes whether the report of the week is to be mailed."""

    @dg.sensor(
        name=names.name("weekly_report"),
        minimum_interval_seconds=10 * SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Mails the support report on Mondays, once the week that has ended is stored.",
    )
    @names.asking
    def weekly_report() -> dg.SkipReason:
        home, now = Path(os.environ["DAGSTER_HOME"]), clock.now()
        try:
            return dg.SkipReason(
                send_report(home, settings, report, partitions.timezone, newest_whole_day(partitions, state, now), now)
            )
        except PipelineError as error:
            return dg.SkipReason(f"{error}; tried again")

    return weekly_report


def newest_whole_day(partitions: dg.DailyPartitionsDefinition, state: State, now: dt.datetime) -> dt.date | None:
    """The newest day that is over at ``now`` (aware) and that no table lacks."""
    newest = last_whole_day(partitions, now)
    return state(all_days(partitions, newest)).newest_whole if newest else None

"""What the daemon does beside runs: the read copy after each good one, and telling people. How is not decided here."""

import datetime as dt
import os
from pathlib import Path

import dagster as dg

from reamaze_pipeline.alerts.watch import look
from reamaze_pipeline.settings import Alerts
from reamaze_pipeline.warehouse.files.snapshot import replace_snapshot

SECONDS = 60


def snapshot_sensor(database: Path, snapshot: Path) -> dg.SensorDefinition:
    """A sensor that is on from the start; the command line makes the copy after its own runs."""

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name="snapshot",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=30,
        description="Replaces the copy for BI tools after each good run.",
    )
    def snapshot_after_run() -> None:
        if not snapshot.exists() or snapshot.stat().st_mtime < database.stat().st_mtime:
            replace_snapshot(database, snapshot)

    return snapshot_after_run


def alerts_sensor(settings: Alerts) -> dg.SensorDefinition:
    """Looks once a minute, from the start."""

    @dg.sensor(
        name="alerts",
        minimum_interval_seconds=SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="One message when a run failed, when it is good again, and when no good night came.",
    )
    def alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        home = Path(os.environ["DAGSTER_HOME"])
        problems = look(context.instance, home, settings, dt.datetime.now(dt.UTC))
        return dg.SkipReason("; ".join(problems) or "Nothing to run; whom there was something to tell was told.")

    return alerts

"""The read copy, replaced after each good run that the daemon sees; how it is made is the warehouse's business."""

from pathlib import Path

import dagster as dg

from reamaze_pipeline.warehouse.files.snapshot import replace_snapshot


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

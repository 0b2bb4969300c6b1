"""The asset over several brands in one location: views of all, and one page; made anew each morning, after the nights.

What they are is decided in `reamaze_pipeline.across`.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import dagster as dg

JOB_OF_ALL = "all_brands"
EVERY_MORNING = "0 6 * * *"


class WrittenOverAll(Protocol):
    """What was written."""

    @property
    def page(self) -> Path: ...
    @property
    def tables(self) -> int: ...


def all_brands(
    reports: Sequence[dg.AssetKey], write: Callable[[], WrittenOverAll], timezone: str, *, running: bool
) -> dg.Definitions:
    """The asset `reports/all_brands` downstream of the brands' `reports`, its job and its schedule."""

    @dg.asset(
        key=["reports", JOB_OF_ALL],
        deps=reports,
        group_name="reports",
        kinds={"python", "html", "duckdb"},
        description="Views of every table of all brands with a column brand, and one page that leads to each report.",
    )
    def over_all() -> dg.MaterializeResult[None]:
        done = write()
        page = dg.MetadataValue.path(done.page.absolute())
        return dg.MaterializeResult(metadata={"report": page, "views": done.tables})

    job = dg.define_asset_job(JOB_OF_ALL, selection=[over_all], executor_def=dg.in_process_executor)
    schedule = dg.ScheduleDefinition(
        name=f"{JOB_OF_ALL}_schedule",
        job=job,
        cron_schedule=EVERY_MORNING,
        execution_timezone=timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED,
    )
    return dg.Definitions(assets=[over_all], jobs=[job], schedules=[schedule])

"""Nights as the daemon has them: the schedule is asked at a moment what to run, and each of that is run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import dagster as dg

from reamaze_pipeline.definitions import graph
from reamaze_pipeline.defs.naming import ALONE, JOB
from reamaze_pipeline.defs.nights.schedules import SCHEDULE
from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.instance.home import open_instance

Days = tuple[str, str]


def tick_after(day: dt.date) -> dt.datetime:
    """When the night after a day begins, where days are those of UTC."""
    return dt.datetime.combine(day + dt.timedelta(1), dt.time(0, 15), dt.UTC)


def asked_for(deployment: Deployment, day: dt.date) -> list[dg.RunRequest]:
    """What the schedule asks for in the night after a day."""
    schedule = graph(deployment, ALONE).resolve_schedule_def(SCHEDULE)
    with (
        open_instance(deployment.database) as instance,
        dg.build_schedule_context(instance=instance, scheduled_execution_time=tick_after(day)) as context,
    ):
        return list(schedule.evaluate_tick(context).run_requests or [])


def days_of(request: dg.RunRequest) -> Days:
    first, last = (request.tags[f"dagster/asset_partition_range_{end}"] for end in ("start", "end"))
    return first, last


def night_after(deployment: Deployment, day: dt.date, only: Sequence[str] = ()) -> dict[Days, bool]:
    """The night after a day: which runs there were, and whether each was good. ``only`` some assets, for speed."""
    return {days_of(request): run_as_asked(deployment, request, only) for request in asked_for(deployment, day)}


def run_as_asked(deployment: Deployment, request: dg.RunRequest, only: Sequence[str] = ()) -> bool:
    job = graph(deployment, ALONE).resolve_job_def(JOB)
    silent = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    selection = [dg.AssetKey(name.split("/")) for name in only] or None
    with open_instance(deployment.database) as instance:
        return job.execute_in_process(
            instance=instance,
            tags=request.tags,
            run_config=silent,
            raise_on_error=False,
            asset_selection=selection,
        ).success


def sensor_says(deployment: Deployment, name: str) -> str:
    """One tick of a sensor that starts no run."""
    sensor = graph(deployment, ALONE).resolve_sensor_def(name)
    with (
        open_instance(deployment.database) as instance,
        dg.build_sensor_context(instance=instance, sensor_name=name) as context,
    ):
        return sensor.evaluate_tick(context).skip_message or ""

"""What is around the stored days: the runs on record, the schedule's next night, the room that files take.

Nothing here opens the warehouse, so all of it is told while another program holds the file.
"""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg

from reamaze_pipeline.defs.naming import JOB
from reamaze_pipeline.defs.nights.schedules import MINUTES_AFTER_MIDNIGHT, SCHEDULE
from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.instance.home import dagster_home, open_instance

HEARD_OF = dt.timedelta(minutes=5)
"""A daemon that was heard of so long ago is alive; it tells itself every half minute."""
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Surroundings:
    """``failed_runs`` are those since the last good one, newest first; sizes are bytes, None where there is no file."""

    last_good_run: dt.datetime | None
    failed_runs: tuple[str, ...]
    running: int
    next_night: dt.datetime | None
    """Aware, in the zone of the days; None if the schedule is switched off."""
    daemon_alive: bool
    database_bytes: int | None
    records_bytes: int


def read_surroundings(deployment: Deployment, now: dt.datetime) -> Surroundings:
    """At ``now`` (aware)."""
    home = dagster_home(deployment.database)
    with open_instance(deployment.database) as instance:
        job = deployment.names.job_alone
        good = _ends(instance, job, dg.DagsterRunStatus.SUCCESS, 1)
        last_good = good[0][1] if good else None
        failed = [
            f"{run_id} at {ended:%Y-%m-%d %H:%M} UTC"
            for run_id, ended in _ends(instance, job, dg.DagsterRunStatus.FAILURE, SHOWN)
            if last_good is None or ended > last_good
        ]
        unfinished = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.QUEUED]
        return Surroundings(
            last_good_run=last_good,
            failed_runs=tuple(failed),
            running=instance.get_runs_count(dg.RunsFilter(job_name=deployment.names.name(JOB), statuses=unfinished)),
            next_night=_next_night(deployment, now) if _is_on(instance, deployment) else None,
            daemon_alive=_is_alive(instance, now),
            database_bytes=_size(deployment.database) if isinstance(deployment.database, Path) else None,
            records_bytes=_size(home) or 0,
        )


def _ends(
    instance: dg.DagsterInstance, job: str | None, status: dg.DagsterRunStatus, limit: int
) -> list[tuple[str, dt.datetime]]:
    records = instance.get_run_records(
        dg.RunsFilter(job_name=job, statuses=[status]), limit=limit, order_by="update_timestamp"
    )
    return [
        (record.dagster_run.run_id, dt.datetime.fromtimestamp(record.end_time, dt.UTC))
        for record in records
        if record.end_time is not None
    ]


def _is_on(instance: dg.DagsterInstance, deployment: Deployment) -> bool:
    """What was switched in the UI wins over the setting."""
    switched = [
        state.status.value for state in instance.all_instigator_state() if state.name == deployment.names.name(SCHEDULE)
    ]
    return switched[0] in {"RUNNING", "DECLARED_IN_CODE"} if switched else deployment.nights.schedule


def _is_alive(instance: dg.DagsterInstance, now: dt.datetime) -> bool:
    beats = [beat.timestamp for beat in instance.get_daemon_heartbeats().values()]
    return bool(beats) and now - dt.datetime.fromtimestamp(max(beats), dt.UTC) < HEARD_OF


def _next_night(deployment: Deployment, now: dt.datetime) -> dt.datetime:
    zone = ZoneInfo(deployment.calendar.timezone)
    here = now.astimezone(zone)
    tick = dt.datetime.combine(here.date(), dt.time(0, MINUTES_AFTER_MIDNIGHT), zone)
    return tick if tick > here else dt.datetime.combine(here.date() + dt.timedelta(1), tick.timetz())


def _size(path: Path) -> int | None:
    """Of a file, or of all files in a folder; those that a run puts away meanwhile are none."""
    if not path.exists():
        return None
    total = 0
    for file in path.rglob("*") if path.is_dir() else [path]:
        with suppress(FileNotFoundError):
            total += file.stat().st_size if file.is_file() else 0
    return total

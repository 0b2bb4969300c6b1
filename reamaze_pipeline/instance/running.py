"""Which runs are still being worked on: each holds a file in Dagster's home, and a run whose file nobody holds is over.

A run whose process was killed stays "started" in Dagster's records for ever, whoever started it: the command line, the
UI or the daemon. The next command, run or start of the UI ends it, so that the days it did not reach are asked for.
"""

from __future__ import annotations

import datetime as dt
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from reamaze_pipeline.held_files import held, is_let_go

FOLDER = "running"
PROCESS_TAG = ".dagster/reamaze_process"
"""Dagster shows no tag that begins so."""
EARLIER_PROCESS_TAG = "reamaze_pipeline/process"
START_PATIENCE = dt.timedelta(minutes=10)
"""A run that was not begun so long after it was launched lost its process before it could say so."""


@contextmanager
def run_held(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Says for as long as the block lasts that this process works on the run."""
    with held(_file(instance, run_id)):
        yield


def process_tag() -> dict[str, str]:
    """The run tag that says which process a run lives in, out of sight."""
    return {PROCESS_TAG: f"{socket.gethostname()}:{os.getpid()}"}


def end_abandoned_runs(instance: dg.DagsterInstance, *, others: bool = True) -> int:
    """Mark as failed the runs whose process is gone; returns how many there were.

    With `others`, those as well that never got so far as to say which process is theirs: in another's project, they
    may wait for a machine.
    """
    unfinished = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
    records = instance.get_run_records(dg.RunsFilter(statuses=unfinished))
    abandoned = [record.dagster_run for record in records if _is_abandoned(instance, record, others)]
    for run in abandoned:
        instance.report_run_failed(run, "The process of this run was ended from outside.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)  # or the next run waits for ever
        _file(instance, run.run_id).unlink(missing_ok=True)
    return len(abandoned)


def _is_abandoned(instance: dg.DagsterInstance, record: dg.RunRecord, others: bool) -> bool:
    run = record.dagster_run
    file = _file(instance, run.run_id)
    if file.exists():
        return is_let_go(file)
    process = run.tags.get(PROCESS_TAG) or run.tags.get(EARLIER_PROCESS_TAG)
    if process is not None:
        return _is_gone(process)
    waited = dt.datetime.now(dt.UTC) - record.update_timestamp.replace(tzinfo=dt.UTC)
    return others and run.status == dg.DagsterRunStatus.STARTING and waited > START_PATIENCE


def _file(instance: dg.DagsterInstance, run_id: str) -> Path:
    folder = Path(instance.root_directory) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return folder / run_id


def _is_gone(process: str) -> bool:
    host, _, number = process.rpartition(":")
    if host != socket.gethostname() or int(number) == os.getpid():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False

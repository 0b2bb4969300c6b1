"""A run whose process was killed is ended, whoever started it; one that is worked on is let be."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from reamaze_pipeline.held_files import is_let_go
from reamaze_pipeline.instance import running
from reamaze_pipeline.instance.home import open_instance
from reamaze_pipeline.instance.running import end_abandoned_runs
from reamaze_pipeline.runs.backfill import backfill
from reamaze_pipeline.sandbox import Sandbox
from tests.conftest import FIRST, MESSAGES, Deploy

WORK_ON = """
import sys, threading
import dagster as dg
from reamaze_pipeline.instance.running import run_held
with dg.DagsterInstance.get() as instance, run_held(instance, sys.argv[1]):
    print("holding", flush=True)
    threading.Event().wait()
"""


@dg.job
def some_job() -> None:
    pass


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGSTER_HOME", "")
    return tmp_path / "reamaze.duckdb"


def test_a_run_ends_with_the_process_that_held_it(database: Path) -> None:
    with open_instance(database) as instance:
        ids = [instance.create_run_for_job(some_job, status=dg.DagsterRunStatus.STARTED).run_id for _ in range(2)]
        command = [sys.executable, "-c", WORK_ON, ids[0]]
        with subprocess.Popen(command, env=os.environ, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "holding\n"
            assert end_abandoned_runs(instance) == 0
            process.kill()
        assert end_abandoned_runs(instance) == 1
        statuses = [instance.get_run_by_id(run).status for run in ids]
        assert statuses == [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.STARTED]  # of the other nothing is known
        assert end_abandoned_runs(instance) == 0
        assert list((database.parent / "dagster" / "running").iterdir()) == []


def test_a_run_that_never_began_ends_after_a_while(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_instance(database) as instance:
        instance.create_run_for_job(some_job, status=dg.DagsterRunStatus.STARTING)
        instance.create_run_for_job(some_job, status=dg.DagsterRunStatus.NOT_STARTED)
        assert end_abandoned_runs(instance) == 0
        monkeypatch.setattr(running, "START_PATIENCE", dt.timedelta(seconds=-5))
        assert end_abandoned_runs(instance, others=False) == 0  # in another's project it may wait for a machine
        assert end_abandoned_runs(instance) == 1


def test_a_run_holds_its_file_and_ends_those_that_nobody_holds(sandbox: Sandbox, deploy: Deploy) -> None:
    deployment = deploy(sandbox)
    folder = Path.cwd() / "dagster" / "running"
    seen: list[list[bool]] = []
    with open_instance(deployment.database) as instance:
        abandoned = instance.create_run_for_job(some_job, status=dg.DagsterRunStatus.STARTED).run_id
        folder.mkdir(exist_ok=True)
        (folder / abandoned).touch()
    os.environ["DAGSTER_HOME"] = ""

    def look(_: object) -> None:
        seen.append([is_let_go(one) for one in folder.iterdir()])

    backfill(deployment, FIRST, FIRST, select=MESSAGES, announce=look)
    assert seen
    assert all(held == [False] for held in seen)
    assert list(folder.iterdir()) == []
    with open_instance(deployment.database) as instance:
        assert instance.get_run_by_id(abandoned).is_failure

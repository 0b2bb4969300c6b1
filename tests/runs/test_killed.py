"""Killed or told to end at any moment, a backfill loses no day that was stored, and the next asks only for the rest."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from typing import Any

import dagster as dg
import pytest

from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.instance.home import open_instance
from reamaze_pipeline.runs.backfill import backfill
from reamaze_pipeline.sandbox import Sandbox
from reamaze_pipeline.warehouse.connection import reading
from tests.conftest import FIRST, LAST, MESSAGES, Deploy


def messages(deployment: Deployment) -> list[tuple[Any, ...]]:
    with reading(deployment.database) as connection:
        return connection.execute("select * from core.messages order by all").fetchall()


@pytest.mark.parametrize(("sent", "ends_with", "days_before"), [(signal.SIGKILL, -9, 1), (signal.SIGTERM, 1, 3)])
def test_killed_and_run_again_the_tables_are_whole(
    sandbox: Sandbox, deploy: Deploy, stored: Deployment, sent: signal.Signals, ends_with: int, days_before: int
) -> None:
    killed = deploy(sandbox, name="killed", REAMAZE_CONCURRENCY="1")
    sandbox.faults.latency_ms = 400
    days = ["--from", str(FIRST), "--to", str(LAST), "--select", MESSAGES]
    command = [sys.executable, "-m", "reamaze_pipeline", "backfill", *days]
    with subprocess.Popen(command, env=os.environ, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        assert running.stderr.readline().startswith("8 days: looking at")
        announced = [running.stderr.readline()[:10] for _ in range(days_before)]
        time.sleep(random.uniform(0, 1))
        running.send_signal(sent)
        running.stderr.read()
    assert running.returncode == ends_with
    assert announced[0] == str(LAST)

    sandbox.faults.latency_ms = 0
    outcome = backfill(killed, FIRST, LAST, select=MESSAGES)
    assert 0 < outcome.fetched_days <= 8 - days_before
    assert messages(killed) == messages(stored)
    with open_instance(killed.database) as instance:
        assert not instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))

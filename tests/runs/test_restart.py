"""The UI and its daemon are ended while a run that was launched there is on: nothing is lost, the next run mends it."""

from __future__ import annotations

import datetime as dt
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg

from reamaze_pipeline.defs.partitions import days_between, range_tags
from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.instance.home import open_instance
from reamaze_pipeline.runs.backfill import backfill
from reamaze_pipeline.sandbox import Sandbox
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.ledger import stored_partitions
from tests.conftest import FIRST, LAST, MESSAGES, Deploy
from tests.instance.test_ui import ask, descendants, free_port, wait_until_gone

DAYS = days_between(FIRST, LAST)
LAUNCH = """
mutation launch($run: ExecutionParams!) { launchPipelineExecution(executionParams: $run) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
} }
"""


@contextmanager
def serving(port: int) -> Iterator[subprocess.Popen[str]]:
    """The UI and its daemon, once they answer; nobody of them is there afterwards."""
    command = [sys.executable, "-m", "reamaze_pipeline", "ui", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        assert f"http://127.0.0.1:{port}" in (line := process.stdout.readline()), line
        below = descendants(process.pid)
        try:
            yield process
        finally:
            process.kill()
            assert wait_until_gone(below) == set()


def launch(port: int) -> str:
    """As the button "Materialize" over a range of days does."""
    tags = [{"key": key, "value": value} for key, value in range_tags(FIRST, LAST).items()]
    location = {"repositoryName": "__repository__", "repositoryLocationName": "reamaze_pipeline"}
    tables = [{"path": path} for path in (["raw", "message_pages"], ["core", "messages"])]
    run = {
        "selector": {**location, "pipelineName": "daily_messages", "assetSelection": tables},
        "executionMetadata": {"tags": tags},
        "mode": "default",
    }
    body = json.dumps({"query": LAUNCH, "variables": {"run": run}})
    status, said = ask(port, "POST", "/graphql", body, Content_Type="application/json")
    assert status == 200, said
    return str(json.loads(said)["data"]["launchPipelineExecution"]["run"]["runId"])


def until(true: Callable[[], bool], seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def stored_at(deployment: Deployment) -> dict[dt.date | None, dt.datetime]:
    if not deployment.database.exists():  # type: ignore[union-attr]
        return {}
    with reading(deployment.database) as connection:
        return {day: one.loaded_at for day, one in stored_partitions(connection, deployment.pages.table).items()}


def test_ended_in_the_middle_and_started_again(sandbox: Sandbox, deploy: Deploy) -> None:
    """Told to end at first; the run launched after the next start is killed with all that served it."""
    deployment = deploy(sandbox, start=str(FIRST), REAMAZE_CONCURRENCY="1", REAMAZE_SCHEDULE="0")
    port, ended = free_port(), []
    for sent in (signal.SIGTERM, signal.SIGKILL):
        sandbox.faults.latency_ms = 2_000
        with serving(port) as ui:
            before = len(stored_at(deployment))
            ended.append(launch(port))
            until(lambda before=before: before < len(stored_at(deployment)) < len(DAYS))  # type: ignore[misc]
            ui.send_signal(sent)
            ui.wait(60)
        assert len(stored_at(deployment)) < len(DAYS)

    sandbox.faults.latency_ms = 0
    kept = stored_at(deployment)
    outcome = backfill(deployment, FIRST, LAST, select=MESSAGES)
    assert outcome.fetched_days == len(DAYS) - len(kept)
    after = stored_at(deployment)
    assert {day: after[day] for day in kept} == kept, "what was stored stayed stored"
    there = [row.created_at.date() for row in sandbox.truth()]
    assert outcome.messages == sum(there.count(day) for day in DAYS)
    with open_instance(deployment.database) as instance:
        assert not instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.QUEUED]))
        assert [instance.get_run_by_id(run).is_finished for run in ended] == [True, True]

"""The API away for an hour or limiting for minutes, no name service, two runs at once: what is next mends it.

An hour is short here: what the night and the client wait is set to milliseconds, what they do is not.
"""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from reamaze_pipeline.api.retry import RetryPolicy
from reamaze_pipeline.commands.app import run
from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.sandbox import Sandbox
from reamaze_pipeline.sandbox.serving.faults import Failure
from reamaze_pipeline.warehouse.connection import reading
from tests.conftest import FIRST, LAST, Deploy
from tests.runs.nights import asked_for, run_as_asked

NEXT = LAST + dt.timedelta(1)
PAGES = ["raw/message_pages"]
QUICK = RetryPolicy(first_wait=0.01, longest_wait=0.01, attempts=2, rate_limit_wait=0.01, longest_retry_after=0.01)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six tries a night, as ever, with milliseconds for minutes."""
    monkeypatch.setattr("reamaze_pipeline.defs.message_pages.A_MINUTE", 0.005)
    monkeypatch.setattr("reamaze_pipeline.api.client.RetryPolicy", lambda: QUICK)


def night(deployment: Deployment) -> dg.RunRequest:
    """The night after `NEXT`, as the daemon starts it."""
    (request,) = asked_for(deployment, NEXT)
    return dg.RunRequest(tags={**request.tags, "dagster/schedule_name": "daily_messages_schedule"})


@pytest.mark.parametrize("kind", ["503", "429", "reset"])
def test_what_passes_within_the_hour_costs_nothing(
    sandbox: Sandbox, stored: Deployment, deploy: Deploy, hurried: None, kind: Failure
) -> None:
    deployment = deploy(sandbox, name="stored", start=str(FIRST))
    sandbox.faults.failures = [kind] * 9
    assert run_as_asked(deployment, night(deployment), PAGES)
    assert len(sandbox.requests) > 9
    assert NEXT not in deployment.state([NEXT]).troubles["raw.message_pages"]


def test_what_lasts_longer_is_mended_by_the_next_night(
    sandbox: Sandbox, stored: Deployment, deploy: Deploy, hurried: None
) -> None:
    deployment = deploy(sandbox, name="stored", start=str(FIRST))
    sandbox.faults.failure_probability, sandbox.faults.failure_kinds = 1.0, ["503"]
    assert not run_as_asked(deployment, night(deployment), PAGES)
    tries = len(sandbox.requests) / QUICK.attempts
    assert tries >= 7
    sandbox.faults.clear()
    assert run_as_asked(deployment, night(deployment), PAGES)
    assert deployment.state([NEXT]).troubles["raw.message_pages"] == {}


def test_without_a_name_service_one_line_says_so(
    sandbox: Sandbox, deploy: Deploy, hurried: None, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(sandbox, REAMAZE_API_URL="https://nobody.invalid/api/v1")
    assert run(["backfill", "--from", str(LAST), "--to", str(LAST)]) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert "cannot get an answer from nobody.invalid" in line
    assert sandbox.token not in line


def test_two_runs_at_once_store_each_day_once(sandbox: Sandbox, deploy: Deploy) -> None:
    deployment = deploy(sandbox)
    sandbox.faults.latency_ms = 20
    days = [FIRST + dt.timedelta(n) for n in range(4)]
    spans = [(days[0], days[2]), (days[1], days[3])]
    command = [
        sys.executable,
        "-m",
        "reamaze_pipeline",
        "backfill",
        "--select",
        'key:"raw/message_pages" or key:"core/messages"',
    ]
    running = [
        subprocess.Popen(
            [*command, "--from", str(first), "--to", str(last)],
            env=os.environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for first, last in spans
    ]
    for process in running:
        assert process.communicate(timeout=240)[1].count("error") == 0
        assert process.returncode == 0
    with reading(Path(str(deployment.database))) as connection:
        found = connection.execute(
            "select day, count(*), count(distinct message_id) from core.messages group by day order by day"
        ).fetchall()
    there = {day: sum(row.created_at.date() == day for row in sandbox.truth()) for day in days}
    assert found == [(day, there[day], there[day]) for day in days]

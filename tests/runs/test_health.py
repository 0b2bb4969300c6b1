"""`status` says what is missing, stale or broken and what mends it, and ends as monitors want it."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from reamaze_pipeline.commands.app import run
from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.runs.health import read_health
from reamaze_pipeline.sandbox import Sandbox
from reamaze_pipeline.warehouse.connection import writing
from tests.conftest import FIRST, LAST, Deploy


@pytest.fixture
def whole(sandbox: Sandbox, stored: Deployment, deploy: Deploy, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """A deployment that begins with the first stored day, on the day after the last."""
    deployment = deploy(sandbox, name="stored", start=str(FIRST))
    monkeypatch.setattr("reamaze_pipeline.runs.health.last_whole_day", lambda _: LAST)
    return deployment


def test_all_stored_is_healthy(whole: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["status", "--json"]) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["healthy"] is True
    assert said["mend"] == said["missing_days"] == said["stale_days"] == said["failed_checks"] == []
    assert dt.datetime.fromisoformat(said["last_good"]).tzinfo is not None


def test_a_hole_is_named_with_the_command_that_fills_it(whole: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    hole = FIRST + dt.timedelta(2)
    with writing(whole.database) as connection:
        connection.execute("delete from meta.partitions where table_name = 'message_pages' and day = ?", [hole])
    assert run(["status"]) == 1
    said = capsys.readouterr().out
    assert f"1 day is missing: {hole}" in said
    command = f"reamaze-pipeline backfill --from {hole} --to {hole}"
    assert f"To mend it: {command}" in said
    assert run(command.split()[1:]) == 0
    assert read_health(whole).healthy


def test_nothing_stored_is_not_healthy(sandbox: Sandbox, deploy: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    deploy(sandbox)
    assert run(["status"]) == 1
    assert "Newest stored day: none" in capsys.readouterr().out

"""`status` says what is missing, stale or broken and what mends it, and ends as monitors want it."""

from __future__ import annotations

import datetime as dt
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reamaze_pipeline.commands.app import run
from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.models.promises import promises_of
from reamaze_pipeline.runs.health import read_health
from reamaze_pipeline.sandbox import Sandbox
from reamaze_pipeline.state.promises import look
from reamaze_pipeline.warehouse.connection import writing
from reamaze_pipeline.warehouse.files.snapshot import replace_snapshot
from tests.conftest import FIRST, LAST, MESSAGES, Deploy

Captured = pytest.CaptureFixture[str]


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
    assert f"{hole} is missing. To mend it: {command}" in said
    assert run(command.split()[1:]) == 0
    assert read_health(whole).healthy


def test_a_broken_promise_is_shown_and_mended_by_the_command_that_is_told(whole: Deployment, capsys: Captured) -> None:
    """A row that something else wrote into the table: the day fetched anew holds what Re:amaze holds."""
    day = FIRST + dt.timedelta(3)
    with writing(whole.database) as connection:
        connection.execute(
            "insert into core.messages by name (select * replace (null as message_id) from core.messages"
            " where day = ? limit 1)",
            [day],
        )
        connection.execute("update meta.promises set looked_until = '1970-01-01' where table_name = 'messages'")
    model = next(model for model in whole.project.models if model.table.label == "core.messages")
    look(whole.database, [(model, promise) for promise in promises_of(whole.project, model, whole.tests)])
    assert run(["status", "--rows", "--json"]) == 1
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    (line,) = [line for line in told["failed_checks"] if "message_id is never empty" in line]
    assert str(day) in told["rows"][line]
    assert "| None |" in told["rows"][line]
    (command,) = {each["mend"] for each in told["troubles"] if each["trouble"].startswith("broken: core/messages")}
    assert command == f"reamaze-pipeline backfill --refresh --from {day} --to {day}"
    assert command in told["mend"]
    assert run([*command.split()[1:], "--select", MESSAGES]) == 0
    capsys.readouterr()
    run(["status", "--rows", "--json"])
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["failed_checks"] == []
    assert not [line for line in told["rows"] if "message_id" in line]


@contextmanager
def held(database: Path) -> Iterator[None]:
    """Another program has the file open to write, as BI tools do."""
    holding = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", holding, str(database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield
        process.kill()


def test_while_the_file_is_held_the_snapshot_answers_or_one_line_says_who_holds_it(
    whole: Deployment, sandbox: Sandbox, deploy: Deploy, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setattr("reamaze_pipeline.runs.health.PATIENCE", 0.2)
    database = Path(str(whole.database))
    with held(database):
        assert run(["status"]) == 1
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.startswith(f"error: {database} is held by")
    assert "REAMAZE_SNAPSHOT" in line
    snapshot = database.with_name("copy.duckdb")
    monkeypatch.setenv("REAMAZE_SNAPSHOT", str(snapshot))
    replace_snapshot(database, snapshot)
    with held(database):
        assert run(["status", "--json"]) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["healthy"] is True
    assert "the snapshot of" in said["answered_by"]
    assert "is held by" in said["answered_by"]


def test_sizes_codes_and_what_no_metric_counts_are_told(whole: Deployment, capsys: Captured) -> None:
    with writing(whole.database) as connection:
        connection.execute("update core.messages set origin_name = 'Unknown (99)' where day = ?", [LAST])
        (count,) = connection.execute("select count(*) from core.messages where day = ?", [LAST]).fetchall()[0]
        connection.execute("update intermediate.stored_days set excluded_message_count = 7 where day = ?", [LAST])
    assert run(["status"]) == 0
    said = capsys.readouterr().out
    assert f"Unknown code: origin 99 ({count:,} messages)" in said
    assert "Counted by no metric: 7 messages excluded by a setting" in said
    assert re.search(r"The database has [\d.]+ MB; Dagster's records have [\d.]+ MB", said)
    assert "Next night: " in said
    assert "no daemon is alive" in said.lower()
    assert run(["status", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["unknown_codes"]["origin 99"] == count
    assert told["days_behind"] == 0
    assert min(told["database_bytes"], told["records_bytes"]) > 0


def test_status_answers_while_a_run_is_on(
    sandbox: Sandbox, stored: Deployment, deploy: Deploy, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked again and again while another process fetches and stores, it always tells, and never what is half there."""
    deployment = deploy(sandbox, name="fresh", start=str(FIRST))
    monkeypatch.setattr("reamaze_pipeline.runs.health.last_whole_day", lambda _: LAST)
    sandbox.faults.latency_ms = 100
    days = ["--from", str(FIRST), "--to", str(LAST), "--select", MESSAGES]
    command = [sys.executable, "-m", "reamaze_pipeline", "backfill", *days]
    seen: list[int] = []
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as running:
        while running.poll() is None and len(seen) < 4:
            assert run(["status", "--json"]) in {0, 1}
            said = json.loads(capsys.readouterr().out.splitlines()[-1])
            seen.append(len(said["missing_days"]))
        running.wait(240)
    assert running.returncode == 0
    assert seen
    assert read_health(deployment).newest == LAST


def test_nothing_stored_is_not_healthy(sandbox: Sandbox, deploy: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    deploy(sandbox)
    assert run(["status"]) == 1
    assert "Newest stored day: none" in capsys.readouterr().out

"""The command line as a person meets it: exit codes, one-line errors, a machine-readable last line."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reamaze_pipeline.commands.app import run
from reamaze_pipeline.commands.demo import demo
from reamaze_pipeline.sandbox import Sandbox
from tests.conftest import Deploy

RANGE = ["--from", "2026-03-08", "--to", "2026-03-09"]
Captured = pytest.CaptureFixture[str]


def last_json(captured: Captured) -> tuple[dict[str, object], str]:
    """The last line of stdout, and stderr."""
    out, err = captured.readouterr()
    return json.loads(out.strip().splitlines()[-1]), err


def test_check_says_what_answers(sandbox: Sandbox, deploy: Deploy, capsys: Captured) -> None:
    deploy(sandbox)
    sandbox.reset_requests()
    assert run(["check", "--json"]) == 0
    said, words = last_json(capsys)
    assert (said["ok"], said["total_count"], said["dates_honoured"], said["staff_flag"]) == (True, 700, False, True)
    assert said["requests"] == len(sandbox.requests) <= 3
    assert "The login works" in words


def test_backfill_reports_in_json(sandbox: Sandbox, deploy: Deploy, capsys: Captured) -> None:
    deploy(sandbox)
    assert run(["backfill", *RANGE, "--json"]) == 0
    said, words = last_json(capsys)
    assert said["days"] == 2
    assert isinstance(said["messages"], int)
    assert said["messages"] > 50
    assert said["requests"] == len(sandbox.requests)
    assert {"retries", "seconds"} <= set(said)
    assert "2026-03-09" in words


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["backfill", "--from", "yesterday", "--to", "2026-03-09"], 2, "yesterday"),
        (["backfill", "--to", "2026-03-09"], 2, "--from"),
        (["backfill", "--from", "2026-03-09", "--to", "2026-03-08"], 2, "after"),
        (["backfill", "--from", "2026-01-01", "--to", "2026-03-08"], 2, "REAMAZE_START_DATE"),
        (["frobnicate"], 2, "frobnicate"),
        (["sandbox", "--messages", "-5"], 2, "messages must be between"),
    ],
)
def test_wrong_usage_ends_with_two(
    sandbox: Sandbox, deploy: Deploy, capsys: Captured, arguments: list[str], code: int, why: str
) -> None:
    deploy(sandbox)
    assert run(arguments) == code
    assert why in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "code", "why"),
    [
        ({"REAMAZE_EMAIL": ""}, 2, "REAMAZE_EMAIL is not set"),
        ({"REAMAZE_API_TOKEN": "wrong-word"}, 1, "refused the login"),
        ({"REAMAZE_START_DATE": "2999-01-01"}, 2, "future"),
        ({"REAMAZE_DATABASE": "/proc/nowhere/x.duckdb"}, 2, "cannot write"),
        ({"REAMAZE_TIMEZONE": "Nowhere/Town"}, 2, "REAMAZE_TIMEZONE"),
    ],
)
def test_bad_settings_are_one_line(
    sandbox: Sandbox, deploy: Deploy, capsys: Captured, monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str], code: int, why: str,
) -> None:  # fmt: skip
    deploy(sandbox)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    assert run(["backfill", *RANGE, "--json"]) == code
    said, words = last_json(capsys)
    errors = [line for line in words.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert why in errors[0]
    assert said == {"ok": False, "error": errors[0].removeprefix("error: ")}
    assert "wrong-word" not in words
    assert "Traceback" not in words


def test_an_api_that_answers_something_else(sandbox: Sandbox, deploy: Deploy, capsys: Captured) -> None:
    deploy(sandbox)
    sandbox.faults.failures = ["error200"] * 3
    assert run(["check"]) == 1
    assert re.match(r"error: .+\n$", capsys.readouterr().err)


def test_a_locked_database_names_its_holder(
    sandbox: Sandbox, deploy: Deploy, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = deploy(sandbox, REAMAZE_LOCK_WAIT="0.5")
    monkeypatch.setattr("reamaze_pipeline.warehouse.connection._patience", [0.5])
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", hold, str(deployment.database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        code = run(["backfill", *RANGE])
        holder.kill()
    assert code == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert f"is held by {sys.executable}" in line or "is held by" in line
    assert f"(process {holder.pid}); waited" in line


def test_ctrl_c_keeps_what_was_stored(sandbox: Sandbox, deploy: Deploy) -> None:
    deploy(sandbox)
    sandbox.faults.latency_ms = 150
    command = [sys.executable, "-m", "reamaze_pipeline", "backfill", "--from", "2026-03-01", "--to", "2026-03-09"]
    with subprocess.Popen(
        command, env=os.environ, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        started, first = running.stderr.readline(), running.stderr.readline()
        running.send_signal(signal.SIGINT)
        rest = running.stderr.read()
    assert started.startswith("9 days: looking at")
    assert first.startswith("2026-03-09")
    assert running.returncode == 1
    assert [line for line in rest.splitlines() if line.startswith("error: ")] == [
        "error: stopped; days that were stored stay stored, and the same command goes on from there"
    ]
    assert "Traceback" not in rest


def test_the_demo_needs_nothing(tmp_path: Path) -> None:
    assert next(option.default for option in demo.params if option.name == "days") == 60
    command = [sys.executable, "-m", "reamaze_pipeline", "demo", "--days", "3", "--json"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("REAMAZE_", "DAGSTER_"))}
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    said = json.loads(ended.stdout.strip().splitlines()[-1])
    assert said["days"] == 3
    assert said["tables"]["core.messages"] == said["messages"] > 100
    assert (tmp_path / said["database"]).is_file()
    assert "<html" in (tmp_path / said["report"]).read_text(encoding="utf-8")


def test_report_and_export_read_what_was_stored(stored: object, capsys: Captured, tmp_path: Path) -> None:
    assert run(["report", "--out", str(tmp_path / "page.html"), "--json"]) == 0
    said, _ = last_json(capsys)
    assert said["days_stored"] == 8
    assert "Support report" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert run(["export", "core.messages", "--out", str(tmp_path / "messages.csv"), "--json"]) == 0
    said, _ = last_json(capsys)
    assert isinstance(said["rows"], int)
    assert said["rows"] > 50
    assert run(["export", "core.nothing"]) == 2
    assert "There is no table" in capsys.readouterr().err


def test_everything_has_help(capsys: Captured) -> None:
    assert run(["--help"]) == 0
    listed = capsys.readouterr().out
    for command in ("demo", "check", "backfill", "report", "export", "sandbox", "ui"):
        assert command in listed
        assert run([command, "--help"]) == 0

"""What the command line says before it works: help, completion, and what was probably meant."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from reamaze_pipeline.commands.app import app, run
from reamaze_pipeline.commands.console import Output
from reamaze_pipeline.sandbox import Sandbox
from tests.conftest import Deploy

Captured = pytest.CaptureFixture[str]
SLOW = {"dagster", "duckdb", "pandas", "pydantic", "requests", "rich", "sqlglot", "uvicorn"}
"""What takes a good part of a second to import, each."""


def test_help_waits_for_nothing_that_only_work_needs() -> None:
    """One process for the help of all: what any of them imports is seen."""
    code = (
        "import sys; from reamaze_pipeline.commands.app import run;"
        "ended = {run([*words.split(), '--help']) for words in sys.argv[1:]};"
        "print(*ended, *{name.partition('.')[0] for name in sys.modules})"
    )
    ended = subprocess.run([sys.executable, "-c", code, "", *app.commands], capture_output=True, text=True, check=True)
    assert "Usage: -c ui" in ended.stdout
    code, *modules = ended.stdout.splitlines()[-1].split()
    assert code == "0"
    assert set(modules) & SLOW == set()


def test_every_summary_is_whole_and_every_command_has_examples(capsys: Captured) -> None:
    assert run(["--help"]) == 0
    listed = " ".join(capsys.readouterr().out.split())
    for name, command in app.commands.items():
        assert command.get_short_help_str(limit=1_000) in listed
        assert f"$ reamaze-pipeline {name}" in (command.epilog or "") or "completion" in name
        assert all(option.help for option in command.params if isinstance(option, click.Option))
    assert "..." not in listed.partition("Commands:")[2]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["bakfill"], "did you mean backfill?"),
        (["backfill", "--form", "2026-03-01"], "--from"),
        (["backfill", "--from", "2026/3/1", "--to", "2026-03-09"], "did you mean 2026-03-01?"),
        (["backfill", "--from", "20260301", "--to", "2026-03-09"], "did you mean 2026-03-01?"),
        (["backfill", "--from", "01.03.2026", "--to", "2026-03-09"], "is no day written YYYY-MM-DD"),
        (["backfill", "--from", "2026-02-30", "--to", "2026-03-09"], "is no day written YYYY-MM-DD"),
    ],
)
def test_what_was_probably_meant_is_said(arguments: list[str], why: str, capsys: Captured) -> None:
    assert run(arguments) == 2
    assert why in capsys.readouterr().err


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("metrics.staff_response_count", "metrics.staff_response_counts"),
        ("messages", "core.messages"),
        ("core.Mesages", "core.messages"),
    ],
)
def test_a_misspelt_table_is_recognized(
    stored: object, sandbox: Sandbox, capsys: Captured, asked: str, meant: str
) -> None:
    assert run(["export", asked]) == 2
    assert f"Did you mean {meant}?" in capsys.readouterr().err


def test_a_report_of_days_that_are_not_stored_is_none(stored: object, capsys: Captured, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert run(["report", "--from", "2025-01-01", "--to", "2025-01-31", "--out", str(page)]) == 1
    assert "no day from 2025-01-01 to 2025-01-31 is stored" in capsys.readouterr().err
    assert not page.exists()
    assert run(["report", "--from", "2026-03-01", "--to", "2026-03-09", "--out", str(page)]) == 0
    assert "1 of its days is not stored" in capsys.readouterr().out


def test_a_report_of_an_empty_warehouse_is_none(sandbox: Sandbox, deploy: Deploy, capsys: Captured) -> None:
    deploy(sandbox)
    assert run(["report"]) == 1
    assert "There is no database" in capsys.readouterr().err


@pytest.mark.parametrize(("begun", "completed"), [(["exp"], "export"), (["export", "core.mess"], "core.messages")])
def test_a_shell_completes_commands_and_tables(begun: list[str], completed: str) -> None:
    words = " ".join(["reamaze-pipeline", *begun])
    asked = {"_REAMAZE_PIPELINE_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(begun))}
    code = "import sys; sys.argv = ['reamaze-pipeline']; from reamaze_pipeline.commands.app import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **asked}, capture_output=True, text=True, check=False
    )
    assert f"plain,{completed}" in ended.stdout.splitlines()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_is_for_the_shell(shell: str, capsys: Captured) -> None:
    assert run(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "_REAMAZE_PIPELINE_COMPLETE" in script
    if shutil.which(shell):
        checked = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr


def test_no_color_is_heard(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    out = Output(as_json=False)
    with out.counting(2, "days") as count:
        count("one", True)
    out.table("Tables", ["table", "rows"], [["core.messages", 1]])
    printed = "".join(capsys.readouterr())
    assert "core.messages" in printed
    assert not any(f"\x1b[{code}" in printed for code in ("31", "32", "33", "34", "35", "36", "38", "9"))

"""`messages`: any list asked of the API directly, as a table, JSON lines or CSV."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reamaze_pipeline.commands.app import run
from reamaze_pipeline.sandbox import Sandbox
from tests.conftest import Deploy

Captured = pytest.CaptureFixture[str]


def lines(captured: Captured) -> list[dict[str, object]]:
    return [json.loads(line) for line in captured.readouterr().out.splitlines()]


def test_json_lines_are_what_was_sent(sandbox: Sandbox, deploy: Deploy, capsys: Captured) -> None:
    deploy(sandbox)
    assert run(["messages", "--from", "2026-03-08", "--to", "2026-03-09"]) == 0
    found = lines(capsys)
    rows = [row.message for row in sandbox.truth() if "2026-03-08" <= row.created_at.isoformat()[:10] <= "2026-03-09"]
    assert [row["created_at"] for row in found] == [row["created_at"] for row in rows]
    assert found[0].keys() == rows[0].keys()


def test_one_conversation_as_a_table_and_a_sender_as_csv(
    sandbox: Sandbox, deploy: Deploy, capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(sandbox)
    monkeypatch.setenv("COLUMNS", "250")
    first = next(row.message for row in sandbox.truth() if row.is_staff and row.message.get("user"))
    slug, email = first["conversation"]["slug"], first["user"]["email"]
    assert run(["messages", "--conversation", slug, "--format", "table"]) == 0
    assert slug in capsys.readouterr().out
    out = tmp_path / "sent.csv"
    assert (
        run(["messages", "--sent-by", email, "--filter", "staff", "--out", str(out), "--format", "csv", "--json"]) == 0
    )
    assert out.stat().st_mode & 0o777 == 0o600
    (said,) = lines(capsys)
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["sender_email"] for row in rows} == {email}
    assert said["messages"] == len(rows) > 0
    assert [path.name for path in tmp_path.glob(".*.part")] == []


def test_the_newest_few(sandbox: Sandbox, deploy: Deploy, capsys: Captured) -> None:
    deploy(sandbox)
    assert run(["messages", "--limit", "3"]) == 0
    assert len(lines(capsys)) == 3
    assert len(sandbox.requests) < 20


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--conversation", "no/such?"], 1, " knows no conversation with this slug (404)"),
        (["--sent-by", "nobody@nowhere.example"], 0, "No message by this sender: Re:amaze knows nobody"),
        (["--origin", "1"], 1, "error: the API ignored `origin`"),
        (["--tag", "vip"], 1, "error: the API ignored `tag`"),
        (["--conversation", ""], 2, "error: the conversation asked for is blank"),
        (["--from", "2026-03-09", "--to", "2026-03-08"], 2, "is after"),
    ],
)
def test_what_is_not_there_is_one_line(
    sandbox: Sandbox, deploy: Deploy, capsys: Captured, arguments: list[str], code: int, said: str
) -> None:
    deploy(sandbox)
    assert run(["messages", *arguments]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert "Traceback" not in err


def test_a_reader_that_has_seen_enough_is_no_error(sandbox: Sandbox, deploy: Deploy) -> None:
    deploy(sandbox)
    command = f"{sys.executable} -m reamaze_pipeline messages | head -1"
    ended = subprocess.run(["sh", "-c", command], env=os.environ, capture_output=True, text=True, check=False)
    assert len(ended.stdout.splitlines()) == 1
    assert ended.stderr == ""

"""`messages`: any list asked of the API directly, as a table, JSON lines or CSV."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reamaze_pipeline.commands.app import run
from reamaze_pipeline.sandbox import Sandbox, SandboxOptions, Truth
from tests.conftest import Deploy, revisions

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


@pytest.mark.parametrize("revision", range(4))
def test_every_option_in_every_revision(
    history: SandboxOptions, deploy: Deploy, capsys: Captured, tmp_path: Path, revision: int
) -> None:
    """What a list holds is counted in the history itself; an option that the API ignores is said to be."""
    with Sandbox(revisions(history)[revision]) as brand:
        deploy(brand)
        rows = list(brand.truth())
        someone = next(row.message for row in rows if row.is_staff and row.message.get("user"))
        slug, email = someone["conversation"]["slug"], someone["user"]["email"]
        category = someone["conversation"]["category"]["slug"]

        def days(row: Truth) -> bool:
            return "2026-03-04" <= row.created_at.isoformat()[:10] <= "2026-03-06"

        def by(row: Truth) -> bool:
            return (row.message.get("user") or {}).get("email") == email

        asked: list[tuple[list[str], Callable[[Truth], bool]]] = [
            ([], lambda row: True),
            (["--conversation", slug], lambda row: row.message["conversation"]["slug"] == slug),
            (["--sent-by", email.upper()], by),
            (["--filter", "staff"], lambda row: row.is_staff),
            (["--from", "2026-03-04", "--to", "2026-03-06"], days),
            (["--from", "2026-03-04", "--to", "2026-03-06", "--sent-by", email], lambda row: by(row) and days(row)),
        ]
        newer: list[tuple[list[str], Callable[[Truth], bool]]] = [
            (["--origin", "1"], lambda row: row.message["origin"] == 1),
            (
                ["--category", category],
                lambda row: (row.message["conversation"].get("category") or {}).get("slug") == category,
            ),
        ]
        for arguments, wanted in [*asked, *(newer if brand.options.dates_honoured else [])]:
            assert run(["messages", *arguments, "--format", "jsonl"]) == 0
            found = [row["created_at"] for row in lines(capsys)]
            assert found == [row.message["created_at"] for row in rows if wanted(row)], arguments
        if not brand.options.dates_honoured:
            for arguments, _ in newer:
                assert run(["messages", *arguments]) == 1
                assert f"the API ignored `{arguments[0].removeprefix('--')}`" in capsys.readouterr().err
        for kind in ("table", "csv"):
            out = tmp_path / f"newest.{kind}"
            assert run(["messages", "--limit", "5", "--format", kind, "--out", str(out), "--json"]) == 0
            (said,) = lines(capsys)
            assert said["messages"] == 5
            assert out.read_text(encoding="utf-8").count("2026-03-1") >= 5


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

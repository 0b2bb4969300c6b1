"""`init`: what it writes is private, works, and only comes to be once the login was seen to work."""

from __future__ import annotations

import datetime as dt
import json
import stat
from pathlib import Path

import click.testing
import pytest
from dotenv import dotenv_values

from reamaze_pipeline.commands.app import app, run
from reamaze_pipeline.sandbox import Sandbox, SandboxOptions

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and a shell in which nothing is set; what `init` sets in the process is taken back."""
    for name in ("BRAND", "API_URL", "EMAIL", "API_TOKEN", "START_DATE", "TIMEZONE", "DATABASE"):
        monkeypatch.setenv(f"REAMAZE_{name}", "")
        monkeypatch.delenv(f"REAMAZE_{name}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def init(serving: Sandbox, *more: str) -> list[str]:
    return ["init", "--api-url", serving.url, "--email", serving.email, "--yes", *more]


def test_the_first_day_is_that_of_the_oldest_message_in_the_zone(
    sandbox: Sandbox, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("REAMAZE_API_TOKEN", sandbox.token)
    assert run(init(sandbox, "--timezone", "America/Los_Angeles", "--json")) == 0
    out, err = capsys.readouterr()
    said = json.loads(out)
    oldest = min(row.created_at for row in sandbox.truth())
    written = dotenv_values(folder / ".env")
    assert written["REAMAZE_START_DATE"] == said["start_date"] == _day(oldest, -8)
    assert written["REAMAZE_API_TOKEN"] == sandbox.token
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == [".env"]
    assert sandbox.token not in out + err
    assert len(said["next"]) == 2
    assert said["next"][0].startswith("reamaze-pipeline backfill --from ")
    monkeypatch.setenv("REAMAZE_API_TOKEN", "")
    monkeypatch.delenv("REAMAZE_API_TOKEN")
    assert run(["check"]) == 0


def _day(instant: dt.datetime, hours: int) -> str:
    return (instant.astimezone(dt.timezone(dt.timedelta(hours=hours)))).date().isoformat()


@pytest.mark.parametrize(
    ("token", "more", "code", "why"),
    [
        ("wrong-word", [], 1, "refused the login"),
        (None, ["--timezone", "Mars/Base"], 2, "Mars/Base is not"),
        (None, ["--start-date", "2999-01-01"], 2, "is in the future"),
        (None, ["--brand", "acme"], 2, "two names for one thing"),
        ("${HOME}", [], 1, "refused the login"),
    ],
)
def test_nothing_is_written_of_what_does_not_work(
    sandbox: Sandbox, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured,
    token: str | None, more: list[str], code: int, why: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("REAMAZE_API_TOKEN", token or sandbox.token)
    assert run(init(sandbox, *more)) == code
    err = capsys.readouterr().err
    assert why in err
    assert len(err.strip().splitlines()) == 1
    assert "wrong-word" not in err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("token", ["it's", 'say "it"', "back\\slash", "#hash and space "])
def test_any_token_survives_the_file(
    history: SandboxOptions, folder: Path, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    from dataclasses import replace  # noqa: PLC0415

    monkeypatch.setenv("REAMAZE_API_TOKEN", token)
    with Sandbox(replace(history, token=token)) as serving:
        assert run(init(serving)) == 0
    assert dotenv_values(folder / ".env")["REAMAZE_API_TOKEN"] == token


def test_a_file_that_is_there_is_kept(
    sandbox: Sandbox, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("REAMAZE_API_TOKEN", sandbox.token)
    (folder / ".env").write_text("MINE=1\n")
    assert run(init(sandbox)) == 2
    assert "--force" in capsys.readouterr().err
    assert (folder / ".env").read_text() == "MINE=1\n"
    assert run(init(sandbox, "--force")) == 0
    assert "MINE" not in (folder / ".env").read_text()


def test_without_a_terminal_it_says_what_is_missing(sandbox: Sandbox, folder: Path, capsys: Captured) -> None:
    assert run(["init", "--api-url", sandbox.url, "--yes"]) == 2
    assert "--email" in capsys.readouterr().err
    assert run(init(sandbox)) == 2
    assert "REAMAZE_API_TOKEN" in capsys.readouterr().err


def test_a_person_is_asked(sandbox: Sandbox, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reamaze_pipeline.commands.setup.init._is_person", lambda: True)
    answers = [sandbox.email, sandbox.token, "europe/berln", "", "2026-02-30", "2026-03-05"]
    asked = click.testing.CliRunner().invoke(app, ["init", "--api-url", sandbox.url], input="\n".join(answers) + "\n")
    assert asked.exit_code == 0, asked.output
    assert "First day to load" in asked.output
    assert "'europe/berln' is not an IANA time zone such as Europe/Berlin" in asked.output
    assert sandbox.token not in asked.output
    written = dotenv_values(folder / ".env")
    assert (written["REAMAZE_START_DATE"], written["REAMAZE_TIMEZONE"]) == ("2026-03-05", "UTC")


@pytest.mark.parametrize("brand", ["acme", "https://acme.reamaze.io/admin", "acme.reamaze.io", " Acme/ "])
def test_a_brand_may_be_pasted_as_its_address(brand: str) -> None:
    from reamaze_pipeline.commands.setup.init import _address, _Asked  # noqa: PLC0415

    assert _address(_Asked(quiet=True), brand, None)["REAMAZE_BRAND"].lower() == "acme"

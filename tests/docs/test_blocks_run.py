"""Every command and every code block of the documents is run, page by page, as a reader would: in one folder, in order.

Against the embedded API, with the days from 2 to 9 March 2026 stored (but for the page that begins from nothing), in a
shell where `make` only says what it would do and `pip` only looks whether there is such an extra. What a block prints
that the page shows must be printed, numbers aside.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import yaml

from reamaze_pipeline.sandbox import Sandbox
from tests.docs.pages import PAGES, TOP, Block, blocks

RUN = [page for page in PAGES if any(block.language != "text" for block in blocks(page))]
FROM_NOTHING = TOP / "docs" / "your-brand.md"
SHIMS = {
    "python": f'exec "{sys.executable}" "$@"',
    "make": f'exec "{shutil.which("make")}" -n -C "{TOP}" "$@" >/dev/null',
    "pip": f'exec "{sys.executable}" "{TOP}/tests/docs/pip_looks.py" "$@"',
}

QUESTIONS = ("reamaze-pipeline status", "reamaze-pipeline audit")
"""What ends with 1 where the answer is no: the days after the stored ones are missing in the reader's folder."""


@pytest.fixture(scope="module")
def loaded_command(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What the command `reamaze-pipeline` is in a page's shell."""
    address = tmp_path_factory.mktemp("loaded") / "socket"
    serve = [sys.executable, "-m", "tests.docs.loaded_command", str(address)]
    with subprocess.Popen(serve, cwd=TOP, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        assert serving.stdout.readline() == "ready\n"
        yield f'exec "{sys.executable}" -IS "{TOP}/tests/docs/loaded_command.py" "{address}" "$@"'
        serving.terminate()


@pytest.fixture
def reader(tmp_path: Path, sandbox: Sandbox, loaded_command: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder and the shell of somebody who has a checkout's models, and a brand that the settings reach."""
    folder = tmp_path / "reader"
    folder.mkdir()
    for name in ("dbt_like_sql", "docs"):
        (folder / name).symlink_to(TOP / name)
    shims = tmp_path / "bin"
    shims.mkdir()
    for name, line in (SHIMS | {"reamaze-pipeline": loaded_command}).items():
        (shims / name).write_text(f"#!/bin/sh\n{line}\n")
        (shims / name).chmod(0o755)
    for name in [name for name in os.environ if name.startswith(("REAMAZE_", "DAGSTER_", "DBT_"))]:
        monkeypatch.delenv(name)
    environment = {
        "PATH": f"{shims}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": f"{TOP}",
        "REAMAZE_API_URL": sandbox.url,
        "REAMAZE_EMAIL": sandbox.email,
        "REAMAZE_API_TOKEN": sandbox.token,
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "DO_NOT_TRACK": "1",
        "NO_COLOR": "1",
        "COLUMNS": "200",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return folder


@pytest.mark.parametrize("page", RUN, ids=lambda page: str(page.relative_to(TOP)))
def test_a_page_runs_from_top_to_bottom(
    page: Path, reader: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if page != FROM_NOTHING:
        shutil.copytree(request.getfixturevalue("stored_once"), reader / "data")
        monkeypatch.setenv("REAMAZE_START_DATE", "2026-03-01")
    for block in blocks(page):
        if block.untried is None:
            _try(block, reader)


def _try(block: Block, folder: Path) -> None:
    if block.title:
        path = folder / block.title
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
    elif block.language == "console":
        for command, shown in _commands(block):
            printed = _run(["bash", "-euo", "pipefail", "-c", command], folder, f"{block}: {command}")
            missing = [line for line in shown if _shape(line) not in _shape(printed)]
            assert missing == [], f"{block}: {command} printed\n{printed}"
    elif block.language == "python":
        _run([sys.executable, "-W", "error", "-c", block.text], folder, str(block))
    elif block.language == "sql":
        with duckdb.connect(folder / "data" / "reamaze.duckdb", read_only=True) as warehouse:
            warehouse.sql(block.text)
    elif block.language == "yaml":
        yaml.safe_load(block.text)


def _commands(block: Block) -> list[tuple[str, list[str]]]:
    """Each command with the lines that the page shows below it; a line of an ellipsis stands for any."""
    lines = re.sub(r"\\\n> *", "", block.text).splitlines()
    found: list[tuple[str, list[str]]] = []
    for line in lines:
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif line.strip() not in {"", "…"}:
            assert found, f"{block} begins with no command"
            found[-1][1].append(line)
    assert found, f"{block} holds no command"
    return found


def _shape(text: str) -> str:
    return re.sub(r"\d+", "0", " ".join(text.split()))


def _run(command: list[str], folder: Path, what: str) -> str:
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=600)
    expected = {0, 1} if command[-1].startswith(QUESTIONS) else {0}
    assert ended.returncode in expected, f"{what}\n{ended.stdout[-3000:]}{ended.stderr[-3000:]}"
    return ended.stdout + ended.stderr

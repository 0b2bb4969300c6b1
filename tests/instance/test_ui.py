"""The UI as it is served: behind its gate, over real HTTP, and with nothing left when it ends."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from reamaze_pipeline.commands.app import run
from reamaze_pipeline.sandbox import Sandbox
from tests.conftest import Deploy

SCHEDULE = '{repositoryName: "r", repositoryLocationName: "l", scheduleName: "s"}'
MUTATION = f"mutation {{ startSchedule(scheduleSelector: {SCHEDULE}) {{ __typename }} }}"
QUERY = "{ version }"


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def descendants(process: int) -> set[int]:
    """All processes below one, by /proc."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
    found: set[int] = set()
    while more := {child for child, parent in parents.items() if parent in found | {process}} - found:
        found |= more
    return found


def alive(processes: set[int]) -> set[int]:
    return {
        number
        for number in processes
        if (stat := Path(f"/proc/{number}/stat")).exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"
    }


def wait_until_gone(processes: set[int], seconds: float = 60) -> set[int]:
    end = time.monotonic() + seconds
    while alive(processes) and time.monotonic() < end:
        time.sleep(0.2)
    return alive(processes)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def ui(
    sandbox: Sandbox, deploy: Deploy, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[subprocess.Popen[str]]:
    deploy(sandbox)
    if (models := tmp_path / "models").exists():
        monkeypatch.setenv("REAMAZE_MODELS", str(models))
    (browser := tmp_path / "browser").write_text(f'#!/bin/sh\necho "$1" > {tmp_path / "opened"}\n')
    browser.chmod(0o700)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    command = [sys.executable, "-m", "reamaze_pipeline", "ui", "--port", str(port), "--open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        below = descendants(process.pid)
        try:
            assert f"http://127.0.0.1:{port}" in line, line
            yield process
        finally:
            process.kill()
            for child in alive(below):
                os.kill(child, signal.SIGKILL)


def ask(port: int, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, str]:
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        asked.putrequest(method, path, skip_host=True)
        for name, value in {"Host": f"127.0.0.1:{port}", **headers}.items():
            asked.putheader(name.replace("_", "-"), value)
        if body is not None:
            asked.putheader("Content-Length", str(len(body)))
        asked.endheaders(body.encode() if body is not None else None)
        answer = asked.getresponse()
        return answer.status, answer.read().decode()
    finally:
        asked.close()


def test_the_gate_and_the_end(ui: subprocess.Popen[str], port: int, tmp_path: Path) -> None:
    """One UI for all of it, because it takes long to start."""
    end = time.monotonic() + 60
    while not (opened := tmp_path / "opened").exists() and time.monotonic() < end:
        time.sleep(0.1)
    assert opened.read_text() == f"http://127.0.0.1:{port}\n"
    json_type = {"Content_Type": "application/json"}
    assert ask(port, "GET", "/server_info")[0] == 200
    status, said = ask(port, "POST", "/graphql", json.dumps({"query": QUERY}), **json_type)
    assert (status, "version" in said) == (200, True)
    assert ask(port, "GET", f"/graphql?query={quote(QUERY)}")[0] == 200
    own = {"Origin": f"http://127.0.0.1:{port}", "Sec_Fetch_Site": "same-origin"}
    assert ask(port, "POST", "/graphql", json.dumps({"query": QUERY}), **json_type, **own)[0] == 200

    assert ask(port, "GET", "/server_info", Host="rebound.example")[0] == 403
    assert ask(port, "GET", "/", Host=f"evil.example:{port}")[0] == 403
    assert ask(port, "GET", f"/graphql?query={quote(MUTATION)}")[0] == 403
    assert ask(port, "GET", f"/graphql/?query={quote(f'query a {{ version }} {MUTATION}')}")[0] == 403
    assert ask(port, "GET", "/graphql?query=no%20graphql")[0] == 403
    assert (
        ask(port, "POST", "/graphql", json.dumps({"query": QUERY}), **json_type, Origin="https://evil.example")[0]
        == 403
    )
    assert ask(port, "POST", "/graphql", "x", Sec_Fetch_Site="cross-site")[0] == 403
    elsewhere = {"Origin": "https://evil.example"}
    socketed = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13"}
    key = {"Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec_WebSocket_Protocol": "graphql-ws"}
    assert ask(port, "GET", "/graphql", **socketed, **key, **elsewhere)[0] == 403

    assert run(["ui", "--port", str(port)]) == 2
    below = descendants(ui.pid)
    assert len(below) >= 2
    ui.kill()
    assert wait_until_gone(below) == set()


@pytest.fixture
def broken_model(tmp_path: Path) -> None:
    (models := tmp_path / "models" / "metrics").mkdir(parents=True)
    (models / "owls.sql").write_text("select day, nobody from {{ ref('messages') }}")


@pytest.mark.usefixtures("broken_model")
def test_a_broken_model_is_told_in_one_line_and_ctrl_c_ends_in_another(ui: subprocess.Popen[str]) -> None:
    assert ui.stdout is not None
    line = ui.stdout.readline()
    assert line.startswith("error: nothing can run: ")
    assert "owls.sql" in line
    below = descendants(ui.pid)
    ui.send_signal(signal.SIGINT)
    assert ui.stdout.read() == "The Dagster UI has ended, and the schedules with it.\n"
    assert ui.wait() == 0
    assert wait_until_gone(below) == set()


def test_a_taken_port_is_refused_before_anything_starts(
    sandbox: Sandbox, deploy: Deploy, port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(sandbox)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert run(["ui", "--port", str(port)]) == 2
    words = capsys.readouterr()
    assert words.err.startswith(f"error: port {port} on 127.0.0.1 cannot be had")
    assert words.out == ""
    assert not list(tmp_path.rglob("ui.log"))

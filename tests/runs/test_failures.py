"""What the disk and the machine do to a run, each told in one line: real files, real locks, a small real disk."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reamaze_pipeline.commands.app import run
from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.errors import DatabaseDamaged, DiskFull
from reamaze_pipeline.sandbox import Sandbox
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.io_manager import DuckDBWarehouse
from reamaze_pipeline.warehouse.table import Column, Table
from tests.conftest import LAST, Deploy

ONE_DAY = ["backfill", "--from", str(LAST), "--to", str(LAST)]
NEXT_DAY = ["backfill", "--from", "2026-03-10", "--to", "2026-03-10"]
Captured = pytest.CaptureFixture[str]
BODIES = Table("s", "bodies", (Column("day", "DATE"), Column("body", "VARCHAR")))


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of its own that a few writes fill."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can be mounted by root alone")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def _fill(warehouse: DuckDBWarehouse, after: dt.date) -> None:
    for number in range(1, 60):
        day = after + dt.timedelta(number)
        bodies = [{"day": day, "body": os.urandom(30_000).hex()} for _ in range(8)]
        warehouse.replace(BODIES, [day], bodies)


def error_line(captured: Captured) -> str:
    """The one line that an error ends in."""
    words = captured.readouterr().err
    assert "Traceback" not in words
    (line,) = [line for line in words.splitlines() if line.startswith("error: ")]
    return line


def test_a_full_disk_is_said_and_loses_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "4m") as disk:
        database = disk / "warehouse.duckdb"
        warehouse = DuckDBWarehouse(database=str(database))
        day = dt.date(2026, 3, 1)
        warehouse.replace(BODIES, [day], [{"day": day, "body": "kept"}])
        with pytest.raises(DiskFull, match=rf"the disk that holds {disk} is full; free some space") as error:
            _fill(warehouse, day)
        assert "\n" not in str(error.value)
        with reading(database) as connection:
            assert connection.execute("SELECT body FROM s.bodies WHERE day = ?", [day]).fetchall() == [("kept",)]


def test_a_full_folder_for_what_is_computed_is_said(
    tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        monkeypatch.setattr("tempfile.tempdir", str(disk))
        day = dt.date(2026, 3, 1)
        bodies = [{"day": day, "body": os.urandom(30_000).hex()} for _ in range(60)]
        with pytest.raises(DiskFull, match=str(disk)):
            DuckDBWarehouse(database=str(database)).replace(BODIES, [day], bodies)


def test_full_records_are_said(sandbox: Sandbox, deploy: Deploy, tmp_path: Path, capsys: Captured) -> None:
    with small_disk(tmp_path / "home", "700k") as home:
        deploy(sandbox, DAGSTER_HOME=str(home))
        assert run(ONE_DAY) == 1
        assert str(home) in (line := error_line(capsys))
        assert "free some space" in line


@pytest.mark.parametrize("harm", ["cut", "changed"])
def test_a_damaged_file_is_said_by_every_reader(stored: Deployment, capsys: Captured, harm: str) -> None:
    size = stored.database.stat().st_size
    if harm == "cut":
        os.truncate(stored.database, 20_000)
    else:  # all blocks but the file's head: whatever is read, is not what was written
        with stored.database.open("r+b") as file:
            file.seek(12_288)
            file.write(os.urandom(size - 12_288))
    for command in (["report"], [*NEXT_DAY], ["export", "core.messages"]):
        assert run(command) == 1
        line = error_line(capsys)
        assert f"{stored.database} is damaged" in line
        assert "run the backfill again" in line


def test_one_changed_block_is_never_taken_for_data(database: Path) -> None:
    warehouse = DuckDBWarehouse(database=str(database))
    day = dt.date(2026, 3, 1)
    warehouse.replace(BODIES, [day], [{"day": day, "body": os.urandom(3_000).hex()} for _ in range(500)])
    with database.open("r+b") as file:
        file.seek(database.stat().st_size // 2)
        file.write(os.urandom(64))
    with pytest.raises(DatabaseDamaged, match="is damaged"), reading(database) as connection:
        connection.execute("SELECT max(body) FROM s.bodies").fetchall()


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_in_the_same_words(sandbox: Sandbox, deploy: Deploy, sent: signal.Signals) -> None:
    deploy(sandbox)
    sandbox.faults.latency_ms = 150
    command = [sys.executable, "-m", "reamaze_pipeline", "backfill", "--from", "2026-03-01", "--to", "2026-03-09"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        _ = running.stderr.readline(), running.stderr.readline()  # that it began, and the first day
        running.send_signal(sent)
        rest = running.stderr.read()
    assert running.returncode == 1
    assert [line for line in rest.splitlines() if "rror" in line] == [
        "error: stopped; days that were stored stay stored, and the same command goes on from there"
    ]


def test_a_taken_port_is_said(sandbox: Sandbox, deploy: Deploy, capsys: Captured) -> None:
    deploy(sandbox)
    port = sandbox.url.rsplit(":", 1)[1].split("/", maxsplit=1)[0]
    assert run(["sandbox", "--port", port, "--messages", "10"]) == 2
    assert f"port {port}" in error_line(capsys)
    assert run(["sandbox", "--port", "99999"]) == 2
    assert "99999" in capsys.readouterr().err

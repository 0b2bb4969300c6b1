"""The files themselves: private whatever the umask, waited for, and copied for who keeps one open."""

from __future__ import annotations

import logging
import os
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from reamaze_pipeline.errors import DatabaseLocked, DiskFull
from reamaze_pipeline.warehouse import engine
from reamaze_pipeline.warehouse.connection import patient, reading, writing
from reamaze_pipeline.warehouse.files.permissions import keep_private
from reamaze_pipeline.warehouse.files.snapshot import replace_snapshot
from reamaze_pipeline.warehouse.files.table_file import export_table
from tests.warehouse.test_connection import held


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    keep_private(group_reads=False)
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("open_umask")
@pytest.mark.parametrize("group_reads", [False, True])
def test_what_is_written_is_private(tmp_path: Path, group_reads: bool) -> None:
    keep_private(group_reads=group_reads)
    os.umask(0)  # whatever anybody sets later
    file, folder = (0o640, 0o750) if group_reads else (0o600, 0o700)
    database = tmp_path / "data" / "warehouse.duckdb"
    with writing(database) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS n")
    snapshot = replace_snapshot(database, tmp_path / "copies" / "copy.duckdb")
    export_table(database, "main.t", out=tmp_path / "t.csv")
    assert {mode(path) for path in (database, snapshot, tmp_path / "t.csv")} == {file}
    assert {mode(path) for path in (database.parent, snapshot.parent)} == {folder}


@pytest.mark.usefixtures("open_umask")
def test_a_file_that_others_could_read_is_closed(database: Path) -> None:
    with duckdb.connect(str(database)) as own:
        own.execute("CREATE TABLE t AS SELECT 1 AS n")
    database.chmod(0o644)
    keep_private(group_reads=False)
    with writing(database):
        pass
    assert mode(database) == 0o600


def test_a_run_waits_longer_and_says_who_holds_the_file(
    database: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_TOLD_AFTER", 0.1)
    monkeypatch.setattr(engine, "_TOLD_EVERY", 0.3)
    with writing(database) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS n")
    with held(database, 600) as process:
        letting_go = threading.Timer(2.0, process.kill)
        with patient(600):
            letting_go.start()
            with writing(database) as connection:
                connection.execute("INSERT INTO t VALUES (2)")
        said = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert said
    assert all(f"(process {process.pid}); waiting for it" in line for line in said)
    with held(database, 600), patient(0.2), pytest.raises(DatabaseLocked, match=r"waited 0\.2 s"), reading(database):
        pass


def test_a_reader_of_the_copy_keeps_nobody_out_and_sees_whole_days(database: Path, tmp_path: Path) -> None:
    snapshot = tmp_path / "copy.duckdb"
    with writing(database) as connection:
        connection.execute(
            "CREATE SCHEMA core; CREATE TABLE core.t AS SELECT 1 AS n; CREATE VIEW core.v AS FROM core.t"
        )
    replace_snapshot(database, snapshot)
    with held(snapshot, 60, read_only=True), duckdb.connect(str(snapshot), read_only=True) as reader:
        with writing(database, 0) as connection:
            connection.execute("INSERT INTO core.t VALUES (2)")
        replace_snapshot(database, snapshot)
        assert reader.execute("SELECT count(*) FROM core.v").fetchall() == [(1,)]
    with duckdb.connect(str(snapshot), read_only=True) as reader:
        assert reader.execute("SELECT count(*) FROM core.v").fetchall() == [(2,)]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([database.name, snapshot.name])


def test_a_killed_writers_log_is_in_the_copy(database: Path, tmp_path: Path) -> None:
    with writing(database) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS n")
    killed = f"""
import duckdb, os
c = duckdb.connect({str(database)!r}, config={{"checkpoint_threshold": "1GB"}})
c.execute("INSERT INTO t VALUES (2)")
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", killed], check=False)
    assert database.with_name(f"{database.name}.wal").exists()
    with duckdb.connect(str(replace_snapshot(database, tmp_path / "copy.duckdb")), read_only=True) as reader:
        assert reader.execute("SELECT count(*) FROM t").fetchall() == [(2,)]


def test_no_room_for_a_copy_leaves_the_old_one(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with writing(database) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS n")
    snapshot = replace_snapshot(database, tmp_path / "copies" / "copy.duckdb")
    before = snapshot.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(snapshot))

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(DiskFull, match="copies is full"):
        replace_snapshot(database, snapshot)
    assert snapshot.read_bytes() == before
    assert [path.name for path in snapshot.parent.iterdir()] == [snapshot.name]

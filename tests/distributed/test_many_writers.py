"""Many processes write one lake, over the same days, and some are killed: the tables are those of one process alone.

The short form; ``make distributed`` does the same for longer (``REAMAZE_ROUNDS=50``), with data in an object store too.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from reamaze_pipeline.models.model import Project
from tests.stored_pages import Warehouse
from tests.warehouse.backfill_process import TABLES
from tests.warehouse.lakes import needs_lake, needs_postgres, postgres

pytestmark = [needs_lake, needs_postgres]
ROUNDS = int(os.environ.get("REAMAZE_ROUNDS", "1"))
WORKERS = int(os.environ.get("REAMAZE_WORKERS", "3"))
DAYS = int(os.environ.get("REAMAZE_KILL_DAYS", "4"))
SCHEMA = "acme"
NAMES = ("raw.message_pages", *(f"core.{name}" for name in TABLES), "core.conversations")


@pytest.fixture
def server() -> Iterator[str]:
    """A PostgreSQL; its folder lies where its own user may go."""
    folder = Path(f"/tmp/reamaze-distributed-{os.getpid()}-{time.monotonic_ns()}")
    try:
        with postgres(folder) as reached:
            yield reached
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def expected(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """What one process, which nobody kills, stores in a DuckDB file."""
    warehouse = Warehouse(tmp_path_factory.mktemp("whole") / "whole.duckdb", project)
    process = start(str(warehouse.path))
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return warehouse


def start(location: str, *seed: str, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.warehouse.backfill_process", location, str(DAYS), *seed]
    whole = {**os.environ, **environment}
    return subprocess.Popen(command, env=whole, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_days_are_neither_doubled_nor_lost_when_writers_race_and_die(
    server: str, expected: Warehouse, project: Project, tmp_path: Path
) -> None:
    location = f"ducklake:postgres:{server}#data={tmp_path}/files&schema={SCHEMA}"
    race(location, expected, Warehouse(location, project), server)


def test_the_same_with_data_in_an_object_store(
    server: str, expected: Warehouse, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("moto.server", reason="moto[server] is not installed")
    if "REAMAZE_ROUNDS" not in os.environ:
        pytest.skip("the long form alone: make distributed")
    with object_store() as url:
        for name, value in {"ACCESS_KEY_ID": "key", "SECRET_ACCESS_KEY": "hush", "ENDPOINT_URL": url}.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        location = f"ducklake:postgres:{server}#data=s3://lake/acme&schema={SCHEMA}"
        race(location, expected, Warehouse(location, project), server)


def race(location: str, expected: Warehouse, found: Warehouse, server: str) -> None:
    """Rounds of writers in orders of their own, one killed in each; then one that ends in peace."""
    chance = random.Random(7)
    for number in range(ROUNDS):
        processes = [start(location, f"{number}.{worker}") for worker in range(WORKERS)]
        doomed = chance.choice(processes)
        assert doomed.stdout is not None
        doomed.stdout.readline()
        time.sleep(chance.uniform(0, 1))
        doomed.send_signal(signal.SIGKILL)
        for process in processes:
            _, errors = process.communicate(timeout=600)
            assert process is doomed or process.returncode == 0, errors
        assert_whole_days(found, expected)
    last = start(location)
    _, errors = last.communicate(timeout=600)
    assert last.returncode == 0, errors
    for name in NAMES:
        assert found.table(name) == expected.table(name), name
    counted = "SELECT schema_name, table_name, day, row_count FROM meta.partitions ORDER BY ALL"
    assert found.rows(counted) == expected.rows(counted)
    assert locks_held(server) == "0"


def assert_whole_days(found: Warehouse, expected: Warehouse) -> None:
    """No row is there twice, and none that one process would not have stored."""
    stored = {row[0] for row in found.rows("SELECT DISTINCT table_name FROM meta.partitions WHERE day IS NOT NULL")}
    for name in NAMES[:-1]:
        if name.partition(".")[2] in stored:
            counted = f"SELECT day, count(*) FROM {name} GROUP BY ALL ORDER BY ALL"
            assert set(found.rows(counted)) <= set(expected.rows(counted)), name


def locks_held(server: str) -> str:
    asked = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    return subprocess.run(["psql", server, "-Atc", asked], check=True, capture_output=True, text=True).stdout.strip()


@contextmanager
def object_store() -> Iterator[str]:
    """moto's S3 on loopback, with the bucket `lake`."""
    port = 20_000 + os.getpid() % 20_000
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(100):
                try:
                    urlopen(f"{url}/moto-api/", timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.2)
            import boto3  # noqa: PLC0415 comes with moto

            keys = {"aws_access_key_id": "key", "aws_secret_access_key": "hush", "region_name": "us-east-1"}
            boto3.client("s3", endpoint_url=url, **keys).create_bucket(Bucket="lake")
            yield url
        finally:
            process.terminate()

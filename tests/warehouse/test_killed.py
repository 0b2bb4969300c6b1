"""Killed at any moment, run again: the tables are those of a run that nobody killed. And in every host's time zone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from reamaze_pipeline.models.model import Project
from tests.stored_pages import DAY, Warehouse
from tests.warehouse.backfill_process import TABLES

DAYS = int(os.environ.get("REAMAZE_KILL_DAYS", "8"))
KILLS = int(os.environ.get("REAMAZE_KILLS", "5"))
"""More for a thorough look: ``REAMAZE_KILL_DAYS=60 REAMAZE_KILLS=60 pytest tests/warehouse/test_killed.py``."""
NAMES = ("raw.message_pages", *(f"core.{name}" for name in TABLES), "core.conversations")


def start(database: Path, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.warehouse.backfill_process", str(database), str(DAYS)]
    return subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(database: Path, **environment: str) -> None:
    process = start(database, **environment)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors


@pytest.fixture(scope="module")
def expected(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    warehouse = Warehouse(tmp_path_factory.mktemp("whole") / "whole.duckdb", project)
    finish(warehouse.path)
    return warehouse


def assert_equal(found: Warehouse, expected: Warehouse) -> None:
    for name in NAMES:
        assert found.table(name) == expected.table(name), name
    counted = "SELECT schema_name, table_name, day, row_count FROM meta.partitions ORDER BY ALL"
    assert found.rows(counted) == expected.rows(counted)


def test_killed_at_random_moments(warehouse: Warehouse, expected: Warehouse) -> None:
    moments = random.Random(4)
    for _ in range(KILLS):
        process = start(warehouse.path)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(moments.uniform(0, 0.6))
        process.send_signal(moments.choice([signal.SIGKILL, signal.SIGTERM]))
        process.communicate()
        assert_only_whole_days(warehouse, expected)
    finish(warehouse.path)
    assert_equal(warehouse, expected)


def assert_only_whole_days(found: Warehouse, expected: Warehouse) -> None:
    """Every day of every table is stored whole or not at all, and the ledger knows which."""
    tables = {row[0] for row in found.rows("SELECT DISTINCT table_name FROM meta.partitions WHERE day IS NOT NULL")}
    for name in NAMES[:-1]:
        schema, table = name.split(".")
        if table not in tables:
            continue
        ledger = dict(
            found.rows(
                f"SELECT day, row_count FROM meta.partitions WHERE schema_name = '{schema}' AND table_name = '{table}'"
            )
        )
        by_day = f"SELECT day, count(*) FROM {name} GROUP BY day"
        stored, whole = dict(found.rows(by_day)), dict(expected.rows(by_day))
        assert {day: count for day, count in ledger.items() if count} == stored
        assert stored == {day: whole[day] for day in stored}


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Kolkata"])
def test_the_hosts_time_zone_changes_nothing(warehouse: Warehouse, expected: Warehouse, zone: str) -> None:
    for _ in range(2):
        finish(warehouse.path, TZ=zone)
    assert_equal(warehouse, expected)
    midnight = warehouse.rows(
        f"SELECT count(*) FROM core.messages WHERE created_at = '{DAY + timedelta(days=1)} 00:00'"
    )
    assert midnight[0][0] > 0

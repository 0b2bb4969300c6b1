"""The same folder is a dbt project: `dbt build` gives the tables that the pipeline gives, row for row."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from reamaze_pipeline.models.model import Project
from reamaze_pipeline.warehouse.connection import reading
from tests.models.test_core_tables import ODD
from tests.stored_pages import DAY, SHIPPED, Warehouse, page
from tests.warehouse.backfill_process import pages

DAYS = [DAY + timedelta(days=n) for n in range(3)]


@pytest.mark.dbt
def test_dbt_builds_equal_tables(warehouse: Warehouse, project: Project, tmp_path: Path) -> None:
    stored = {day: pages(day) for day in DAYS}
    stored[DAY].append(page(DAY, ODD, number=9, staff=[True] * len(ODD)))
    warehouse.store(stored)
    built = tmp_path / "built.duckdb"
    shutil.copy(warehouse.path, built)
    names = [model.name for model in project.models]
    warehouse.derive(DAYS, names)

    copy = tmp_path / "project"
    shutil.copytree(SHIPPED, copy, ignore=shutil.ignore_patterns("target", "logs"))
    command = [str(Path(sys.executable).with_name("dbt")), "build", "--no-use-colors"]
    window = ["--event-time-start", str(DAYS[0]), "--event-time-end", str(DAYS[-1] + timedelta(days=1))]
    places = ["--project-dir", str(copy), "--profiles-dir", str(copy)]
    environment = {**os.environ, "REAMAZE_DATABASE": str(built), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    done = subprocess.run(
        [*command, *window, *places], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:]
    with reading(built) as theirs, reading(warehouse.path) as ours:
        for label in sorted(m.table.label for m in project.models) + [s.table.label for s in project.seeds]:
            assert _rows(theirs, label) == _rows(ours, label), label


def _rows(connection: duckdb.DuckDBPyConnection, label: str) -> list[tuple[object, ...]]:
    columns = connection.execute(f"DESCRIBE {label}").fetchall()
    names = ", ".join(f'"{column[0]}"' for column in sorted(columns))
    return connection.execute(f"SELECT {names} FROM {label} ORDER BY ALL").fetchall()

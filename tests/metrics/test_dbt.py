"""The same folder is a dbt project: given the settings as vars, dbt builds what the pipeline builds, row for row.

One build for all of it, because a build of the whole project takes more than a minute.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from reamaze_pipeline.models.project import load_project
from reamaze_pipeline.warehouse.connection import reading
from tests.metrics.filled import SHIPPED, multiset, variables
from tests.metrics.histories import DAYS
from tests.metrics.reference import Row, Rules
from tests.metrics.test_agreement import BUSINESS_TARGET, TARGETS, WEEK
from tests.models.test_core_tables import ODD
from tests.stored_pages import DAY, Page, Warehouse, page

RULES = Rules(
    "America/Los_Angeles",
    ("bot@example.com", "o'brien@example.com"),
    ("16", "sms"),
    WEEK,
    (*TARGETS, BUSINESS_TARGET),
    4000,
)
SETTINGS = {name: value for name, value in variables(RULES).items() if name != "document_characters"}
"""One setting is left to what the models say of it, as dbt's people may leave any."""


@pytest.mark.dbt
def test_dbt_builds_equal_tables_under_the_same_settings(tmp_path: Path) -> None:
    project = load_project([SHIPPED], SETTINGS)
    ours = Warehouse(tmp_path / "ours.duckdb", project)
    stored = {day: _pages(day) for day in DAYS[:6] if day != DAYS[3]}
    stored[DAYS[0]].append(_odd_page(DAYS[0]))
    ours.store(stored)
    theirs = tmp_path / "theirs.duckdb"
    shutil.copy(ours.path, theirs)
    ours.derive(list(stored), [model.name for model in project.models])
    _dbt_run(tmp_path, theirs)
    with reading(theirs) as built:
        for node in (*project.models, *project.seeds):
            select = f"SELECT {', '.join(node.table.column_names)} FROM {node.table.qualified}"
            rows = _rows(built, select)
            assert rows or node.table.name == "next_reply_times", node.table.label
            assert multiset(rows) == multiset(ours.rows(select)), node.table.label


def _dbt_run(folder: Path, database: Path) -> None:
    copy = folder / "project"
    shutil.copytree(SHIPPED, copy, ignore=shutil.ignore_patterns("target", "logs"))
    command = [str(Path(sys.executable).with_name("dbt")), "build", "--no-use-colors"]
    window = ["--event-time-start", str(DAYS[0]), "--event-time-end", str(DAYS[6])]
    places = ["--project-dir", str(copy), "--profiles-dir", str(copy), "--vars", json.dumps(SETTINGS)]
    done = subprocess.run(
        [*command, *window, *places],
        env={**os.environ, "REAMAZE_DATABASE": str(database), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]


def _pages(day: dt.date) -> list[Page]:
    """One page of a busy day, in the zone of the rules."""
    dice = random.Random(day.toordinal())
    messages: list[dict[str, Any]] = []
    staff: list[bool | None] = []
    for number in range(28):
        staff.append(dice.choice([True, True, False, False, None]))
        slug = dice.choice(["a", "b", "c", "d"])
        name = dice.choice(["ann", "ben", "bot"]) if staff[-1] else f"eve-{slug}"
        messages.append(
            {
                "body": f"{day} {number}",
                "visibility": dice.choice([0, 0, 0, 0, 1, 2]),
                "origin": dice.choice([0, 1, 1, 9, 16, 99]),
                "created_at": f"{day}T{dice.randrange(10, 24)}:{dice.randrange(60):02}:00-07:00",
                "user": {"name": name.title(), "email": f"{name}@example.com"},
                "conversation": {
                    "slug": slug,
                    "subject": "Hello",
                    "created_at": {"a": f"{DAYS[0]}T09:00:00-08:00", "b": f"{DAYS[1]}T09:00:00-08:00"}.get(
                        slug, "2025-01-01T00:00:00Z"
                    ),
                },
            }
        )
    return [page(day, messages, staff=staff)]


def _odd_page(day: dt.date) -> Page:
    """Rows that are odd in every way known, dated inside the day."""
    listed = json.loads(json.dumps(ODD).replace(f'"{DAY}T', f'"{day}T'))
    return page(day, listed, number=2, staff=[None] * len(listed))


def _rows(connection: duckdb.DuckDBPyConnection, select: str) -> list[Row]:
    return connection.execute(select).fetchall()

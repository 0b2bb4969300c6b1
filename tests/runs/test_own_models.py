"""A file in a folder of one's own is an asset: partitioned, documented, checked, with lineage."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import dagster as dg
import pytest

from reamaze_pipeline.commands.app import run
from reamaze_pipeline.definitions import build_defs
from reamaze_pipeline.errors import BackfillFailed
from reamaze_pipeline.runs.backfill import backfill
from reamaze_pipeline.sandbox import Sandbox
from reamaze_pipeline.warehouse.connection import reading
from tests.conftest import STORED, Deploy

DAY = dt.date(2026, 3, 6)
NIGHT_OWLS = """
select day, sender_email, count(*) as messages_at_night
from {{ ref('messages') }}
where is_staff and hour(created_at) < 12
group by all
"""
SCHEMA = """
models:
  - name: night_owls
    description: Who answers at night.
    columns:
      - name: messages_at_night
        description: How often.
        data_tests: [not_null]
"""


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    (folder / "metrics").mkdir(parents=True)
    (folder / "metrics" / "night_owls.sql").write_text(NIGHT_OWLS)
    (folder / "metrics" / "schema.yml").write_text(SCHEMA)
    return folder


def test_a_new_file_is_all_it_takes(sandbox: Sandbox, deploy: Deploy, models: Path) -> None:
    deployment = deploy(sandbox, REAMAZE_MODELS=str(models))
    key = dg.AssetKey(["metrics", "night_owls"])
    spec = {spec.key: spec for spec in build_defs(deployment).resolve_all_asset_specs()}[key]
    assert spec.description == "Who answers at night."
    assert isinstance(spec.partitions_def, dg.DailyPartitionsDefinition)
    lineage = spec.metadata["dagster/column_lineage"]
    assert isinstance(lineage, dg.TableColumnLineage)
    sender = lineage.deps_by_column["sender_email"]
    assert [(dep.asset_key.path[-1], dep.column_name) for dep in sender] == [("messages", "sender_email")]

    backfill(deployment, DAY, DAY, select="+metrics/night_owls")
    with reading(deployment.database) as connection:
        rows = connection.execute("select distinct day from metrics.night_owls").fetchall()
    assert rows == [(DAY,)]


def test_a_new_file_is_built_for_days_that_are_stored_already(sandbox: Sandbox, deploy: Deploy, models: Path) -> None:
    backfill(deploy(sandbox), DAY, DAY, select=STORED)
    sandbox.reset_requests()
    outcome = backfill(deploy(sandbox, REAMAZE_MODELS=str(models)), DAY, DAY, select=STORED)
    assert outcome.built == {"metrics.night_owls": 1}
    assert not sandbox.requests


def test_a_broken_promise_stops_what_is_downstream(sandbox: Sandbox, deploy: Deploy, models: Path) -> None:
    tests = models / "tests" / "core" / "messages"
    tests.mkdir(parents=True)
    (tests / "nobody_writes.sql").write_text("-- Nobody writes.\nselect day from {{ ref('messages') }}")
    deployment = deploy(sandbox, REAMAZE_MODELS=str(models))
    with pytest.raises(BackfillFailed, match="nobody_writes"):
        backfill(deployment, DAY, DAY)
    with reading(deployment.database) as connection:
        built = connection.execute(
            "select table_name from meta.partitions where schema_name in ('intermediate', 'metrics')"
        ).fetchall()
    assert built == []


def test_a_bad_file_is_named_with_its_line(
    sandbox: Sandbox, deploy: Deploy, models: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(sandbox)
    (models / "metrics" / "night_owls.sql").write_text("select 1 as day\nfrom {{ ref('no_such_model') }}\n")
    monkeypatch.setenv("REAMAZE_MODELS", str(models))
    assert run(["backfill", "--from", str(DAY), "--to", str(DAY)]) == 2
    assert "night_owls.sql:2:" in capsys.readouterr().err

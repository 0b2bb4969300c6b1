"""A model whose file moved to another folder takes its days along; what is not ours is left alone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.runs.backfill import backfill
from reamaze_pipeline.sandbox import Sandbox
from reamaze_pipeline.state.moved import moves
from reamaze_pipeline.state.provision import bring_up_to_date
from reamaze_pipeline.warehouse.connection import reading, writing
from tests.conftest import FIRST, LAST, Deploy

DAYS = [FIRST + dt.timedelta(n) for n in range(8)]
BY_DAY = "select day, count(*) as messages from {{ ref('messages') }} group by day"
BUSY = "{{ config(materialized='view') }} select day from {{ ref('by_day') }} where messages > 0"
PROMISES = "models: [{name: by_day, columns: [{name: messages, data_tests: [not_null]}]}]"
NOTED = "select schema_name, table_name, count(*) from meta.{} where table_name = 'by_day' group by all"

STORED_BY_AN_OLDER_VERSION = """
    create table there.by_day as from here.by_day limit 1;
    insert into meta.partitions
        select * replace ('there' as schema_name) from meta.partitions where table_name = 'by_day' limit 1;
"""


def write(folder: Path, schema: str) -> None:
    """Our two models, in one folder alone."""
    for old in folder.glob("*/*"):
        old.unlink()
    (folder / schema).mkdir(parents=True, exist_ok=True)
    (folder / schema / "by_day.sql").write_text(BY_DAY)
    (folder / schema / "busy.sql").write_text(BUSY)
    (folder / schema / "schema.yml").write_text(PROMISES)


def test_stored_days_go_where_the_file_goes(
    sandbox: Sandbox, stored: Deployment, deploy: Deploy, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    write(own, "there")
    backfill(deploy(sandbox, name="stored", REAMAZE_MODELS=str(own)), FIRST, LAST)
    with reading(stored.database) as connection:
        before = connection.execute("from there.by_day order by day").fetchall()
    write(own, "here")
    deployment = deploy(sandbox, name="stored", REAMAZE_MODELS=str(own))
    assert deployment.state(DAYS).of_kind("missing") == []
    with writing(deployment.database) as connection:
        connection.execute("create schema bi; create table bi.by_day as select 1 as n; create view bi.busy as select 2")
    assert bring_up_to_date(deployment.database, deployment.project).moved == ("here.busy", "here.by_day")
    with reading(deployment.database) as connection:
        assert moves(connection, deployment.project) == []
    with reading(deployment.database) as connection:
        assert connection.execute("from here.by_day order by day").fetchall() == before
        assert len(connection.execute("from here.busy").fetchall()) == len(before)
        assert connection.execute(NOTED.format("partitions")).fetchall() == [("here", "by_day", len(before))]
        assert connection.execute(NOTED.format("promises")).fetchall() == []
        left = "select table_name from information_schema.tables where table_schema = ? order by all"
        assert connection.execute(left, ["there"]).fetchall() == []
        assert connection.execute(left, ["bi"]).fetchall() == [("busy",), ("by_day",)]
    assert backfill(deployment, FIRST, LAST).built == {}
    with reading(deployment.database) as connection:
        assert connection.execute(NOTED.format("promises")).fetchall() == [("here", "by_day", 1)]
    assert not sandbox.requests
    with writing(deployment.database) as connection:
        connection.execute(STORED_BY_AN_OLDER_VERSION)
    assert bring_up_to_date(deployment.database, deployment.project).moved == ("here.by_day",)
    with reading(deployment.database) as connection:
        assert connection.execute("from here.by_day order by day").fetchall() == before
        assert connection.execute(NOTED.format("partitions")).fetchall() == [("here", "by_day", len(before))]
        assert connection.execute(left, ["there"]).fetchall() == []

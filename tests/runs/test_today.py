"""Today's messages: one request when nothing is new, rows that can be queried, and a day that nobody calls whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from reamaze_pipeline.definitions import graph
from reamaze_pipeline.defs.message_pages import POOL
from reamaze_pipeline.defs.naming import ALONE, JOB
from reamaze_pipeline.defs.nights.today import NAME
from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.instance.home import open_instance
from reamaze_pipeline.sandbox import Sandbox, SandboxOptions
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.io_manager import DuckDBWarehouse
from reamaze_pipeline.warehouse.ledger import stored_days
from tests.conftest import Deploy


@pytest.fixture(params=[True, False], ids=["dates honoured", "dates ignored"])
def brand(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A brand with messages up to now."""
    options = SandboxOptions(messages=300, days=3, end=dt.datetime.now(dt.UTC), seed=3)
    with Sandbox(replace(options, dates_honoured=request.param)) as serving:
        yield serving


class Ticking:
    """The sensor's ticks, one after another, and the runs that they ask for."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.defs = graph(deployment, ALONE)
        self.cursor: str | None = None

    def __call__(self, instance: dg.DagsterInstance) -> list[dg.RunRequest]:
        sensor = self.defs.resolve_sensor_def(NAME)
        resources = {"reamaze": (self.defs.resources or {})["reamaze"]}
        with dg.build_sensor_context(
            instance=instance, cursor=self.cursor, sensor_name=NAME, resources=resources
        ) as context:
            result = sensor.evaluate_tick(context)
        self.cursor = result.cursor or self.cursor
        return list(result.run_requests or [])

    def run(self, instance: dg.DagsterInstance, request: dg.RunRequest) -> bool:
        job = self.defs.resolve_job_def(NAME)
        return job.execute_in_process(instance=instance, tags=request.tags, raise_on_error=False).success


def counts(deployment: Deployment) -> tuple[int, int]:
    with reading(deployment.database) as connection:
        known = stored_days(connection, deployment.pages.table)
        found = connection.execute("select count(*), count(distinct message_id) from core.messages").fetchall()[0]
    assert known == set()
    return found[0], found[1]


def test_today_comes_while_it_goes_on(brand: Sandbox, deploy: Deploy) -> None:
    today = dt.datetime.now(dt.UTC).date()
    deployment = deploy(brand, start=str(today - dt.timedelta(2)), REAMAZE_TODAY="1")
    tick = Ticking(deployment)
    with open_instance(deployment.database) as instance:
        (request,) = tick(instance)
        assert len(brand.requests) == 1
        assert tick.run(instance, request)
        midnight = dt.datetime.combine(today, dt.time(), dt.UTC)
        there = sum(1 for _ in brand.truth(midnight, midnight + dt.timedelta(1)))
        assert counts(deployment) == (there, there)
        brand.reset_requests()
        assert tick(instance) == []
        assert len(brand.requests) == 1
        brand.history.insert_late(midnight)
        (request,) = tick(instance)
        assert tick.run(instance, request)
        assert counts(deployment) == (there + 1, there + 1)
        yesterday = today - dt.timedelta(1)
        assert today in deployment.state([yesterday, today]).of_kind("missing")

        brand.history.insert_late(midnight)
        job = graph(deployment, ALONE).resolve_job_def(JOB)
        instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
        assert tick(instance) == []


def test_a_whole_day_is_never_replaced_by_one_that_goes_on(stored: Deployment) -> None:
    day = max(stored_in(stored))
    before = stored_in(stored)
    DuckDBWarehouse(database=str(stored.database)).replace(stored.pages.table, [day], [], listed=False)
    assert stored_in(stored) == before


def stored_in(deployment: Deployment) -> dict[dt.date, int]:
    with reading(deployment.database) as connection:
        return dict(connection.execute("select day, count(*) from raw.message_pages group by day").fetchall())


def test_those_that_ask_the_api_go_one_after_another(stored: Deployment, deploy: Deploy, sandbox: Sandbox) -> None:
    deployment = deploy(sandbox, name="stored", REAMAZE_TODAY="1")
    defs = graph(deployment, ALONE)
    assert defs.resolve_job_def(NAME).nodes[0].definition.pool == POOL
    assert "default_limit: 1" in (Path("dagster") / "dagster.yaml").read_text()
    with open_instance(deployment.database) as instance:
        assert instance.global_op_concurrency_default_limit == 1

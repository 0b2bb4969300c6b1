"""What Dagster shows of the whole: fresh by the newest whole day, and one check that says if anything is missing."""

from __future__ import annotations

import datetime as dt
from typing import Any

import dagster as dg
import pytest

from reamaze_pipeline.definitions import graph
from reamaze_pipeline.defs.naming import ALONE, JOB
from reamaze_pipeline.defs.nights.newest_day import CHECK, KEY
from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.instance.home import open_instance
from reamaze_pipeline.sandbox import Sandbox
from tests.conftest import FIRST, LAST, Deploy

NEXT = LAST + dt.timedelta(1)


@pytest.fixture
def whole(sandbox: Sandbox, stored: Deployment, deploy: Deploy) -> Deployment:
    return deploy(sandbox, name="stored", start=str(FIRST))


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets which day is the newest that is over."""

    def is_after(day: dt.date) -> None:
        monkeypatch.setattr("reamaze_pipeline.defs.nights.newest_day.last_whole_day", lambda _: day)

    return is_after


def told(deployment: Deployment) -> tuple[list[str], list[tuple[bool, dict[str, Any]]]]:
    """Run the asset alone; the days it was materialized for since the start, newest first, and this run's check."""
    job = graph(deployment, ALONE).resolve_job_def(JOB)
    with open_instance(deployment.database) as instance:
        result = job.execute_in_process(instance=instance, asset_selection=[KEY])
        found = instance.fetch_materializations(KEY, limit=20).records
    checks = [
        (check.passed, {name: value.value for name, value in check.metadata.items()})
        for check in result.get_asset_check_evaluations()
    ]
    assert result.success
    return [str(one.asset_materialization.metadata["day"].value) for one in found if one.asset_materialization], checks


def test_an_old_backfill_never_turns_it_green(whole: Deployment, today: Any) -> None:
    today(LAST)
    before, _ = told(whole)
    assert before == [str(LAST)]
    days, ((passed, metadata),) = told(whole)
    assert days == before
    assert (passed, metadata["missing"]) == (True, 0)
    today(NEXT)
    days, ((passed, metadata),) = told(whole)
    assert days == before
    assert (passed, metadata["missing"]) == (False, 1)
    assert metadata["mend"] == f"reamaze-pipeline backfill --from {NEXT} --to {NEXT}"


def test_it_is_due_each_morning(whole: Deployment, sandbox: Sandbox, deploy: Deploy) -> None:
    (spec,) = [spec for spec in graph(whole, ALONE).resolve_all_asset_specs() if spec.key == KEY]
    expected = dg.FreshnessPolicy.cron("0 6 * * *", dt.timedelta(hours=7), "UTC")
    assert spec.freshness_policy == expected


def test_between_runs_the_check_is_told_where_it_changes(whole: Deployment, today: Any) -> None:
    sensor = graph(whole, ALONE).resolve_sensor_def(CHECK)
    cursor: str | None = None

    def tick() -> list[bool]:
        nonlocal cursor
        with (
            open_instance(whole.database) as instance,
            dg.build_sensor_context(instance=instance, cursor=cursor, sensor_name=CHECK) as context,
        ):
            result = sensor.evaluate_tick(context)
        cursor = result.cursor or cursor
        return [event.passed for event in result.asset_events if isinstance(event, dg.AssetCheckEvaluation)]

    today(LAST)
    assert [tick(), tick()] == [[True], []]
    today(NEXT)
    assert [tick(), tick()] == [[False], []]

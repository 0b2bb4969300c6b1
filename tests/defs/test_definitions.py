"""What Dagster is shown: names that outsiders rely on, lineage, checks, schedule, and no secret anywhere."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path

import dagster as dg
import pytest
import yaml

from reamaze_pipeline.definitions import build_defs
from reamaze_pipeline.defs.message_pages import KEY as PAGES
from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.runs.backfill import backfill
from reamaze_pipeline.sandbox import Sandbox
from tests.conftest import STORED, Deploy

TOP = Path(__file__).parent.parent.parent
NAMED = {
    "raw/message_pages",
    "core/messages",
    "core/message_recipients",
    "core/message_attachments",
    "core/conversations",
    "metrics/staff_response_counts",
    "metrics/messages_per_origin",
}


@pytest.fixture
def deployment(sandbox: Sandbox, deploy: Deploy) -> Deployment:
    return deploy(sandbox, REAMAZE_TIMEZONE="America/Los_Angeles")


@pytest.fixture
def defs(deployment: Deployment) -> dg.Definitions:
    return build_defs(deployment)


def specs(defs: dg.Definitions) -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}


def test_the_definitions_load(defs: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(defs)


def test_assets_have_their_names_groups_and_docs(defs: dg.Definitions) -> None:
    found = specs(defs)
    assert set(found) >= NAMED
    for name, spec in found.items():
        assert spec.group_name == name.split("/")[0]
        assert spec.description, name
        assert spec.kinds, name
        assert (spec.tags["layer"], spec.tags["domain"]) == (name.split("/")[0], "support")
        assert name.startswith("reports/") or "dagster/column_schema" in spec.metadata, name


def test_every_daily_asset_shares_one_calendar(defs: dg.Definitions) -> None:
    daily = [spec.partitions_def for spec in specs(defs).values() if spec.partitions_def is not None]
    assert len(set(daily)) == 1
    assert isinstance(daily[0], dg.DailyPartitionsDefinition)
    assert daily[0].timezone == "America/Los_Angeles"
    assert daily[0].get_first_partition_key() == "2026-03-01"


def test_every_table_of_days_is_partitioned_by_day(defs: dg.Definitions, deployment: Deployment) -> None:
    found = specs(defs)
    for model in deployment.project.models:
        daily = found[f"{model.schema}/{model.name}"].partitions_def is not None
        assert daily == model.partitioned, model.table.label
        assert found[f"{model.schema}/{model.name}"].code_version == model.version


def test_no_table_of_days_waits_for_an_asset_without_days(defs: dg.Definitions, deployment: Deployment) -> None:
    found = specs(defs)  # Dagster would cut a backfill over a range into a run for each
    for model in deployment.project.models:
        if model.partitioned:
            upstream = [found[dep.asset_key.to_user_string()] for dep in found[f"{model.schema}/{model.name}"].deps]
            assert all(spec.partitions_def or spec.key.path[0] == "seeds" for spec in upstream), model.table.label


def test_lineage_goes_from_pages_to_metrics_by_column(defs: dg.Definitions) -> None:
    found = specs(defs)
    upstream = {key: {dep.asset_key.to_user_string() for dep in spec.deps} for key, spec in found.items()}
    assert "raw/message_pages" in upstream["core/messages"]
    assert "core/messages" in upstream["core/message_recipients"]
    lineage = found["core/messages"].metadata["dagster/column_lineage"]
    assert isinstance(lineage, dg.TableColumnLineage)
    body = [(dep.asset_key, dep.column_name) for dep in lineage.deps_by_column["body"]]
    assert (PAGES, "payload") in body


def test_the_job_selects_everything_and_runs_in_one_process(defs: dg.Definitions) -> None:
    job = defs.resolve_job_def("daily_messages")
    ours = {name for name in specs(defs) if not name.startswith("seeds/")}
    assert {key.to_user_string() for key in job.asset_layer.executable_asset_keys} == ours
    assert job.executor_def is dg.in_process_executor
    assert defs.executor is None  # it would be that of everything in a code location that is not ours alone


def test_the_schedule_asks_for_all_that_is_missing(
    defs: dg.Definitions, deployment: Deployment, tmp_path: Path
) -> None:
    schedule = defs.resolve_schedule_def("daily_messages_schedule")
    assert schedule.cron_schedule == "15 0 * * *"
    assert schedule.execution_timezone == "America/Los_Angeles"
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    tick = dt.datetime(2026, 3, 10, 0, 15, tzinfo=dt.timezone(dt.timedelta(hours=-7)))
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        assert _days_requested(schedule, instance, tick) == [("2026-03-01", "2026-03-09")]
        backfill(deployment, dt.date(2026, 3, 1), dt.date(2026, 3, 9), select=STORED)
        assert _days_requested(schedule, instance, tick) == [("2026-03-07", "2026-03-09")]


def test_a_night_that_failed_is_caught_up_by_the_next(deployment: Deployment, tmp_path: Path) -> None:
    schedule = build_defs(deployment).resolve_schedule_def("daily_messages_schedule")
    backfill(deployment, dt.date(2026, 3, 2), dt.date(2026, 3, 9), select=STORED)
    tick = dt.datetime(2026, 3, 12, 0, 15, tzinfo=dt.timezone(dt.timedelta(hours=-7)))
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        first, last = _days_requested(schedule, instance, tick)[0][0], _days_requested(schedule, instance, tick)[-1][1]
    assert (first, last) == ("2026-03-01", "2026-03-11")


def _days_requested(
    schedule: dg.ScheduleDefinition, instance: dg.DagsterInstance, tick: dt.datetime
) -> list[tuple[str, str]]:
    with dg.build_schedule_context(instance=instance, scheduled_execution_time=tick) as context:
        requests = schedule.evaluate_tick(context).run_requests or []
    ends = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
    for request in requests:
        assert all(request.tags[end] in request.tags["days"] for end in ends)  # for whoever previews the night
    return [(request.tags[ends[0]], request.tags[ends[1]]) for request in requests]


def test_before_the_first_day_is_over_the_schedule_waits(defs: dg.Definitions, tmp_path: Path) -> None:
    schedule = defs.resolve_schedule_def("daily_messages_schedule")
    tick = dt.datetime(2026, 3, 1, 0, 15, tzinfo=dt.timezone(dt.timedelta(hours=-8)))
    with (
        dg.DagsterInstance.local_temp(str(tmp_path)) as instance,
        dg.build_schedule_context(instance=instance, scheduled_execution_time=tick) as context,
    ):
        assert schedule.evaluate_tick(context).skip_message


def test_the_two_ways_to_name_the_code_location_agree() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text())["tool"]["dg"]["project"]
    (location,) = yaml.safe_load((TOP / "workspace.yaml").read_text())["load_from"]
    assert location["python_module"] == {
        "module_name": project["code_location_target_module"],
        "location_name": project["code_location_name"],
    }
    assert project["code_location_name"] == "reamaze_pipeline"


def test_no_secret_is_in_the_resources(defs: dg.Definitions, sandbox: Sandbox) -> None:
    shown = "".join(f"{value!r}{value}" for value in (defs.resources or {}).values())
    assert sandbox.token not in shown
    assert sandbox.email not in shown

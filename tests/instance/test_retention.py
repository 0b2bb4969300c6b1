"""Old records go, and the newest word on every partition and check stays."""

import datetime as dt
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from reamaze_pipeline.instance.event_log import SingleFileEventLog
from reamaze_pipeline.instance.home import EARLIER_INSTANCE_YAMLS
from reamaze_pipeline.instance.retention import forget_old_runs
from tests.instance.test_event_log import DAYS, DEFS, daily, holds, opened, whole

LATER = dt.datetime.now(dt.UTC) + dt.timedelta(days=91)
assert opened


def night(instance: dg.DagsterInstance, day: str) -> str:
    return (
        DEFS.resolve_job_def("all")
        .execute_in_process(
            instance=instance,
            tags={"dagster/asset_partition_range_start": day, "dagster/asset_partition_range_end": day},
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
        .run_id
    )


def catalogue(instance: dg.DagsterInstance) -> dict[str, Any]:
    """What the asset catalogue shows."""
    days = sorted(instance.get_materialized_partitions(daily.key))
    check = next(iter(holds.check_keys))
    of_checks = instance.event_log_storage.get_latest_asset_check_execution_by_key([check])
    newest = {
        day: instance.fetch_materializations(dg.AssetRecordsFilter(daily.key, asset_partitions=[day]), limit=1).records
        for day in days
    }
    statuses = instance.get_status_by_partition(daily.key, DAYS.get_partition_keys(), DAYS)
    return {
        "days": {day: (records[0].storage_id, records[0].run_id) for day, records in newest.items()},
        "statuses": {day: status for day, status in (statuses or {}).items() if status is not None},
        "whole": instance.get_latest_materialization_event(whole.key),
        "checks": {key: (record.id, record.status, record.run_id) for key, record in of_checks.items()},
        "assets": sorted(key.to_user_string() for key in instance.all_asset_keys()),
    }


def test_the_newest_word_stays_and_the_rest_goes(opened: Callable[..., Any], tmp_path: Path) -> None:
    with opened() as instance:
        first, superseded, newest = (night(instance, day) for day in ("2026-03-01", "2026-03-02", "2026-03-02"))
        before = catalogue(instance)
        assert sorted(before["days"]) == ["2026-03-01", "2026-03-02"]
        assert forget_old_runs(instance, 92, LATER) == 0
        assert forget_old_runs(instance, 90, LATER) == 3
        assert catalogue(instance) == before

        assert instance.get_run_by_id(superseded) is None
        assert instance.get_run_by_id(first).is_success
        assert instance.get_run_by_id(newest).is_success
        left = [record.event_log_entry for record in instance.get_records_for_run(first).records]
        assert [entry.dagster_event_type for entry in left if "PIPELINE" not in entry.dagster_event_type.value] == [
            dg.DagsterEventType.ASSET_MATERIALIZATION
        ]
        assert len(left) < 6
        with sqlite3.connect(tmp_path / "data/dagster/history/runs/index.db") as connection:
            assert connection.execute("select count(*) from asset_check_executions").fetchall() == [(1,)]
        assert not list((tmp_path / "data/dagster/storage").glob(f"{superseded}/*"))

        assert forget_old_runs(instance, 90, LATER) == 0
        night(instance, "2026-03-01")
        assert forget_old_runs(instance, 90, LATER) == 2
        assert instance.get_run_by_id(first) is None
        assert sorted(catalogue(instance)["days"]) == ["2026-03-01", "2026-03-02"]


def test_records_of_an_earlier_version_are_forgotten_alike(opened: Callable[..., Any], tmp_path: Path) -> None:
    with opened(settings=EARLIER_INSTANCE_YAMLS[-1]) as instance:
        first, superseded, _ = (night(instance, day) for day in ("2026-03-01", "2026-03-02", "2026-03-02"))
        before = catalogue(instance)
    with opened() as instance:
        assert forget_old_runs(instance, 90, LATER) == 3
        assert catalogue(instance) == before
        assert instance.get_run_by_id(superseded) is None
        assert [record.event_log_entry for record in instance.get_records_for_run(first).records]
    assert [file.name for file in (tmp_path / "data/dagster/history/runs").glob("*.db")] == ["index.db"]


def test_elsewhere_a_run_that_holds_the_newest_is_left_whole(opened: Callable[..., Any]) -> None:
    with opened(settings="telemetry:\n  enabled: false\n") as instance:
        assert not isinstance(instance.event_log_storage, SingleFileEventLog)
        first, superseded, newest = (night(instance, day) for day in ("2026-03-01", "2026-03-02", "2026-03-02"))
        before, of_first = catalogue(instance), len(instance.get_records_for_run(first).records)
        assert forget_old_runs(instance, 90, LATER) == 1
        assert instance.get_run_by_id(superseded) is None
        assert len(instance.get_records_for_run(first).records) == of_first
        assert instance.get_run_by_id(newest) is not None
        assert catalogue(instance) == before


def test_a_run_that_goes_on_is_never_touched(opened: Callable[..., Any]) -> None:
    with opened() as instance:
        run = instance.create_run_for_job(DEFS.resolve_job_def("all"))
        assert forget_old_runs(instance, 1, LATER) == 0
        assert instance.get_run_by_id(run.run_id) is not None


def test_empty_room_is_given_back(opened: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reamaze_pipeline.instance.event_log.FEWEST_EMPTY_PAGES", 1)
    file = tmp_path / "data/dagster/history/runs/index.db"
    with opened() as instance:
        for _ in range(16):
            night(instance, "2026-03-01")
        with sqlite3.connect(file) as connection:
            (pages,) = connection.execute("pragma page_count").fetchone()
        assert forget_old_runs(instance, 90, LATER) == 16
        with sqlite3.connect(file) as connection:
            assert connection.execute("pragma freelist_count").fetchone() == (0,)
            assert connection.execute("pragma page_count").fetchone()[0] < pages

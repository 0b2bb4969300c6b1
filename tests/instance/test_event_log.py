"""The event log in one file: it answers as Dagster's own does, writes each event once, opens what was there."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from reamaze_pipeline.instance.event_log import BYTES_PER_PAGE, SingleFileEventLog
from reamaze_pipeline.instance.home import EARLIER_INSTANCE_YAMLS, INSTANCE_YAML, dagster_home

DAYS = dg.DailyPartitionsDefinition("2026-03-01", end_date="2026-03-11")
FIRST, LAST = "2026-03-01", "2026-03-10"
RANGE = {"dagster/asset_partition_range_start": FIRST, "dagster/asset_partition_range_end": LAST}
MATERIALIZED = dg.DagsterEventType.ASSET_MATERIALIZATION


@dg.asset(partitions_def=DAYS, backfill_policy=dg.BackfillPolicy.single_run())
def daily(context: dg.AssetExecutionContext) -> None:
    for day in context.partition_keys:
        context.add_asset_metadata({"rows": int(day[-2:])}, partition_key=day)


@dg.asset(deps=[daily])
def whole() -> None:
    pass


@dg.asset_check(asset=whole)
def holds() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.WARN, metadata={"failing": 3})


DEFS = dg.Definitions([daily, whole], asset_checks=[holds], jobs=[dg.define_asset_job("all")])


def run(instance: dg.DagsterInstance) -> str:
    job = DEFS.resolve_job_def("all")
    loggers = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    return job.execute_in_process(instance=instance, tags=RANGE, run_config=loggers).run_id


def seen(instance: dg.DagsterInstance, run_id: str) -> dict[str, Any]:
    """What the UI asks of a run and of assets, without numbers that differ from run to run."""
    records = instance.get_records_for_run(run_id).records
    materialized = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=daily.key, asset_partitions=[LAST]), limit=5
    ).records
    newest = instance.get_latest_materialization_event(daily.key)
    checks = instance.event_log_storage.get_latest_asset_check_execution_by_key([next(iter(holds.check_keys))])
    stats = instance.get_run_stats(run_id)
    assert newest is not None
    assert newest.asset_materialization is not None
    return {
        "events": [
            (event.dagster_event_type, event.step_key, event.dagster_event.partition)
            for event in (record.event_log_entry for record in records)
            if event.dagster_event is not None
        ],
        "numbered upwards": [one.storage_id for one in records] == sorted({one.storage_id for one in records}),
        "days": sorted(instance.get_materialized_partitions(daily.key)),
        "assets": sorted(key.to_user_string() for key in instance.all_asset_keys()),
        "of the last day": [one.asset_materialization.metadata["rows"].value for one in materialized],
        "newest": newest.asset_materialization.partition,
        "newest by number": instance.get_asset_records([daily.key])[0].asset_entry.last_materialization_storage_id
        == materialized[0].storage_id,
        "checks": [record.status for record in checks.values()],
        "run of the check": [record.run_id == run_id for record in checks.values()],
        "stats": (stats.steps_succeeded, stats.materializations, stats.start_time is not None),
        "steps": [(step.step_key, step.status) for step in instance.get_run_step_stats(run_id)],
        "status changes": len(instance.fetch_run_status_changes(dg.DagsterEventType.RUN_SUCCESS, limit=9).records),
    }


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Open a home as a command does, with our settings or as an earlier version did."""
    for name in ("DAGSTER_EVENT_BATCH_SIZE", "DAGSTER_EMIT_PARTITION_SUBSET_IN_PLANNED_EVENTS"):
        monkeypatch.delenv(name, raising=False)

    @contextmanager
    def opening(name: str = "data", *, settings: str | None = None) -> Iterator[dg.DagsterInstance]:
        monkeypatch.delenv("DAGSTER_HOME", raising=False)
        home = tmp_path / name / "dagster"
        if settings is not None:
            home.mkdir(parents=True, exist_ok=True)
            (home / "dagster.yaml").write_text(settings)
            monkeypatch.setenv("DAGSTER_HOME", str(home))
        else:
            dagster_home(tmp_path / name / "reamaze.duckdb")
        with dg.DagsterInstance.get() as instance:
            yield instance

    return opening


EARLIER = EARLIER_INSTANCE_YAMLS[-1]


def files(tmp_path: Path, name: str = "data") -> list[str]:
    return sorted(file.name for file in (tmp_path / name / "dagster" / "history" / "runs").glob("*.db"))


def test_it_answers_as_dagsters_own(opened: Callable[..., Any], tmp_path: Path) -> None:
    with opened("other", settings=EARLIER) as instance:
        assert not isinstance(instance.event_log_storage, SingleFileEventLog)
        expected = [seen(instance, run(instance)) for _ in range(2)]
    with opened() as instance:
        assert isinstance(instance.event_log_storage, SingleFileEventLog)
        found = [seen(instance, run(instance)) for _ in range(2)]
    planned = "ASSET_MATERIALIZATION_PLANNED"
    for one in expected + found:  # how many are planned together differs, and that is the next test's
        one["events"] = [event for event in one["events"] if event[0].value != planned]
    assert found == expected
    assert files(tmp_path) == ["index.db"]


def test_each_event_is_written_once_and_one_says_what_an_asset_plans(
    opened: Callable[..., Any], tmp_path: Path
) -> None:
    with opened() as instance:
        run_id = run(instance)
        kinds = [record.event_log_entry.dagster_event_type for record in instance.get_records_for_run(run_id).records]
        assert kinds.count(MATERIALIZED) == 11
        assert kinds.count(dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED) == 2
        with sqlite3.connect(tmp_path / "data/dagster/history/runs/index.db") as connection:
            assert connection.execute("select count(*) from event_logs").fetchall() == [(len(kinds),)]


def test_a_batch_is_written_whole_or_not_at_all(opened: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    with opened() as instance:
        run_id = run(instance)
        before = seen(instance, run_id)
        log = instance.event_log_storage
        again = [record.event_log_entry for record in instance.get_records_for_run(run_id).records]
        with pytest.raises(AttributeError):
            log.store_event_batch([*again, SimpleNamespace(run_id=run_id)])
        assert seen(instance, run_id) == before
        days = [entry for entry in again if entry.dagster_event_type == MATERIALIZED and entry.dagster_event.partition]
        log.store_event_batch(days * 25)
        after = seen(instance, run_id)
        assert after["of the last day"] == [10] * 5
        assert after["newest by number"]
        numbers = [one.storage_id for one in instance.get_records_for_run(run_id).records if one.partition_key == LAST]
        assert instance.get_asset_records([daily.key])[0].asset_entry.last_materialization_storage_id == numbers[-1]
        assert after["stats"][1] == before["stats"][1] + 250


def test_a_home_of_an_earlier_version_keeps_its_history(opened: Callable[..., Any], tmp_path: Path) -> None:
    with opened(settings=EARLIER) as instance:
        old = run(instance)
        unfinished = instance.create_run_for_job(DEFS.resolve_job_def("all"), tags=RANGE)
        before = seen(instance, old)
    assert f"{old}.db" in files(tmp_path)
    with opened() as instance:
        assert (tmp_path / "data/dagster/dagster.yaml").read_text() == INSTANCE_YAML
        assert isinstance(instance.event_log_storage, SingleFileEventLog)
        assert seen(instance, old) == before
        new = run(instance)
        after = seen(instance, new)
        assert after["status changes"] == 2
        assert after["of the last day"] == [10, 10]
        assert seen(instance, old)["events"] == before["events"]
        assert f"{new}.db" not in files(tmp_path)

        instance.report_run_failed(unfinished, "It was begun by the earlier version.")
        events = [record.event_log_entry for record in instance.get_records_for_run(unfinished.run_id).records]
        assert events[0].dagster_event_type == dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED
        assert events[-1].dagster_event_type == dg.DagsterEventType.RUN_FAILURE
        assert instance.get_run_by_id(unfinished.run_id).is_failure

        instance.delete_run(old)
        assert f"{old}.db" not in files(tmp_path)
        assert instance.get_records_for_run(old).records == []
        assert seen(instance, new)["of the last day"] == [10]


def test_a_look_by_an_earlier_version_hides_nothing(opened: Callable[..., Any], tmp_path: Path) -> None:
    with opened() as instance:
        run_id = run(instance)
        before = seen(instance, run_id)
    with opened(settings=EARLIER) as instance:
        assert instance.get_records_for_run(run_id).records == []
        assert sorted(instance.get_materialized_partitions(daily.key))[-1] == LAST
    assert f"{run_id}.db" in files(tmp_path)
    with opened() as instance:
        assert seen(instance, run_id) == before


def test_settings_that_a_person_wrote_are_let_be(opened: Callable[..., Any], tmp_path: Path) -> None:
    theirs = f"{EARLIER}# ours\n"
    with opened(settings=theirs):
        pass
    with opened() as instance:
        assert not isinstance(instance.event_log_storage, SingleFileEventLog)
    assert (tmp_path / "data/dagster/dagster.yaml").read_text() == theirs


def test_threads_and_other_processes_may_write_at_once(opened: Callable[..., Any]) -> None:
    with opened() as one, opened() as other, ThreadPoolExecutor(8) as threads:
        run_id = run(one)

        def report(number: int) -> None:
            (one if number % 2 else other).report_engine_event(f"event {number}", job_name="all", run_id=run_id)

        list(threads.map(report, range(100)))
        messages = [record.event_log_entry.message for record in one.get_records_for_run(run_id).records]
        assert sum(message.startswith("event ") for message in messages) == 100


def test_who_watches_a_run_hears_of_its_events(opened: Callable[..., Any]) -> None:
    with opened() as instance, opened() as other:
        run_id = run(instance)
        heard = threading.Event()

        def listen(entry: dg.EventLogEntry, _: str) -> None:
            if "late news" in entry.message:
                heard.set()

        instance.watch_event_logs(run_id, None, listen)
        other.report_engine_event("late news", job_name="all", run_id=run_id)
        assert heard.wait(30)
        instance.end_watch_event_logs(run_id, listen)


def test_a_file_that_was_made_anew_is_opened_anew(opened: Callable[..., Any], tmp_path: Path) -> None:
    with opened("other") as other:
        run(other)
    with opened() as instance:
        assert instance.all_asset_keys() == []
        for file in (tmp_path / "data/dagster/history/runs").glob("index.db*"):
            file.unlink()
        (tmp_path / "other/dagster/history/runs/index.db").rename(tmp_path / "data/dagster/history/runs/index.db")
        assert len(instance.all_asset_keys()) == 2


def test_deleting_a_run_forgets_its_events(opened: Callable[..., Any]) -> None:
    with opened() as instance:
        first, second = run(instance), run(instance)
        instance.delete_run(second)
        assert instance.get_records_for_run(second).records == []
        assert len(instance.get_records_for_run(first).records) > 20


def test_a_new_file_has_pages_that_hold_several_events(opened: Callable[..., Any]) -> None:
    with opened() as instance:
        run(instance)
        with instance.event_log_storage.index_connection() as connection:
            assert connection.exec_driver_sql("PRAGMA page_size").scalar_one() == BYTES_PER_PAGE
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"

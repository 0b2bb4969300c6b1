"""Materialize a range of days in one run of the job `daily_messages`.

This is what stands behind `reamaze-pipeline backfill` and `demo`: which days are asked for, what of them is
already stored, one Dagster run, and its outcome in numbers. How a day is crawled, stored or derived is not
decided here.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread

import dagster as dg

from reamaze_pipeline.definitions import build_defs
from reamaze_pipeline.defs.message_pages import KEY as PAGES
from reamaze_pipeline.defs.message_pages import RunSummary, fetch_config, stored_day
from reamaze_pipeline.defs.partitions import days_between, days_of, last_whole_day, range_tags
from reamaze_pipeline.defs.schedules import JOB
from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.errors import BackfillFailed, NoSuchDays
from reamaze_pipeline.instance import end_abandoned_runs, open_instance, process_tag
from reamaze_pipeline.loading import uncollected
from reamaze_pipeline.warehouse.completeness import incomplete_days, row_counts

POLL_SECONDS = 0.2
SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True, slots=True)
class StoredDay:
    """One day whose pages have just been committed; `requests` counts those of the run so far."""

    day: str
    messages: int
    requests: int

    @property
    def in_words(self) -> str:
        """One line for people."""
        return f"{self.day}  {self.messages:>6,} messages  ({self.requests:,} requests so far)"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a backfill did. `messages` are all that are stored for the days asked for, fetched now or before."""

    days: int
    fetched_days: int
    messages: int
    requests: int
    retries: int
    waited_seconds: float
    seconds: float

    @property
    def in_words(self) -> str:
        """One line for people."""
        stored = f"{self.days:,} days are stored with {self.messages:,} messages"
        if not self.fetched_days:
            return f"{stored}; nothing had to be fetched."
        return (
            f"{stored}; {self.fetched_days:,} of them fetched in {self.requests:,} requests"
            f" ({self.retries:,} retries), {self.seconds:.1f} s in all."
        )


def backfill(
    deployment: Deployment,
    first: dt.date,
    last: dt.date,
    *,
    refresh: bool = False,
    announce: Callable[[StoredDay], None] = lambda _: None,
) -> Outcome:
    """Materialize what is missing of every asset from `first` to `last`, both included; with `refresh`, all.

    `announce` is called from another thread for each day as soon as its pages are stored.

    Raises:
        NoSuchDays: the range is empty, begins before the start date, or ends with a day that is not over yet.
        BackfillFailed: the run failed. Days that were stored before stay stored; the same call goes on from there.
    """
    began = time.monotonic()
    days = _existing(deployment, first, last)
    with open_instance(deployment.database) as instance:
        end_abandoned_runs(instance)
        wanted = days if refresh else _incomplete(deployment, instance, days)
        traffic = _run(deployment, instance, wanted, refresh, announce) if wanted else RunSummary()
    return Outcome(
        days=len(days),
        fetched_days=traffic.days_fetched,
        messages=sum(row_counts(deployment.database, deployment.messages, days).values()),
        requests=traffic.requests,
        retries=traffic.retries,
        waited_seconds=traffic.waited_seconds,
        seconds=round(time.monotonic() - began, 3),
    )


def _existing(deployment: Deployment, first: dt.date, last: dt.date) -> list[dt.date]:
    """The days asked for, each of which has a partition."""
    if first > last:
        raise NoSuchDays(f"--from {first} is after --to {last}")
    if first < deployment.calendar.start_date:
        raise NoSuchDays(f"--from {first} is before REAMAZE_START_DATE {deployment.calendar.start_date}")
    newest = last_whole_day(deployment.partitions)
    if newest is None or last > newest:
        zone = deployment.calendar.timezone
        known = f"the last whole day is {newest}" if newest else "no day is over since REAMAZE_START_DATE"
        raise NoSuchDays(f"--to {last} is not over yet in {zone}: {known}")
    return days_between(first, last)


def _incomplete(deployment: Deployment, instance: dg.DagsterInstance, days: Sequence[dt.date]) -> list[dt.date]:
    """The shortest range that holds every day of which some table, or Dagster's record of it, is missing."""
    pages, models = deployment.pages.table, deployment.daily_models
    missing = set(incomplete_days(deployment.database, pages, deployment.project.models, days))
    for table in (pages, *models):
        announced = days_of(instance.get_materialized_partitions(dg.AssetKey([table.schema, table.name])))
        missing |= set(days) - set(announced)
    return days_between(min(missing), max(missing)) if missing else []


def _run(
    deployment: Deployment,
    instance: dg.DagsterInstance,
    days: Sequence[dt.date],
    refresh: bool,
    announce: Callable[[StoredDay], None],
) -> RunSummary:
    """One run over the days; what it says of its requests."""
    with uncollected():
        job = build_defs(deployment).resolve_job_def(JOB.name)
    run_id = str(uuid.uuid4())
    with _watching(instance, run_id, len(days), announce):
        result = job.execute_in_process(
            instance=instance,
            run_id=run_id,
            tags={**range_tags(days[0], days[-1]), **process_tag()},
            run_config={**SILENT, **fetch_config(missing_only=not refresh)},
            raise_on_error=False,
        )
    if not result.success:
        raise _failure(result)
    return RunSummary.of(result.asset_materializations_for_node(PAGES.to_python_identifier()))


@contextmanager
def _watching(
    instance: dg.DagsterInstance, run_id: str, days: int, announce: Callable[[StoredDay], None]
) -> Iterator[None]:
    """Announce the days that the run stores, from a thread that reads Dagster's records.

    It ends with the block, or when the pages of as many days as the run has are on record: reading what comes after
    them would only slow it down.
    """
    over = Event()

    def watch() -> None:
        seen: set[str] = set()
        announced: set[str] = set()
        cursor: str | None = None
        last_look = False
        while not last_look and len(seen) < days:
            last_look = over.wait(POLL_SECONDS)
            found = instance.get_records_for_run(run_id, cursor, dg.DagsterEventType.ASSET_MATERIALIZATION)
            cursor = found.cursor
            for record in found.records:
                event = record.asset_materialization
                if event is None or event.asset_key != PAGES or event.partition is None:
                    continue
                seen.add(event.partition)
                if (stored := stored_day(event)) is not None and event.partition not in announced:
                    announced.add(event.partition)
                    announce(StoredDay(event.partition, *stored))

    thread = Thread(target=watch, name="watch-run", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _failure(result: dg.ExecuteInProcessResult) -> BaseException:
    """Why a run failed, without Dagster's wrapping."""
    for event in result.all_events:
        if event.event_type == dg.DagsterEventType.STEP_FAILURE and event.step_failure_data.error is not None:
            error = event.step_failure_data.error
            if dg.DagsterExecutionInterruptedError.__name__ in error.message:
                return KeyboardInterrupt()
            while error.cause is not None:
                error = error.cause
            return BackfillFailed(error.message.strip().partition(": ")[2] or error.message.strip())
        if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            check = event.asset_check_evaluation_data
            if check.blocking and not check.passed:
                promise = f"{check.asset_key.to_user_string()} does not keep a promise ({check.check_name})"
                return BackfillFailed(f"{promise}: {check.description}; what is downstream was not built")
    return BackfillFailed("the run failed; open it in the Dagster UI (reamaze-pipeline ui) to see why")

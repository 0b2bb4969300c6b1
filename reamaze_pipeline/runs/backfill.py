"""Materialize a range of days in one run of the job `daily_messages`.

This is what stands behind `reamaze-pipeline backfill` and `demo`: which days are asked for, what of them is
already stored, one Dagster run, and its outcome in numbers. How a day is crawled, stored or derived is not
decided here.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from reamaze_pipeline.crawl.progress import CrawlProgress, CrawlSummary, StoredDay
from reamaze_pipeline.definitions import build_defs
from reamaze_pipeline.defs.message_pages import fetch_config
from reamaze_pipeline.defs.partitions import days_between, days_of, last_whole_day, range_tags
from reamaze_pipeline.defs.schedules import JOB
from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.errors import NoSuchDays
from reamaze_pipeline.instance.home import open_instance
from reamaze_pipeline.instance.running import end_abandoned_runs, process_tag
from reamaze_pipeline.runs.failure import failure_of_run
from reamaze_pipeline.runs.loading import uncollected
from reamaze_pipeline.state.completeness import incomplete_days, row_counts
from reamaze_pipeline.warehouse.files.snapshot import replace_snapshot

SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


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

    `announce` is called for each day as soon as its pages are stored, in the thread that stores them.

    Raises:
        NoSuchDays: the range is empty, begins before the start date, or ends with a day that is not over yet.
        BackfillFailed: the run failed. Days that were stored before stay stored; the same call goes on from there.
    """
    began = time.monotonic()
    days = _existing(deployment, first, last)
    with open_instance(deployment.database) as instance:
        end_abandoned_runs(instance)
        wanted = days if refresh else _incomplete(deployment, instance, days)
        traffic = _run(deployment, instance, wanted, refresh, announce) if wanted else CrawlSummary()
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
) -> CrawlSummary:
    """One run over the days; what it says of its requests."""
    heard = _Heard(announce)
    with uncollected():
        job = build_defs(deployment, heard).resolve_job_def(JOB.name)
    result = job.execute_in_process(
        instance=instance,
        run_id=str(uuid.uuid4()),
        tags={**range_tags(days[0], days[-1]), **process_tag()},
        run_config={**SILENT, **fetch_config(missing_only=not refresh)},
        raise_on_error=False,
    )
    if not result.success:
        raise failure_of_run(result)
    if deployment.storage.snapshot is not None and isinstance(deployment.database, Path):
        replace_snapshot(deployment.database, deployment.storage.snapshot)
    return heard.summary


class _Heard(CrawlProgress):
    """Hands each stored day on, and keeps the summary."""

    def __init__(self, announce: Callable[[StoredDay], None]) -> None:
        self.announce = announce
        self.summary = CrawlSummary()

    def day_stored(self, day: StoredDay) -> None:
        self.announce(day)

    def crawl_ended(self, summary: CrawlSummary) -> None:
        self.summary = summary

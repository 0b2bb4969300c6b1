"""Materialize a range of days in one run of the job `daily_messages`.

This is what stands behind `reamaze-pipeline backfill` and `demo`: which days are asked for, what of them is
already stored, one Dagster run, and its outcome in numbers. How a day is crawled, stored or derived is not
decided here.
"""

from __future__ import annotations

import datetime as dt
import re
import time
import uuid
from collections.abc import Callable, Mapping, Sequence, Set
from pathlib import Path

import dagster as dg

from reamaze_pipeline.crawl.progress import Building, CrawlProgress, CrawlSummary, StoredDay
from reamaze_pipeline.definitions import graph, pool_of
from reamaze_pipeline.defs.naming import ALONE, JOB
from reamaze_pipeline.defs.nights.newest_day import KEY as NEWEST_DAY
from reamaze_pipeline.defs.partitions import days_between, days_of, last_whole_day, range_tags
from reamaze_pipeline.defs.runs_of_ours import missing_only_tags
from reamaze_pipeline.defs.support_report import KEY as REPORT
from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.errors import NoSuchDays, UsageRefused
from reamaze_pipeline.instance.home import open_instance
from reamaze_pipeline.instance.origin import of_our_location
from reamaze_pipeline.instance.running import end_abandoned_runs, process_tag
from reamaze_pipeline.runs.failure import failure_of_run
from reamaze_pipeline.runs.loading import uncollected
from reamaze_pipeline.runs.outcome import Outcome
from reamaze_pipeline.runs.waiting import HeldUp, telling_whom
from reamaze_pipeline.settings.typed import typed
from reamaze_pipeline.state.days import ANOTHER_ZONE, WarehouseState
from reamaze_pipeline.state.plan import Work, one_run
from reamaze_pipeline.state.provision import bring_up_to_date, outdated_views
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.files.snapshot import replace_snapshot
from reamaze_pipeline.warehouse.lake.location import is_there
from reamaze_pipeline.warehouse.ledger import partition_counts, read_ledger

_BARE = re.compile(r"(?P<up>\d*\+)?(?P<key>[\w./ -]*/[\w./ -]*\w)(?P<down>\+\d*)?")
SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def backfill(
    deployment: Deployment,
    first: dt.date,
    last: dt.date,
    *,
    refresh: bool = False,
    select: str | None = None,
    announce: Callable[[StoredDay | Building | HeldUp], None] = lambda _: None,
) -> Outcome:
    """Materialize what is missing or stale of every table from `first` to `last`, both included; with `refresh`, all.

    Of `select` (Dagster's selection syntax, such as `metrics/night_owls`, or `+metrics/night_owls` with all it is made
    from) only what it names.
    `announce` is called for each day as soon as its pages are stored, for each table before it is computed, and, from
    another thread, while a run that asks Re:amaze is waited for.

    Raises:
        NoSuchDays: the range is empty, begins before the start date, or ends with a day that is not over yet.
        BackfillFailed: the run failed. Days that were stored before stay stored; the same call goes on from there.
    """
    began = time.monotonic()
    days = _existing(deployment, first, last)
    heard = _Heard(announce)
    with uncollected():
        definitions = graph(deployment, deployment.names, heard)
    before = _stored_at(deployment, days)
    reasons = _not_mixed(deployment, days).reasons
    with open_instance(deployment.database) as instance:
        end_abandoned_runs(instance)
        outdated = {view.table.label for view in outdated_views(deployment.database, deployment.project)}
        work = _work(deployment, instance, days, refresh)
        keys = _keys(deployment, work, outdated)
        if select is not None:
            keys &= _selected(deployment, select)
        if keys:
            run_id = str(uuid.uuid4())
            with telling_whom(instance, pool_of(deployment), run_id, announce):
                _run(
                    definitions.resolve_job_def(deployment.names.name(JOB)),
                    instance,
                    run_id,
                    work or Work(last, last, frozenset()),
                    keys,
                    refresh,
                )
            if deployment.storage.snapshot is not None and isinstance(deployment.database, Path):
                replace_snapshot(deployment.database, deployment.storage.snapshot)
        else:
            bring_up_to_date(deployment.database, deployment.project)
    after = _stored_at(deployment, days)
    traffic = heard.summary
    return Outcome(
        days=len(days),
        fetched_days=traffic.days_fetched,
        messages=_messages(deployment, days),
        requests=traffic.requests,
        retries=traffic.retries,
        waited_seconds=traffic.waited_seconds,
        seconds=round(time.monotonic() - began, 3),
        built={label: count for label, at in after.items() if (count := _changed(at, before.get(label, {})))},
        views=sorted(outdated),
        because={reason: count for reason, count in reasons.items() if not refresh and ANOTHER_ZONE in reason},
        unproven={str(day): why for day, why in deployment.state(days).unproven.items()},
        elsewhere=_elsewhere(deployment, days),
    )


def _not_mixed(deployment: Deployment, days: Sequence[dt.date]) -> WarehouseState:
    """The state of the days; refused where other days would stay that another time zone cut: messages of the hours
    between would be stored under two days.
    """
    state = deployment.state(days)
    whole = deployment.state([*days, *(day for day in state.elsewhere if day >= deployment.calendar.start_date)])
    others = sorted(set(whole.of_another_zone) - set(days))
    if others:
        every = [*whole.of_another_zone, *days]
        raise UsageRefused(
            f"{len(others):,} other stored days {ANOTHER_ZONE} another time zone than {deployment.calendar.timezone},"
            f" and messages would be stored twice beside them; run them all at once:"
            f" {typed(f'backfill --from {min(every)} --to {max(every)}')}"
        )
    return state


def _elsewhere(deployment: Deployment, days: Sequence[dt.date]) -> str:
    """Of stored days that were not asked for: those cut by another time zone, and those before the first day."""
    start = deployment.calendar.start_date
    stored = deployment.state(days).elsewhere
    stale = deployment.state([day for day in stored if day >= start]).of_kind("stale")
    said = []
    if stale:
        said.append(
            f"{len(stale):,} more stored days are stale; mend them with:"
            f" {typed(f'backfill --from {stale[0]} --to {stale[-1]}')}"
        )
    if early := [day for day in stored if day < start]:
        said.append(
            f"{len(early):,} stored days are before REAMAZE_START_DATE {start} and no run renews them;"
            f" set it to {early[0]} to go on with them"
        )
    return "; ".join(said)


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


def _work(deployment: Deployment, instance: dg.DagsterInstance, days: Sequence[dt.date], refresh: bool) -> Work | None:
    """One run for all that is wrong of the days, and for what is stored and not on Dagster's record."""
    state = deployment.state(days)
    if refresh:
        return Work(days[0], days[-1], frozenset(state.troubles))
    asked = set(days)
    unannounced = {
        label: asked - set(days_of(instance.get_materialized_partitions(key)))
        for label, key in _asset_keys(deployment).items()
        if label in state.troubles
    }
    return one_run(state, unannounced)


def _keys(deployment: Deployment, work: Work | None, outdated: Set[str]) -> set[dg.AssetKey]:
    """The assets of a run: tables with something to do, the views of them, outdated views, the report."""
    touched = set(work.tables if work else ())
    chosen = set(touched) | set(outdated)
    for model in deployment.project.models:
        if not model.partitioned and any(node.table.label in touched for node in model.upstream):
            touched.add(model.table.label)
            chosen.add(model.table.label)
    keys = {key for label, key in _asset_keys(deployment).items() if label in chosen}
    last = {deployment.names.key(*key.path) for key in (REPORT, NEWEST_DAY)}
    return keys | last if keys else keys


def _asset_keys(deployment: Deployment) -> dict[str, dg.AssetKey]:
    """The asset of each table, by the table's label."""
    tables = [deployment.pages.table, *(model.table for model in deployment.project.models)]
    return {table.label: deployment.names.key(table.schema, table.name) for table in tables}


def _selected(deployment: Deployment, select: str) -> set[dg.AssetKey]:
    """The keys that a selection names. Raises `UsageRefused` for one that cannot be read, or names nothing."""
    assets = graph(deployment, ALONE).resolve_asset_graph()  # the prefix of one brand of several goes without saying
    # A bare name is read as in the UI, where + means all that is upstream; Dagster's older syntax means one layer.
    bare = _BARE.fullmatch(select.strip())
    meant = f'{bare["up"] or ""}key:"{bare["key"]}"{bare["down"] or ""}' if bare else select
    try:
        found = dg.AssetSelection.from_string(meant).resolve(assets)
    except Exception as error:
        raise UsageRefused(f"--select {select} is not a selection of assets: {' '.join(str(error).split())}") from error
    if not found:
        raise UsageRefused(f"--select {select} names no asset; write it as schema/table, such as metrics/reply_turns")
    return {deployment.names.key(*key.path) for key in found}


def _run(
    job: dg.JobDefinition, instance: dg.DagsterInstance, run_id: str, work: Work, keys: Set[dg.AssetKey], refresh: bool
) -> None:
    with of_our_location(instance, job.name):
        result = job.execute_in_process(
            instance=instance,
            run_id=run_id,
            tags={**range_tags(work.first, work.last), **missing_only_tags(missing_only=not refresh), **process_tag()},
            run_config=SILENT,
            asset_selection=sorted(keys),
            raise_on_error=False,
        )
    if not result.success:
        raise failure_of_run(result)


def _stored_at(deployment: Deployment, days: Sequence[dt.date]) -> dict[str, dict[dt.date, dt.datetime]]:
    """When each of the days was stored, by the label of its table."""
    if not is_there(deployment.database):
        return {}
    asked = set(days)
    with reading(deployment.database) as connection:
        return {
            f"{schema}.{table}": {day: it.loaded_at for day, it in stored.items() if day in asked and day is not None}
            for (schema, table), stored in read_ledger(connection).items()
        }


def _changed(now: Mapping[dt.date, dt.datetime], before: Mapping[dt.date, dt.datetime]) -> int:
    return sum(before.get(day) != at for day, at in now.items())


def _messages(deployment: Deployment, days: Sequence[dt.date]) -> int:
    if not is_there(deployment.database):
        return 0
    with reading(deployment.database) as connection:
        counts = partition_counts(connection, deployment.messages)
    return sum(counts.get(day, 0) for day in days)


class _Heard(CrawlProgress):
    """Hands each stored day on, and keeps the summary."""

    def __init__(self, announce: Callable[[StoredDay | Building], None]) -> None:
        self.announce = announce
        self.summary = CrawlSummary()

    def day_stored(self, day: StoredDay) -> None:
        self.announce(day)

    def building(self, table: Building) -> None:
        self.announce(table)

    def crawl_ended(self, summary: CrawlSummary) -> None:
        self.summary = summary

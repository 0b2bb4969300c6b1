"""The asset `raw/message_pages`: the pages that hold a day's messages, as the API sent them.

The crawl finds and proves them, the warehouse stores them; this module only ties the two together, day by
day: a day is committed and announced as soon as it is complete, so it stays done whatever happens next.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from types import TracebackType
from typing import Any, Self

import dagster as dg

from reamaze_pipeline.api.privacy import Redaction
from reamaze_pipeline.crawl.batches import batches, stored_behind
from reamaze_pipeline.crawl.crawl import CrawledWindow, Hint, Window, crawl
from reamaze_pipeline.crawl.crawl_log import crawl_log
from reamaze_pipeline.crawl.hints import hints_of
from reamaze_pipeline.crawl.page_rows import page_row
from reamaze_pipeline.crawl.progress import CrawlProgress, CrawlSummary, StoredDay
from reamaze_pipeline.crawl.unproven import crawl_or_keep
from reamaze_pipeline.defs.naming import ALONE, Naming, tags_of
from reamaze_pipeline.defs.partitions import day_window, days_of
from reamaze_pipeline.defs.resources import ReamazeResource
from reamaze_pipeline.defs.runs_of_ours import asks_for_missing_only, refreshed_from
from reamaze_pipeline.errors import ApiUnavailable, DatabaseLocked, DayNotOver, WindowNotProven
from reamaze_pipeline.models.model import Project, Source
from reamaze_pipeline.settings import clock
from reamaze_pipeline.state.days import pages_version, read_state
from reamaze_pipeline.state.known import Known, read_known
from reamaze_pipeline.state.provision import bring_up_to_date
from reamaze_pipeline.warehouse.io_manager import DAYS_TOLD, DuckDBWarehouse, table_metadata
from reamaze_pipeline.warehouse.neighbours import neighbouring_rows
from reamaze_pipeline.warehouse.table import Table

KEY = dg.AssetKey(["raw", "message_pages"])
POOL = "reamaze_api"
"""Dagster's pool of those that ask the API. Where workers share a login, its limit keeps them within one budget."""
SECONDS_PER_WRITE = 0.5
"""Days that become complete within this time are committed together, or within ten times this where writing is slow; a
kill costs at most so much work."""
PAGES_PER_WRITE = 200
"""More are not committed together, unless one day has more: twice as many are in memory."""
TRIES_AT_NIGHT = 6
"""After 1, 2, 4 … 32 minutes: together an hour and three minutes, so that an hour's outage costs nothing."""
A_MINUTE = 60.0
"""In seconds. Tests of an hour's outage have shorter ones."""


def message_pages(
    partitions: dg.DailyPartitionsDefinition,
    project: Project,
    source: Source,
    redaction: Redaction | None = None,
    names: Naming = ALONE,
    pool: str = POOL,
    *,
    keep_unproven: bool = False,
) -> dg.AssetsDefinition:
    """The asset for the given calendar; `source` declares the table, `redaction` what of people is stored.

    Runs take a slot of the `pool`, which belongs to a login. `keep_unproven` stores what can be had of days that cannot
    be shown to be whole, each marked with why.
    """
    keep = redaction or Redaction()
    table = source.table

    @dg.asset(
        key=names.plain_key(*KEY.path),
        group_name=names.group_of(table.schema),
        kinds={"python", "duckdb"},
        tags=tags_of(table.schema),
        description=source.description,
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=pool,
        metadata=table_metadata(table),
        io_manager_key=names.resource("warehouse"),
    )
    @names.asking
    def message_pages(
        context: dg.AssetExecutionContext,
        reamaze: ReamazeResource,
        warehouse: dg.ResourceParam[DuckDBWarehouse],
        crawl_progress: dg.ResourceParam[CrawlProgress],
    ) -> dg.MaterializeResult[Any]:
        days = days_of(context.partition_keys)
        bring_up_to_date(warehouse.database, project)
        known = Known()
        if asks_for_missing_only(context.run.tags):
            state = read_state(warehouse.database, project, source, partitions.timezone, days, keep)
            again = refreshed_from(context.run.tags)
            due = [day for day in days if day in state.troubles[table.label]]
            if again is not None:
                looked_at = [day_window(day, partitions.timezone) for day in days if day >= again and day not in due]
                known = read_known(warehouse.database, table, looked_at)
                due = sorted({*due, *days_of(window.key for window in known.unknown)})
            days = due
        windows = [day_window(day, partitions.timezone) for day in days]
        began = clock.now()
        going_on: list[Window] = []
        hints = [*_hints(warehouse.database, table, days), *known.hints]
        told = _Told(context)
        days_fetched = 0
        logged = partial(crawl_log, context.log, days=len(days))
        with told, _tried_again_at_night(context), reamaze.client() as client, logged(client) as log:
            crawled = partial(crawl_or_keep, say=context.log.warning) if keep_unproven else crawl
            read = crawled(client, windows, hints=hints, concurrency=reamaze.concurrency, known=known.windows)
            found = _over(read, lambda: client.time_there or began, going_on)
            gathered = batches(
                found, seconds=SECONDS_PER_WRITE, weight=lambda window: len(window.pages), most=PAGES_PER_WRITE
            )
            store = partial(_store, context.run.run_id, warehouse, table, partitions.timezone, began, keep)
            for complete in stored_behind(gathered, store):
                days_fetched += len(complete)
                for window in complete:
                    told.stored(window)
                    log.stored(window)
                    why = window.proof.unproven
                    if why is not None:
                        context.log.warning(f"{window.window.key} is stored unproven: {why}")
                    stored = StoredDay(window.window.key, window.message_count, client.traffic.requests, why)
                    crawl_progress.day_stored(stored)
            traffic = client.traffic
            if going_on:
                raise _clock_ahead(going_on, client.time_there or began, clock.now())
        summary = CrawlSummary(
            days_fetched,
            traffic.requests,
            traffic.retries,
            round(traffic.waited_seconds, 3),
            days_unchanged=len(windows) + len(known.windows) - days_fetched,
        )
        crawl_progress.crawl_ended(summary)
        return dg.MaterializeResult(metadata={f"run/{name}": value for name, value in asdict(summary).items()})

    return names.keyed(message_pages, *KEY.path)


def _over(
    read: Iterable[CrawledWindow], there: Callable[[], dt.datetime], going_on: list[Window]
) -> Iterator[CrawledWindow]:
    """The days that are over by the clock of Re:amaze; those that are not are noted in ``going_on``."""
    for window in read:
        if window.window.end <= there():
            yield window
        else:
            going_on.append(window.window)


def _clock_ahead(going_on: Sequence[Window], there: dt.datetime, here: dt.datetime) -> DayNotOver:
    """Stored as whole, such a day would lack what is still to come; the others are stored."""
    ahead = (here - there).total_seconds() / 3600
    days = ", ".join(sorted(window.key for window in going_on))
    return DayNotOver(
        f"by the clock of Re:amaze ({there:%Y-%m-%d %H:%M} UTC) not over yet: {days}; this machine's clock is"
        f" {ahead:,.1f} h ahead ({here:%Y-%m-%d %H:%M} UTC). Set it right, then run the same command again; other days"
        " were stored"
    )


def _store(
    run_id: str,
    warehouse: DuckDBWarehouse,
    table: Table,
    timezone: str,
    began: dt.datetime,
    keep: Redaction,
    complete: Sequence[CrawledWindow],
) -> None:
    """Commit the days, each under the time zone that cut it: in another, it is another day."""
    rows = [page_row(window.window.key, kept, keep) for window in complete for kept in window.pages]
    details = {dt.date.fromisoformat(window.window.key): _proof(window) for window in complete}
    # Of two runs over one day, the one that asked later knows more, even if the other stores last.
    fetched_at = {
        dt.date.fromisoformat(window.window.key): min((kept.page.fetched_at for kept in window.pages), default=began)
        for window in complete
    }
    warehouse.replace(
        table,
        list(details),
        rows,
        run_id=run_id,
        version=pages_version(timezone, keep),
        details=details,
        fetched_at=fetched_at,
    )


def _proof(window: CrawledWindow) -> dict[str, Any]:
    return {"messages": window.message_count, **asdict(window.proof)}


@contextmanager
def _tried_again_at_night(context: dg.AssetExecutionContext) -> Iterator[None]:
    """In a run of the schedule, what may pass by itself is tried again the same night, after minutes that double.

    Only days that are not stored yet are then asked for. Whoever types a command is told at once instead.
    """
    try:
        yield
    except (ApiUnavailable, WindowNotProven, DatabaseLocked) as error:
        if "dagster/schedule_name" not in context.run.tags or context.retry_number >= TRIES_AT_NIGHT:
            raise
        minutes = 2**context.retry_number
        context.log.warning(f"{error}; tried again in {minutes} min ({context.retry_number + 1} of {TRIES_AT_NIGHT})")
        raise dg.RetryRequested(max_retries=TRIES_AT_NIGHT, seconds_to_wait=A_MINUTE * minutes) from error


class _Told:
    """Tells Dagster of each stored day once: with the others when the step ends, or at once when it fails.

    A day that was committed and not told, because the process was killed, is told by the next run.
    """

    def __init__(self, context: dg.AssetExecutionContext) -> None:
        self._context = context
        self._metadata: dict[str, dict[str, Any]] = {}

    def stored(self, window: CrawledWindow) -> None:
        """The day is committed."""
        metadata = {
            "messages": window.message_count,
            "dagster/partition_row_count": len(window.pages),
            "proof": dg.MetadataValue.json(_proof(window)),
        }
        self._metadata[window.window.key] = metadata
        if len(self._metadata) <= DAYS_TOLD:  # newest first
            self._context.add_asset_metadata(metadata, partition_key=window.window.key)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            for key, metadata in self._metadata.items():
                self._context.log_event(
                    dg.AssetMaterialization(self._context.asset_key, partition=key, metadata=metadata)
                )


def _hints(database: str, table: Table, days: Sequence[dt.date]) -> list[Hint]:
    """What the pages stored for the days next to these say of places."""
    columns = ("audience", "page", "payload", "fetched_at")
    pages = neighbouring_rows(database, table, days, columns)
    return [hint for page in pages for hint in hints_of(*page)]

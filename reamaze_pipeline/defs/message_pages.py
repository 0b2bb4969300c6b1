"""The asset `raw/message_pages`: the pages that hold a day's messages, as the API sent them.

The crawl finds and proves them, the warehouse stores them; this module only ties the two together, day by
day: a day is committed and announced as soon as it is complete, so it stays done whatever happens next.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import dagster as dg

from reamaze_pipeline.crawl.batches import batches
from reamaze_pipeline.crawl.crawl import CrawledWindow, Hint, KeptPage, crawl
from reamaze_pipeline.crawl.hints import hints_of
from reamaze_pipeline.crawl.progress import CrawlProgress, CrawlSummary, StoredDay
from reamaze_pipeline.defs.partitions import day_window, days_of
from reamaze_pipeline.defs.resources import ReamazeResource
from reamaze_pipeline.models.model import Source
from reamaze_pipeline.state.completeness import row_counts
from reamaze_pipeline.warehouse.io_manager import DuckDBWarehouse, table_metadata
from reamaze_pipeline.warehouse.neighbours import neighbouring_rows
from reamaze_pipeline.warehouse.table import Table

KEY = dg.AssetKey(["raw", "message_pages"])
SECONDS_PER_WRITE = 0.5
"""Days that become complete within this time are committed together; a kill costs at most so much work."""


class Fetch(dg.Config):
    """Which days of the run are asked of the API."""

    missing_only: bool = False
    """Ask only for days that are not stored yet. Materializing from the UI leaves this off: it fetches anew."""


def message_pages(partitions: dg.DailyPartitionsDefinition, source: Source) -> dg.AssetsDefinition:
    """The asset for the given calendar; `source` declares the table and its columns."""
    table = source.table

    @dg.asset(
        key=KEY,
        group_name=table.schema,
        kinds={"python", "duckdb"},
        description=source.description,
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        metadata=table_metadata(table),
    )
    def message_pages(
        context: dg.AssetExecutionContext,
        config: Fetch,
        reamaze: ReamazeResource,
        warehouse: dg.ResourceParam[DuckDBWarehouse],
        crawl_progress: dg.ResourceParam[CrawlProgress],
    ) -> dg.MaterializeResult[Any]:
        days = days_of(context.partition_keys)
        kept = row_counts(warehouse.database, table, days) if config.missing_only else {}
        windows = [day_window(day, partitions.timezone) for day in days if day not in kept]
        began = dt.datetime.now(dt.UTC)
        hints = _hints(warehouse.database, table, days)
        with reamaze.client() as client:
            found = crawl(client, windows, hints=hints, concurrency=reamaze.concurrency)
            for complete in batches(found, seconds=SECONDS_PER_WRITE):
                _store(context, warehouse, table, complete, began)
                for window in complete:
                    stored = StoredDay(window.window.key, window.message_count, client.traffic.requests)
                    crawl_progress.day_stored(stored)
            traffic = client.traffic
        summary = CrawlSummary(len(windows), traffic.requests, traffic.retries, round(traffic.waited_seconds, 3))
        crawl_progress.crawl_ended(summary)
        return dg.MaterializeResult(metadata={f"run/{name}": value for name, value in asdict(summary).items()})

    return message_pages


def fetch_config(*, missing_only: bool) -> dict[str, Any]:
    """Run configuration that says which days to ask for."""
    return {"ops": {KEY.to_python_identifier(): {"config": {"missing_only": missing_only}}}}


def _store(
    context: dg.AssetExecutionContext,
    warehouse: DuckDBWarehouse,
    table: Table,
    complete: Sequence[CrawledWindow],
    began: dt.datetime,
) -> None:
    """Commit the days, then announce each: announced but not committed would be a lie, the reverse is mended later."""
    rows = [_row(window.window.key, kept) for window in complete for kept in window.pages]
    proofs = {window.window.key: {"messages": window.message_count, **asdict(window.proof)} for window in complete}
    details = {dt.date.fromisoformat(key): proof for key, proof in proofs.items()}
    # Of two runs over one day, the one that asked later knows more, even if the other stores last.
    fetched_at = {
        dt.date.fromisoformat(window.window.key): min((kept.page.fetched_at for kept in window.pages), default=began)
        for window in complete
    }
    warehouse.replace(table, list(details), rows, run_id=context.run.run_id, details=details, fetched_at=fetched_at)
    for window in complete:
        key = window.window.key
        metadata: dict[str, Any] = {
            "messages": window.message_count,
            "dagster/partition_row_count": len(window.pages),
            "proof": dg.MetadataValue.json(proofs[key]),
        }
        context.log_event(dg.AssetMaterialization(KEY, partition=key, metadata=metadata))
        context.add_asset_metadata(metadata, partition_key=key)


def _row(day: str, kept: KeptPage) -> dict[str, Any]:
    """One row of `raw.message_pages`: the page, which of its rows count for the day, and what was read of them."""
    page = kept.page
    rows = [page.rows[row.index] for row in kept.rows]
    return {
        "day": dt.date.fromisoformat(day),
        "audience": page.audience,
        "page": page.number,
        "page_size": page.page_size,
        "page_count": page.page_count,
        "total_count": page.total_count,
        "fetched_at": _naive(page.fetched_at),
        "payload": page.payload,
        "kept_rows": [row.index for row in kept.rows],
        "kept_is_staff": [row.is_staff for row in kept.rows],
        "kept_created_at": [_naive(row.created_at) for row in rows],
        "kept_conversation_created_at": [_naive(row.conversation_created_at) for row in rows],
        "cleaned": page.cleaned,
    }


def _naive(instant: dt.datetime | None) -> dt.datetime | None:
    """As the warehouse keeps instants: UTC, without saying so."""
    return instant and instant.astimezone(dt.UTC).replace(tzinfo=None)


def _hints(database: str, table: Table, days: Sequence[dt.date]) -> list[Hint]:
    """What the pages stored for the days next to these say of places."""
    columns = ("audience", "page", "payload", "fetched_at")
    pages = neighbouring_rows(database, table, days, columns)
    return [hint for page in pages for hint in hints_of(*page)]

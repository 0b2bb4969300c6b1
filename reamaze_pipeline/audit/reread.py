"""Days of any list read anew in full, as they would be stored now, beside what is stored: row by row by identity.

The pages go through the very SQL that fills `core.messages`, in a warehouse of their own that is thrown away, so a
message has the same name on both sides. What does not belong here: which days to read (`compare`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from reamaze_pipeline.api.message_list import MessageList
from reamaze_pipeline.audit.findings import DayDifference, NamedMessage
from reamaze_pipeline.audit.held import Held, named_messages
from reamaze_pipeline.crawl.crawl import CrawledWindow, Window, crawl
from reamaze_pipeline.crawl.page_rows import page_row
from reamaze_pipeline.crawl.reading.session import PageSource
from reamaze_pipeline.models.model import Model, Project
from reamaze_pipeline.models.seeds import load_seeds
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.io_manager import DuckDBWarehouse

MESSAGES = "core.messages"
_PAGES_AT_ONCE = 2_000
"""Pages held in memory before their messages are named."""


def reread(
    pages: PageSource, project: Project, held: Held, windows: Sequence[Window], wanted: MessageList
) -> Iterator[DayDifference]:
    """The days of `wanted` that differ, newest first; `windows` are the days, each with its day as key."""
    batch: list[CrawledWindow] = []
    for crawled in crawl(pages, windows, of=wanted):
        batch.append(crawled)
        if sum(len(window.pages) for window in batch) >= _PAGES_AT_ONCE:
            yield from _differences(project, held, batch, wanted)
            batch = []
    if batch:
        yield from _differences(project, held, batch, wanted)


def _differences(
    project: Project, held: Held, batch: Sequence[CrawledWindow], wanted: MessageList
) -> Iterator[DayDifference]:
    days = sorted(dt.date.fromisoformat(window.window.key) for window in batch)
    there = _as_stored(project, held, batch, days, wanted)
    here = held.messages(days[0], days[-1], wanted)
    for day in reversed(days):
        mine, theirs = here.get(day, []), there.get(day, [])
        missing, gone = _without(theirs, mine), _without(mine, theirs)
        if missing or gone:
            yield DayDifference(day, len(mine), len(theirs), wanted.audience, missing, gone)


def _as_stored(
    project: Project, held: Held, batch: Sequence[CrawledWindow], days: Sequence[dt.date], wanted: MessageList
) -> dict[dt.date, list[NamedMessage]]:
    """The messages as `core.messages` would name them."""
    rows = [page_row(window.window.key, kept, held.keep) for window in batch for kept in window.pages]
    model = next(node for node in project.nodes.values() if isinstance(node, Model) and node.table.label == MESSAGES)
    with TemporaryDirectory(prefix="reamaze-audit-") as folder:
        aside = Path(folder) / "audit.duckdb"
        warehouse = DuckDBWarehouse(database=str(aside))
        warehouse.replace(project.source("raw", "message_pages").table, days, rows)
        load_seeds(aside, project.seeds)
        warehouse.replace(model.table, days, model.select(days))
        with reading(aside) as connection:
            return named_messages(connection, model.table, days[0], days[-1], held.stored_as(wanted))


def _without(messages: Sequence[NamedMessage], others: Sequence[NamedMessage]) -> tuple[NamedMessage, ...]:
    known = {message.message_id for message in others}
    return tuple(message for message in messages if message.message_id not in known)

"""Pages as the API sends them, written out by hand, and warehouses (real DuckDB files) that are filled from them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from reamaze_pipeline.api.times import read_time
from reamaze_pipeline.models.model import Project
from reamaze_pipeline.models.seeds import load_seeds
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.io_manager import DuckDBWarehouse
from reamaze_pipeline.warehouse.lake.location import Location

SHIPPED = Path(__file__).parents[1] / "dbt_like_sql"
CORE = ("messages", "message_recipients", "message_attachments", "conversations")
DAY = date(2026, 3, 1)

Page = dict[str, Any]


def page(
    day: date,
    messages: Sequence[Any],
    *,
    number: int = 1,
    audience: str = "all",
    kept: Iterable[int] | None = None,
    staff: Sequence[bool | None] | None = None,
) -> Page:
    """One row of `raw.message_pages`, keeping every message unless told otherwise."""
    rows = list(range(len(messages))) if kept is None else list(kept)
    counted = [messages[row] if row < len(messages) else None for row in rows]
    return {
        "day": day,
        "audience": audience,
        "page": number,
        "page_size": 30,
        "page_count": 1,
        "total_count": len(messages),
        "fetched_at": datetime.fromisoformat("2026-03-02T03:04:05"),
        "payload": json.dumps({"page_size": 30, "page_count": 1, "total_count": 1, "messages": messages}),
        "kept_rows": rows,
        "kept_is_staff": [False] * len(rows) if staff is None else list(staff),
        "kept_created_at": [_time(row, "created_at") for row in counted],
        "kept_conversation_created_at": [_time(row, "conversation", "created_at") for row in counted],
        "cleaned": 0,
    }


def _time(row: Any, *path: str) -> datetime | None:
    """What the crawl reads of a time in a row, as it is stored."""
    for name in path:
        row = row.get(name) if isinstance(row, dict) else None
    time = read_time(row)
    return time.instant.replace(tzinfo=None) if time else None


def message(number: int = 0, **changes: Any) -> dict[str, Any]:
    """A message as documented, unlike the others by its number; ``changes`` replace fields."""
    return {
        "body": f"body {number}",
        "visibility": 0,
        "origin": 1,
        "origin_id": str(number),
        "created_at": f"2026-03-01T{number % 24:02}:00:00.286-07:00",
        "user": {"name": "HAL", "email": "hal@example.com", "staff?": True},
        "recipients": [{"name": "Dave", "email": "dave@example.com"}],
        "attachments": [],
        "conversation": {
            "subject": "Do you read me?",
            "slug": f"do-you-read-me-{number % 3}",
            "created_at": "2026-03-01T00:00:00.204-07:00",
            "category": {"name": "Suggestions", "slug": "suggestions", "email": "s@example.com", "channel": 16},
        },
        **changes,
    }


class Warehouse:
    """A DuckDB file with the shipped models, and the steps of a run over some days."""

    def __init__(self, path: str | Location, project: Project) -> None:
        self.path = path
        self.project = project
        self.manager = DuckDBWarehouse(database=str(path))

    def run(self, pages: Mapping[date, Sequence[Page]]) -> None:
        """Store pages by day, then every model for these days."""
        self.store(pages)
        self.derive(list(pages))

    def store(self, pages: Mapping[date, Sequence[Page]]) -> None:
        rows = [row for day in pages for row in pages[day]]
        details = {day: {"messages": sum(len(row["kept_rows"]) for row in pages[day])} for day in pages}
        table = self.project.source("raw", "message_pages").table
        self.manager.replace(table, list(pages), rows, details=details)

    def derive(self, days: Sequence[date], names: Iterable[str] = CORE) -> None:
        load_seeds(self.path, self.project.seeds)
        for model in self.project.models:
            if model.name not in names:
                continue
            if model.partitioned:
                self.manager.replace(model.table, days, model.select(days))
            else:
                self.manager.define_view(model.table, model.select())

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with reading(self.path) as connection:
            return connection.execute(sql).fetchall()

    def table(self, name: str) -> list[tuple[Any, ...]]:
        """All rows of a table, in an order that does not depend on how they were stored."""
        return self.rows(f"SELECT * FROM {name} ORDER BY ALL")

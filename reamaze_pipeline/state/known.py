"""What is stored of days that are looked at once more, in the terms of the crawl that looks at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from reamaze_pipeline.crawl.window import Hint, KnownWindow, Window
from reamaze_pipeline.warehouse.catalog import stored_columns
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.lake.location import Location
from reamaze_pipeline.warehouse.table import Table

_COLUMNS = ("day", "audience", "page", "page_size", "total_count", "kept_rows", "kept_created_at")


@dataclass(frozen=True, slots=True)
class Known:
    """`unknown` are windows whose pages do not tell: an earlier version stored them without what was read of times."""

    windows: tuple[KnownWindow, ...] = ()
    unknown: tuple[Window, ...] = ()
    hints: tuple[Hint, ...] = ()


def read_known(database: str | Location, table: Table, windows: Sequence[Window]) -> Known:
    """Of days that are stored; the keys of the windows are their days. Payloads are not read."""
    if not windows:
        return Known()
    pages = _pages(database, table, [date.fromisoformat(window.key) for window in windows])
    if pages is None:
        return Known(unknown=tuple(windows))
    known: list[KnownWindow] = []
    unknown: list[Window] = []
    for window in windows:
        mine = [page for page in pages if page["day"].isoformat() == window.key]
        if any(page["kept_created_at"] is None for page in mine):
            unknown.append(window)
            continue
        instants = sorted((_aware(at) for page in mine for at in page["kept_created_at"] if at), reverse=True)
        known.append(KnownWindow(window, sum(len(page["kept_rows"]) for page in mine), tuple(instants)))
    return Known(tuple(known), tuple(unknown), tuple(hint for page in pages for hint in _hints(page)))


def _pages(database: str | Location, table: Table, days: Sequence[date]) -> list[dict[str, Any]] | None:
    """The pages' columns that tell; None if the stored table has not all of them."""
    with reading(database) as connection:
        if not {*_COLUMNS} <= {column.name for column in stored_columns(connection, table)}:
            return None
        rows = connection.execute(
            f"SELECT {', '.join(_COLUMNS)} FROM {table.qualified} WHERE list_contains($days, day)", {"days": days}
        ).fetchall()
    return [dict(zip(_COLUMNS, row, strict=True)) for row in rows]


def _hints(page: dict[str, Any]) -> list[Hint]:
    """Where the first and the last dated row of a page stood, counted from the oldest end."""
    behind = page["total_count"] - (page["page"] - 1) * page["page_size"]
    placed = zip(page["kept_rows"], page["kept_created_at"] or (), strict=False)
    dated = [Hint(page["audience"], _aware(at), behind - index) for index, at in placed if at is not None]
    return [*dated[:1], *dated[1:][-1:]]


def _aware(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC)

"""A page that counts for a day, as one row of `raw.message_pages`. How rows are stored does not belong here."""

from __future__ import annotations

import datetime as dt
from typing import Any

from reamaze_pipeline.api.privacy import Redaction
from reamaze_pipeline.crawl.window import KeptPage


def page_row(day: str, kept: KeptPage, keep: Redaction) -> dict[str, Any]:
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
        "payload": keep.page(page.payload),
        "kept_rows": [row.index for row in kept.rows],
        "kept_is_staff": [row.is_staff for row in kept.rows],
        "kept_created_at": [_naive(row.created_at) for row in rows],
        "kept_conversation_created_at": [_naive(row.conversation_created_at) for row in rows],
        "cleaned": page.cleaned,
    }


def _naive(instant: dt.datetime | None) -> dt.datetime | None:
    """As the warehouse keeps instants: UTC, without saying so."""
    return instant and instant.astimezone(dt.UTC).replace(tzinfo=None)

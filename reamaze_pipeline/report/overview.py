"""One page over several brands: the key numbers of each side by side, sums where a sum means something, and links.

What the numbers are is decided in `numbers`; a brand's own page tells them in full.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reamaze_pipeline.report.document import environment, style
from reamaze_pipeline.report.words import count, duration, share

COLUMNS: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("Messages received", "messages_received", count),
    ("New conversations", "new_conversations", count),
    ("Responses", "responses", count),
    ("Customers helped", "customers_helped", count),
    ("Waiting", "conversations_waiting", count),
    ("Median response", "median_seconds", duration),
    ("Median first response", "median_first_response_seconds", duration),
    ("Within an hour", "share_under_1h", share),
)
ADDED = ("messages_received", "new_conversations", "responses", "customers_helped", "conversations_waiting")
"""Columns with a sum: a message and a conversation are of one brand; who wrote to two counts in each."""


@dataclass(frozen=True, slots=True)
class BrandPage:
    """`page` is the file of the brand's own report; `headline` as in `report.build.Report`."""

    name: str
    page: str
    headline: Mapping[str, Any]


def render_overview(brands: Sequence[BrandPage], *, built_at: datetime, note: str = "") -> str:
    """The whole page; `built_at` is naive UTC."""
    sums = {key: sum(int(brand.headline.get(key, 0)) for brand in brands) for key in ADDED}
    page = {"brands": brands, "columns": COLUMNS, "sums": sums, "count": count, "note": note}
    frame = {"style": style(), "period": None, "brand": "", "built_at": built_at, "timezone": "UTC"}
    return environment("UTC").get_template("overview.html.j2").render(page | frame)

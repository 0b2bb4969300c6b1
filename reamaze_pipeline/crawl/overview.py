"""What one or two requests tell of a brand: is anybody home, how much is there, which revision answers.

What does not belong here: windows of messages, which are never taken from a look (the crawl).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from reamaze_pipeline.api.page import Page
from reamaze_pipeline.crawl.reading.listing import PADDING
from reamaze_pipeline.crawl.reading.session import PageSource


@dataclass(frozen=True)
class Overview:
    """What one look at the API tells. Instants are aware UTC; None where the answers do not tell."""

    total_count: int
    oldest: datetime | None
    newest: datetime | None
    dates_honoured: bool | None
    staff_flag: bool | None


def look(pages: PageSource) -> Overview:
    """One request for an empty brand, two for any other.

    The second asks for the last page and, in the same breath, for nothing newer than a moment in front of which
    the first page has few enough rows that the last page stays the last: its count tells whether the date was
    honoured, its last row is the oldest message either way. Where the last page has too few rows for that,
    `oldest` is None if dates are honoured. Raises the `ReamazeError` that tells why there is no answer.
    """
    first = pages.page()
    newest = first.newest
    if not first.rows:
        return Overview(first.total_count, None, None, None, None)
    flag = any(row.is_staff is not None for row in first.rows)
    cut, moment = _cut(first)
    if moment is None and first.is_last:
        return Overview(first.total_count, None, None, None, flag)
    last = pages.page("all", first.page_count, end=moment)
    # Halfway between what the two revisions answer: a message or two may come or go between the requests.
    honoured = last.total_count <= first.total_count - (cut + 1) // 2 if moment is not None else None
    oldest = first.oldest if first.is_last else last.oldest if last.is_last else None
    return Overview(first.total_count, oldest, newest, honoured, flag)


def _cut(first: Page) -> tuple[int, datetime | None]:
    """How many of the newest rows to leave out, at least, and the moment to ask for as `end_date`."""
    if first.newest is None:
        return 0, None
    if first.is_last:
        return first.total_count, (first.oldest or first.newest) - timedelta(days=1)
    on_last_page = first.total_count - (first.page_count - 1) * first.page_size
    dated = [(row.index, row.created_at) for row in first.rows if row.created_at is not None]
    gaps = [
        (newer - older > 2 * PADDING, index, older + (newer - older) / 2)
        for (_, newer), (index, older) in pairwise(dated)
        if newer > older and index < on_last_page
    ]
    if gaps:  # the widest cut, at a gap that a server which reads whole seconds can see
        _, cut, moment = max(gaps)
        return cut, moment
    return 1, first.newest - timedelta(days=1)

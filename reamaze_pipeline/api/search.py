"""Where in a list a moment lies: the page on which a window's newest edge is.

Binary search over page numbers. The answer is a good place to begin, never a proof: the chain checks it.
"""

from __future__ import annotations

from datetime import datetime

from reamaze_pipeline.api.page import Page
from reamaze_pipeline.api.view import View


def find_edge(view: View, first: Page, before: datetime) -> Page:
    """The oldest page known to begin at or after `before` (so that it shows the edge), or page 1."""
    newest = first
    low, high = 1, first.page_count + 1  # low begins at or after the edge (or is page 1), high after it
    while high - low > 1 and not _ends_before(newest, before):
        middle = (low + high) // 2
        page = view.fetch(middle)
        if _begins_at_or_after(page, before):
            low, newest = middle, page
        else:
            high = middle
    return newest


def _begins_at_or_after(page: Page, moment: datetime) -> bool:
    return any(row.created_at >= moment for row in page.rows[:1] if row.created_at is not None)


def _ends_before(page: Page, moment: datetime) -> bool:
    return any(row.created_at < moment for row in page.rows if row.created_at is not None)

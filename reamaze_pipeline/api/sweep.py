"""Reads a list from a window's newest edge to its oldest, page by page, through the chain's doubts.

What does not belong here: what makes a join safe (the chain) and what the rows are for (the crawl).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reamaze_pipeline.api.chain import Chain, Placed, is_same
from reamaze_pipeline.api.errors import WindowNotProven
from reamaze_pipeline.api.page import Page
from reamaze_pipeline.api.search import find_edge
from reamaze_pipeline.api.view import View

PATIENCE = 40
"""Doubts in a row, without one new row, after which the list moves too much to be read."""


@dataclass
class Progress:
    """What a sweep has met."""

    pages: int = 0
    doubts: int = 0


def sweep(view: View, first: Page, progress: Progress) -> Iterator[tuple[Page, list[Placed]]]:
    """Pages and the rows each adds, newest first, from `view.end` down to `view.start` or the list's end.

    `first` is page 1 of the view. Raises `WindowNotProven`.
    """
    chain = Chain(view.end)
    page = find_edge(view, first, view.end)
    doubts = back = 0
    while True:
        added = chain.join(page)
        if added is None and chain.last is not None and chain.repeats_tail(page):
            witness = view.fetch(chain.last.number)
            if is_same(witness, chain.last):
                added = chain.join(page, confirmed=True)
            else:
                page = witness
        if added is None:
            doubts += 1
            progress.doubts += 1
            if doubts > PATIENCE:
                raise WindowNotProven(
                    f"the list of {view.audience} messages moves faster than it can be read near "
                    f"{chain.instant:%Y-%m-%d %H:%M:%S} UTC ({view.requests} requests, total_count from "
                    f"{view.first_total} to {view.last_total}); try again in a quieter hour"
                )
            page = view.fetch(max(1, min(chain.page_of_end(page), page.number - 1) - back))
            back = max(1, 2 * back)
            continue
        progress.pages += 1
        if added:
            doubts = back = 0
        yield page, added
        if chain.instant < view.start or page.is_last:
            return
        page = view.fetch(page.number + 1)

"""Reads a list from a window's newest edge to its oldest, page by page, through the chain's doubts.

Asks for pages ahead where the list is still: those known to lie in the window, and, as far as the allowance for
useless requests goes, those that find out where it ends. What does not belong here: what makes a join safe (the
chain) and what the rows are for (the crawl).
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, log2

from reamaze_pipeline.api.chain import Chain, Placed, is_same
from reamaze_pipeline.api.errors import WindowNotProven
from reamaze_pipeline.api.page import Page
from reamaze_pipeline.api.search import find_edge
from reamaze_pipeline.api.view import View

PATIENCE = 120
"""Answers in a row without one new row after which the list moves too much to be read (those that only read a
group of equal instants again are not counted)."""

_SEARCH = 4
"""Useless requests that a search may still need when it has met the window."""

_INSIDE = 0.7
"""How far towards the probable end of the window to look for it: short of it costs nothing."""


class Sweep:
    """One pass over the wanted part of a view."""

    def __init__(self, view: View, *, several: bool = False) -> None:
        self.view = view
        self.several = several
        """Whether the wanted part is more than one window: it may then cost a few more requests in all."""
        self.chain = Chain(view.end, narrowed=not view.run.dates_ignored)
        self.doubts = 0
        self._allowance = 2

    def pages(self) -> Iterator[tuple[Page, list[Placed]]]:
        """Pages and the rows that each adds, newest first, from `view.end` to `view.start` or the list's end.

        Rows older than `view.start` come too, with the last page. Raises `WindowNotProven`.
        """
        view, chain = self.view, self.chain
        self._allowance = self._allowed(front=False)
        number = find_edge(view, self._look_ahead_meanwhile)
        self._allowance = self._allowed(front=number == 1)
        idle = back = 0
        while True:
            page, fresh = self._next(number)
            if view.run.dates_ignored:
                chain.widen()
            added = self._join(page)
            if added is None and not fresh:
                view.drop()
                continue
            idle = 0 if added else idle + 1
            if idle > PATIENCE + 2 * (chain.group // page.page_size):
                raise WindowNotProven(self._what_was_seen())
            if added is None:
                self.doubts += 1
                latest = view.latest or page
                number = max(1, min(chain.page_of_end(latest), page.number - 1) - back)
                back = max(1, 2 * back)
                view.drop()
                continue
            back = 0 if added else min(back, chain.group // page.page_size + 1)
            reached = chain.instant < view.start or page.is_last
            if reached and view.run.is_calm:
                view.keep(page)  # the next window may begin on it
            yield page, added
            if reached:
                return
            number = page.number + 1

    def _next(self, number: int) -> tuple[Page, bool]:
        view = self.view
        if not view.run.is_calm:
            return view.fetch(number), True
        view.harvest()
        self._look_ahead(number)
        return view.take(number)

    def _join(self, page: Page) -> list[Placed] | None:
        """Joins a page; where adjacency alone proves too little, the page in front is asked for again."""
        chain, view = self.chain, self.view
        last = chain.last
        doubtful = chain.leans_on_the_count(page) and (view.run.is_rough or chain.repeats_tail(page))
        if last is None or not doubtful:
            return self._noticing(page, chain.join(page))
        return chain.join(page, confirmed=True) if is_same(view.fetch(last.number), last) else None

    def _noticing(self, page: Page, added: list[Placed] | None) -> list[Placed] | None:
        """A count that grew although nothing was pushed down tells of rows that came late."""
        last = self.chain.last
        if added is None and last is not None and page.total_count > last.total_count:
            known = {row.identity for row in last.rows}
            if not page.rows or page.rows[0].identity not in known:
                self.view.run.sound_for = 0
        return added

    def _look_ahead_meanwhile(self, number: int, risk: bool) -> int:
        """Reads on from a page of the window while its edge is searched for; returns 1 if that may be for nothing."""
        if not self.view.run.is_calm:
            return 0
        self.view.harvest()
        unsure = self.view.unsure
        self._look_ahead(number, reserved=_SEARCH if risk else None)
        return self.view.unsure - unsure

    def _look_ahead(self, number: int, reserved: int | None = 1) -> None:
        """Asks for what will be read after a page; of pages that may be useless, leaves so many for later."""
        view, run = self.view, self.view.run
        if run.concurrency < 2:
            return
        newer, older = view.known.newer(view.start), view.known.older(view.start)
        # The row behind the oldest wanted one that is known has to be seen too.
        sure = max(number, view.page_at(max(1, newer.place - 1)) if newer is not None else number)
        end = view.page_at(older.place) if older is not None else view.page_count + 1
        for ahead in range(number, min(sure, number + run.reach) + 1):
            view.ahead(ahead)
        if sure < number + run.reach and reserved is not None:
            probe = self._probe(sure, end, reserved)
            if probe is not None:
                view.ahead(probe, unsure=True)

    def _probe(self, sure: int, end: int, reserved: int) -> int | None:
        """A page that probably still lies in the window and would show how far it reaches."""
        view = self.view
        if end - sure <= 1 or view.outside + view.unsure + 1 + reserved > self._allowance:
            return None
        rows = view.atlas.rows_before(view.start, view.total)
        size = view.run.page_size or 1
        probable = (view.total - rows - 1) // size + 1 if rows is not None else None
        if not view.run.dates_ignored and (probable is None or 4 * probable >= view.page_count):
            return view.page_count if view.page_count > sure else None
        if probable is None or probable <= sure:
            return None
        return min(sure + max(1, int((probable - sure) * _INSIDE)), end - 1)

    def _allowed(self, *, front: bool) -> int:
        """Useless requests that this sweep may cost in all; see the budget in docs/crawl.md."""
        view = self.view
        if not view.run.dates_ignored or (front and not self.several):
            return 2
        if view.hinted:
            return 4
        return 2 + min(6, ceil(log2(max(1, view.page_count))))

    def _what_was_seen(self) -> str:
        view = self.view
        return (
            f"the list of {view.audience} messages moves faster than it can be read near "
            f"{self.chain.instant:%Y-%m-%d %H:%M:%S} UTC ({view.run.requests} requests, total_count from "
            f"{view.first_total} to {view.total}); try again in a quieter hour"
        )

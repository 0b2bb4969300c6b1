"""Reads a list from a window's newest edge to its oldest, page by page, through the chain's doubts.

Asks for pages ahead where the list is still: those known to lie in the window, and, as far as the allowance for
useless requests goes, those that find out where it ends. What does not belong here: what makes a join safe (the
chain) and what the rows are for (the crawl).
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, log2

from reamaze_pipeline.api.page import Page
from reamaze_pipeline.crawl.reading.chain import Chain, Placed, is_same
from reamaze_pipeline.crawl.reading.listing import Listing
from reamaze_pipeline.crawl.reading.order import hash_of, same_rows
from reamaze_pipeline.crawl.reading.search import find_edge
from reamaze_pipeline.errors import UnexpectedAnswer, WindowNotProven

PATIENCE = 120
"""Answers in a row without one new row after which the list moves too much to be read (those that only read a
group of equal instants again are not counted)."""

_SEARCH = 4
"""Useless requests that a search may still need when it has met the window."""

_INSIDE = 0.7
"""How far towards the probable end of the window to look for it: short of it costs nothing."""


class Sweep:
    """One pass over the wanted part of a listing."""

    def __init__(self, listing: Listing, *, several: bool = False) -> None:
        self.listing = listing
        self.several = several
        """Whether the wanted part is more than one window: it may then cost a few more requests in all."""
        self.chain = Chain(listing.end, narrowed=not listing.session.dates_ignored)
        self.doubts = 0
        self._allowance = 2
        self._idle = 0
        self._doubt = ""  # why the last page could not be joined
        self._movements = listing.session.movements

    def pages(self) -> Iterator[tuple[Page, list[Placed]]]:
        """Pages and the rows that each adds, newest first, from `listing.end` to `listing.start` or the list's end.

        Rows older than `listing.start` come too, with the last page. Raises `WindowNotProven`.
        """
        listing, chain = self.listing, self.chain
        self._allowance = self._allowed(front=False)
        number = self._begin()
        self._allowance = self._allowed(front=number == 1)
        back = 0
        ahead = True  # not from a doubt to the next new row: what is read ahead would be thrown away at each doubt
        while True:
            page, fresh = self._next(number, ahead=ahead)
            if listing.session.dates_ignored:
                chain.widen()
            added = self._join(page)
            self._wait(added, page)
            ahead = bool(added) or (ahead and added is not None)
            if added is None:
                self._why(page)
                listing.drop()
                if fresh:
                    self.doubts += 1
                    number = max(1, min(chain.page_of_end(listing.latest or page), page.number - 1) - back)
                    back = max(1, 2 * back)
                continue
            back = 0 if added else min(back, chain.group // page.page_size + 1)
            reached = chain.instant < listing.start or page.is_last
            if reached and listing.session.is_calm:
                listing.keep(page)  # the next window may begin on it
            yield page, added
            if reached:
                return
            number = page.number + 1

    def _begin(self) -> int:
        """The page to begin with. A search whose answers contradict each other says nothing, and is made again."""
        listing = self.listing
        while True:
            before, asked = listing.order.contradictions, listing.session.requests
            number = find_edge(listing, self._look_ahead_meanwhile)
            if listing.order.contradictions == before:
                return number
            self._doubt = listing.order.told
            listing.drop()
            listing.fetch(1)
            self._idle += listing.session.requests - asked
            if self._idle > PATIENCE:
                raise WindowNotProven(self._what_was_seen())

    def _wait(self, added: list[Placed] | None, page: Page) -> None:
        """Every answer counts against the patience until one adds a row, however it came to be asked for."""
        self._idle = 0 if added else self._idle + 1
        impatient = self._idle > PATIENCE + 2 * (self.chain.group // page.page_size)
        self._refuse_undated(page, impatient=impatient)
        if impatient:
            if added is None:
                self._why(page)
            raise WindowNotProven(self._what_was_seen())

    def _next(self, number: int, *, ahead: bool) -> tuple[Page, bool]:
        listing = self.listing
        if not ahead or not listing.session.is_calm:
            return listing.fetch(number), True
        listing.harvest()
        self._look_ahead(number)
        return listing.take(number)

    def _join(self, page: Page) -> list[Placed] | None:
        """Joins a page; where adjacency alone proves too little, the page in front is asked for again."""
        chain, listing = self.chain, self.listing
        last = chain.last
        doubtful = chain.leans_on_the_count(page) and (listing.session.is_rough or chain.repeats_tail(page))
        if last is None or not doubtful:
            return self._noticing(page, chain.join(page))
        return chain.join(page, confirmed=True) if is_same(listing.fetch(last.number), last) else None

    def _noticing(self, page: Page, added: list[Placed] | None) -> list[Placed] | None:
        """A count that grew although nothing was pushed down tells of rows that came late."""
        last = self.chain.last
        if added is None and last is not None and page.total_count > last.total_count:
            known = {row.identity for row in last.rows}
            if not page.rows or page.rows[0].identity not in known:
                self.listing.session.sound_for = 0
        return added

    def _look_ahead_meanwhile(self, number: int, risk: bool) -> int:
        """Reads on from a page of the window while its edge is searched for; returns 1 if that may be for nothing."""
        if not self.listing.session.is_calm:
            return 0
        self.listing.harvest()
        unsure = self.listing.unsure
        self._look_ahead(number, reserved=_SEARCH if risk else None)
        return self.listing.unsure - unsure

    def _look_ahead(self, number: int, reserved: int | None = 1) -> None:
        """Asks for what will be read after a page; of pages that may be useless, leaves so many for later."""
        listing, session = self.listing, self.listing.session
        if session.concurrency < 2:
            return
        newer, older = listing.known.newer(listing.start), listing.known.older(listing.start)
        # The row behind the oldest wanted one that is known has to be seen too.
        sure = max(number, listing.page_at(max(1, newer.place - 1)) if newer is not None else number)
        end = listing.page_at(older.place) if older is not None else listing.page_count + 1
        for ahead in range(number, min(sure, number + session.reach) + 1):
            listing.ahead(ahead)
        if sure < number + session.reach and reserved is not None:
            probe = self._probe(sure, end, reserved)
            if probe is not None:
                listing.ahead(probe, unsure=True)

    def _probe(self, sure: int, end: int, reserved: int) -> int | None:
        """A page that probably still lies in the window and would show how far it reaches."""
        listing = self.listing
        if end - sure <= 1 or listing.outside + listing.unsure + 1 + reserved > self._allowance:
            return None
        rows = listing.density.rows_before(listing.start, listing.total)
        size = listing.session.page_size or 1
        probable = (listing.total - rows - 1) // size + 1 if rows is not None else None
        if not listing.session.dates_ignored and (probable is None or 4 * probable >= listing.page_count):
            return listing.page_count if listing.page_count > sure else None
        if probable is None or probable <= sure:
            return None
        return min(sure + max(1, int((probable - sure) * _INSIDE)), end - 1)

    def _allowed(self, *, front: bool) -> int:
        """Useless requests that this sweep may cost in all; see the budget in docs/crawl.md."""
        listing = self.listing
        if not listing.session.dates_ignored or (front and not self.several):
            return 2
        if listing.hinted:
            return 4
        return 2 + min(6, ceil(log2(max(1, listing.page_count))))

    def _refuse_undated(self, page: Page, *, impatient: bool) -> None:
        """Where dates are ignored, rows have their days from times alone: without any, each day would hold them all."""
        session = self.listing.session
        if session.dates_ignored and not session.dated and page.rows and (page.is_last or impatient):
            raise UnexpectedAnswer(
                f"none of {self.listing.total} messages has a time that can be read ({page.undated} on page "
                f"{page.number}) and the API ignores dates, so no message's day can be told and nothing is stored; "
                "the API's format may have changed"
            )

    def _why(self, page: Page) -> None:
        """Notes what keeps a page from being joined, as half a sentence."""
        last, order = self.chain.last, self.listing.order
        if last is not None and page.number != last.number and hash_of(page) == hash_of(last):
            self._doubt = same_rows(last.number, page.number, page.total_count)
        elif last is not None and page.number == last.number + 1 and page.newest and last.oldest:
            self._doubt = (
                f"page {page.number} begins at {page.newest:%Y-%m-%d %H:%M:%S}, page {last.number} ends at "
                f"{last.oldest:%Y-%m-%d %H:%M:%S}, while total_count stays {page.total_count:,}: "
                "the list is not sorted newest first"
            )
        elif order.told:
            self._doubt = order.told

    def _what_was_seen(self) -> str:
        listing = self.listing
        asked = f"{listing.session.requests} requests, {self._idle} answers in a row without a new row"
        near = f"near {self.chain.instant:%Y-%m-%d %H:%M:%S} UTC"
        if self._doubt and listing.session.movements == self._movements:
            return (
                f"the list of {listing.of.in_words} contradicts itself {near}: {self._doubt} ({asked}); "
                "report it to Re:amaze, or to whoever runs a proxy in between"
            )
        return (
            f"the list of {listing.of.in_words} moves faster than it can be read {near} "
            f"({asked}, total_count from {listing.first_total} to {listing.total}); try again in a quieter hour"
        )

"""One list of messages that pages are asked of, narrowed by dates where the API honours them.

Counts what was asked, notices movement, and remembers where in time each page was. What does not belong here:
joining pages (the chain), searching (search) and how far to read ahead (the sweep).
"""

from __future__ import annotations

from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from functools import partial

from reamaze_pipeline.api.message_list import MessageList
from reamaze_pipeline.api.page import Audience, Page
from reamaze_pipeline.crawl.density.density_map import DensityMap
from reamaze_pipeline.crawl.reading.order import SeenOrder
from reamaze_pipeline.crawl.reading.session import CrawlSession
from reamaze_pipeline.errors import KEEPING, UnexpectedAnswer

_NEVER = datetime(1990, 1, 1, tzinfo=UTC)
"""No message is from then."""
MOST_MESSAGES = 1_000_000_000
"""A list that claims more is none that was ever kept by people: its count is wrong, and reading it would not end."""

BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)
FOREVER = datetime(9000, 1, 1, tzinfo=UTC)
"""Bounds that are none: they are not sent."""

PADDING = timedelta(seconds=1)
"""Whether `start_date` and `end_date` include their instant is unknown: ask for more, cut here."""


class Listing:
    """A list, and which part of it is wanted (`aim`). Pages asked for ahead wait here until they are taken."""

    def __init__(self, session: CrawlSession, of: MessageList, start: datetime, end: datetime) -> None:
        self.session = session
        self.of = of
        self.asked_start = start - PADDING
        self.asked_end = end + PADDING
        self.density = DensityMap()
        self._seen = DensityMap()  # what this run saw itself: hints and guesses left out
        self._hints: set[tuple[datetime, int]] = set()
        self._hints_hold = False
        self.latest: Page | None = None
        self.first_total: int | None = None
        self.hinted = False
        self._inside = False  # the list began and ended inside the dates
        self.order = SeenOrder()
        self._pending: dict[int, Future[Page]] = {}
        self._unsure: set[int] = set()
        self._kept: dict[int, Page] = {}
        self.aim(start, end)
        if session.dates_ignored:
            self._take_hints()

    def aim(self, start: datetime, end: datetime) -> None:
        """From now on the rows with `start <= created_at < end` are wanted."""
        self.start, self.end = start, end
        self.outside = 0
        """Answers since then that hold no wanted row."""

    def learn_from(self, other: Listing) -> None:
        """Guesses this list's places from those of another audience: their messages mix much the same way."""
        self.fetch(1)
        share = self.total / max(1, other.total)
        for instant, place in other.density.marks:
            self.density.suggest(instant, round(place * share))

    @property
    def audience(self) -> Audience:
        """Whose messages the list holds."""
        return self.of.audience

    @property
    def _name(self) -> MessageList | Audience:
        return self.of.audience if self.of.is_brand else self.of

    @property
    def total(self) -> int:
        """Rows in the list as last seen."""
        return self.latest.total_count if self.latest is not None else 0

    @property
    def page_count(self) -> int:
        """Pages in the list as last seen."""
        return -(-self.total // (self.session.page_size or 1))

    def page_at(self, place: int) -> int:
        """The number of the page on which a place, counted from the oldest end, is now."""
        return max(0, self.total - place) // (self.session.page_size or 1) + 1

    @property
    def known(self) -> DensityMap:
        """Marks that are as good as seen: hints are among them once a row was met at the very place of one."""
        return self.density if self._hints_hold else self._seen

    def fetch(self, number: int) -> Page:
        """Asks for a page now and waits for it."""
        return self._learn(self.session.now(partial(self._ask, number)))

    def take(self, number: int) -> tuple[Page, bool]:
        """A page, and whether it was asked for only now (and not ahead, at some earlier moment)."""
        if number in self._kept:
            return self._kept.pop(number), False
        if number in self._pending:
            self._unsure.discard(number)
            return self._learn(self._pending.pop(number).result()), False
        return self.fetch(number), True

    def ahead(self, number: int, *, unsure: bool = False, urgent: bool = False) -> None:
        """Asks for a page that will be (or, if unsure, may be) wanted soon, and does not wait."""
        if number in self._pending or number in self._kept:
            return
        self._pending[number] = self.session.prefetcher.submit(partial(self._ask, number), urgent=urgent or unsure)
        if unsure:
            self._unsure.add(number)

    def keep(self, page: Page) -> None:
        """Holds a page that was read on the way until it is taken."""
        self._kept[page.number] = page

    def forget_before(self, number: int) -> None:
        """Lets go of the pages kept in front of one."""
        self._kept = {n: page for n, page in self._kept.items() if n >= number}

    def harvest(self) -> None:
        """Learns from the unsure pages that have arrived."""
        for number in [n for n in self._unsure if n in self._pending and self._pending[n].done()]:
            self._unsure.discard(number)
            page = self._learn(self._pending.pop(number).result())
            if self.session.is_calm:
                self.keep(page)

    @property
    def unsure(self) -> int:
        """Requests under way that may turn out to hold no wanted row."""
        return len(self._unsure)

    def _arrived(self) -> list[Page]:
        """Pages asked for ahead whose answers are there already."""
        return [future.result() for future in self._pending.values() if future.done() and future.exception() is None]

    def drop(self) -> None:
        """Forgets all pages asked for ahead: the list moved, and they may be older than the movement."""
        for future in self._pending.values():
            future.cancel()
        self._pending.clear()
        self._unsure.clear()
        self._kept.clear()

    def _ask(self, number: int) -> Page:
        bounds: tuple[datetime | None, ...] = ()
        if not self.session.dates_ignored:
            bounds = (
                self.asked_start if self.start > BEGINNING else None,
                self.asked_end if self.end < FOREVER else None,
            )
        return self.session.ask(partial(self.session.source.page, self._name, number, *bounds))

    def _learn(self, page: Page) -> Page:
        session = self.session
        if session.page_size not in {None, page.page_size}:
            raise UnexpectedAnswer(
                f"page_size changed from {session.page_size} to {page.page_size} in the middle of a crawl; "
                f"start again; {KEEPING}"
            )
        if page.total_count > MOST_MESSAGES:
            raise UnexpectedAnswer(
                f"the list claims {page.total_count:,} messages, where {MOST_MESSAGES:,} are read at most; "
                "its total_count must be wrong, report it to Re:amaze"
            )
        session.page_size = page.page_size
        self._notice_movement(page)
        if any(done.total_count != page.total_count for done in self._arrived()):
            session.still_for = 0
        self.order.note(page)
        self.density.utc_offset, self.density.apart = page.utc_offset, 3 * page.page_size
        dated = [(row.index, row.created_at) for row in page.rows if row.created_at is not None]
        session.dated = session.dated or bool(dated)
        if not session.dates_ignored:
            self._notice_dates(page, [moment for _, moment in dated])
        for index, moment in dated[:1] + dated[-1:]:
            self.density.note(moment, page.total_count - page.offset - index)
            self._seen.note(moment, page.total_count - page.offset - index)
        if any((moment, page.total_count - page.offset - index) in self._hints for index, moment in dated):
            self._hints_hold = True
        if not any(self.start <= moment < self.end for _, moment in dated):
            self.outside += 1
        return page

    def _notice_movement(self, page: Page) -> None:
        latest, self.latest = self.latest, page
        self.session.still_for += 1
        self.session.sound_for += 1
        if latest is None:
            self.first_total = page.total_count
        elif page.total_count != latest.total_count:
            self.session.movements += 1
            self.session.still_for = 0
            if page.total_count < latest.total_count:
                self.session.sound_for = 0
            self.drop()

    def _notice_dates(self, page: Page, moments: list[datetime]) -> None:
        if any(not self.asked_start <= moment <= self.asked_end for moment in moments):
            if self._inside and not self.session.movements:
                raise UnexpectedAnswer(
                    f"page {page.number} holds rows outside the dates asked for, which the pages before it "
                    f"kept to; try again later, or report it to Re:amaze; {KEEPING}"
                )
            self.session.dates_ignored = True
            self._take_hints()
        elif page.rows and not self.session.dated and not self.session.asked_for_nothing:
            self._ask_for_nothing()
        elif page.is_last and page.number > 1 and moments:
            self._inside = True

    def _ask_for_nothing(self) -> None:
        """Rows without a time do not show whether dates are honoured: an answer to dates that no message has does."""
        self.session.asked_for_nothing = True
        ask = partial(self.session.source.page, self._name, 1, _NEVER, _NEVER + PADDING)
        if self.session.now(partial(self.session.ask, ask)).rows:
            self.session.dates_ignored = True
            self._take_hints()

    def _take_hints(self) -> None:
        for moment, place in sorted(self.session.hints.get(self.audience, ()) if self.of.is_brand else ()):
            self.hinted = True
            self._hints.add((moment, place))
            self.density.note(moment, place)

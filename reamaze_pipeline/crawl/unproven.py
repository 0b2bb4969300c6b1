"""What can be had of a window that cannot be shown to be whole: read page by page as pages come, and marked as such.

For brands that break a promise for good: a role that may not see some rows, a count that is only estimated. What is
read so is neither shown to be whole nor to hold each message once; it says which contradiction stood in the way. A
window is tried to be proven first. What does not belong here: whether this is wanted at all (a setting), and proof.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from reamaze_pipeline.api.message_list import MessageList
from reamaze_pipeline.api.page import Audience, Page, Row
from reamaze_pipeline.crawl.crawl import crawl
from reamaze_pipeline.crawl.reading.listing import PADDING
from reamaze_pipeline.crawl.reading.order import hash_of
from reamaze_pipeline.crawl.reading.parts import MOST_PAGES
from reamaze_pipeline.crawl.window import CrawledWindow, Hint, KeptPage, KeptRow, KnownWindow, Proof, Seen, Window
from reamaze_pipeline.errors import KEEPING, UnexpectedAnswer, WindowNotProven

TRIED = 3
"""Tries to prove several windows together, and windows in a row by themselves, after which a run tries no further."""
_IDLE = 120
"""Pages in a row that add nothing to a window they should belong to, after which there is nothing more to be had."""


class LenientSource(Protocol):
    """What this needs of a client: pages that break promises as well."""

    def page(
        self,
        of: MessageList | Audience = "all",
        number: int = 1,
        start: datetime | None = None,
        end: datetime | None = None,
        *,
        as_it_comes: bool = False,
    ) -> Page:
        """One page; see `ReamazeClient.page`."""


def crawl_or_keep(
    pages: LenientSource,
    windows: Sequence[Window],
    *,
    hints: Sequence[Hint] = (),
    concurrency: int | None = None,
    known: Sequence[KnownWindow] = (),
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[CrawledWindow]:
    """As `crawl` does, newest first; a window that cannot be proven is read as it is, and its proof says `unproven`.

    What is `known`, and so was proven, is never given for something that is not: where it cannot be looked at again,
    `say` hears so. Raises the `ReamazeError` that tells why not even that can be had.
    """
    waiting = sorted(windows, key=lambda window: (window.end, window.start), reverse=True)
    together = alone = TRIED
    while waiting:
        if together and len(waiting) > 1:  # one bad window spoils all that are read with it
            try:
                for found in crawl(pages, tuple(waiting), hints=hints, concurrency=concurrency):
                    waiting.remove(found.window)
                    yield found
                break
            except (WindowNotProven, UnexpectedAnswer) as error:
                together, why = together - 1, _reason(error)
        window = waiting.pop(0)
        if alone:
            try:
                yield from crawl(pages, (window,), hints=hints, concurrency=concurrency)
                alone = TRIED
                continue
            except (WindowNotProven, UnexpectedAnswer) as error:
                alone, why = alone - 1, _reason(error)
        yield read_as_it_is(pages, window, why)
    try:
        yield from crawl(pages, (), hints=hints, concurrency=concurrency, known=known) if known else ()
    except (WindowNotProven, UnexpectedAnswer) as error:
        days = f"{known[0].window.key} to {known[-1].window.key}"
        say(f"{days} could not be looked at again and stay as they were: {_reason(error)}")


def read_as_it_is(pages: LenientSource, window: Window, contradiction: str) -> CrawledWindow:
    """The rows of one window that can be had, off the main list; who is staff by flag, else by the filtered lists."""
    everyone = _List(pages, "all", window)
    kept = list(everyone.rows(contradiction))
    sides: list[tuple[bool, Counter[bytes]]] = []
    requests = everyone.requests
    if any(row.is_staff is None for _, rows in kept for row in rows):
        staff, customer = _List(pages, "staff", window), _List(pages, "customer", window)
        sides = [(True, _identities(staff, contradiction)), (False, _identities(customer, contradiction))]
        requests += staff.requests + customer.requests
    pages_kept = tuple(
        KeptPage(page, tuple(KeptRow(row.index, _side(row, sides)) for row in rows)) for page, rows in kept
    )
    rows = [row for _, found in kept for row in found]
    proof = Proof(
        views={"all": everyone.seen},
        requests=requests,
        perfect_pages=len(kept),
        rereads=0,
        moved=everyone.moved,
        undated=sum(row.created_at is None for row in rows),
        cleaned=sum(page.cleaned for page, _ in kept),
        unresolved=sum(row.is_staff is None for page in pages_kept for row in page.rows),
        dates_ignored=everyone.dates_ignored,
        unproven=contradiction,
    )
    return CrawledWindow(window, pages_kept, len(rows), proof)


class _List:
    """One list, read from the window's newer edge until nothing more of it comes."""

    def __init__(self, pages: LenientSource, audience: Audience, window: Window) -> None:
        self._pages, self._audience, self._window = pages, audience, window
        self._bounds: tuple[datetime | None, datetime | None] = (window.start - PADDING, window.end + PADDING)
        self._read: Counter[bytes] = Counter()
        self.requests = 0
        self.moved = 0
        self.dates_ignored = False
        self.seen = Seen(
            total_first=0,
            total_last=0,
            newest_place=None,
            oldest_place=None,
            newer_edge="not proven",
            older_edge="not proven",
        )

    def rows(self, contradiction: str) -> Iterator[tuple[Page, list[Row]]]:
        """Pages and their rows that are of the window. Where no time tells, raises what stood in the way."""
        page = self._ask(1)
        if page.rows and page.newest is None:
            raise UnexpectedAnswer(f"no message on the newest page has a time that can be read: {contradiction}")
        self.seen["total_first"] = page.total_count
        start, end = self._bounds
        if start is not None and end is not None and any(not start <= at <= end for at in _dated(page.rows)):
            self.dates_ignored, self._bounds = True, (None, None)
            number = self._front(page)
            page = page if number == 1 else self._ask(number)
        carried = page.newest or self._window.start
        hashes: set[int] = set()
        older = idle = 0
        before: int | None = None
        while True:
            if before not in {None, page.total_count}:
                self.moved += 1
            repeated = len(page.rows) > 1 and hash_of(page) in hashes
            hashes.add(hash_of(page))
            found: list[Row] = []
            if not repeated:
                found, carried = self._of_window(page, carried, at_rest=before in {None, page.total_count})
            if found:
                yield page, found
            behind = bool(_dated(page.rows)) and all(at < self._window.start for at in _dated(page.rows))
            older, idle = (older + 1 if behind else 0), (0 if found else idle + 1)
            self.seen["total_last"] = before = page.total_count
            ended = page.number >= page.page_count and (not page.rows or repeated)
            if ended or older == 2 or idle > _IDLE:
                return
            if page.number >= MOST_PAGES and not self.dates_ignored:
                raise WindowNotProven(f"window {self._window.key}: more than {MOST_PAGES:,} pages; {contradiction}")
            page = self._ask(page.number + 1)

    def _of_window(self, page: Page, carried: datetime, *, at_rest: bool) -> tuple[list[Row], datetime]:
        """The page's rows of the window; of a list that moved, without those that were read before."""
        found = []
        met: Counter[bytes] = Counter()
        for row in page.rows:
            carried = row.created_at or carried  # one without a time counts for its newer neighbour's
            met[row.identity] += 1
            again = not at_rest and met[row.identity] <= self._read[row.identity]
            if self._window.start <= carried < self._window.end and not again:
                found.append(row)
        self._read = self._read + met if at_rest else self._read | met
        return found, carried

    def _front(self, first: Page) -> int:
        """About where the window begins in a list that is sorted on the whole; a page before it, for what is not."""
        low, high = 1, max(1, first.page_count)
        while low < high:
            middle = (low + high) // 2
            oldest = self._ask(middle).oldest
            low, high = (middle + 1, high) if oldest is not None and oldest >= self._window.end else (low, middle)
        return max(1, low - 1)

    def _ask(self, number: int) -> Page:
        self.requests += 1
        return self._pages.page(self._audience, number, *self._bounds, as_it_comes=True)


def _identities(side: _List, contradiction: str) -> Counter[bytes]:
    """Of a side that cannot be had, nobody is known."""
    try:
        return Counter(row.identity for _, rows in side.rows(contradiction) for row in rows)
    except UnexpectedAnswer:
        return Counter()


def _side(row: Row, sides: Sequence[tuple[bool, Counter[bytes]]]) -> bool | None:
    """By flag, else by the list that holds the row; each place in a list is given once."""
    if row.is_staff is not None:
        return row.is_staff
    for is_staff, held in sides:
        if held[row.identity] > 0:
            held[row.identity] -= 1
            return is_staff
    return None


def _dated(rows: Iterable[Row]) -> list[datetime]:
    return [row.created_at for row in rows if row.created_at is not None]


def _reason(error: Exception) -> str:
    return str(error).removesuffix(f"; {KEEPING}")

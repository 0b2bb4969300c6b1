"""A window of messages, exact and proven: which rows of which pages make up each day.

Windows that touch share one sweep. Where `user["staff?"]` is absent, the `staff` and `customer` views replace
the unfiltered list and are reconciled with it. What does not belong here: HTTP, storage, joining pages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from reamaze_pipeline.api.chain import Placed
from reamaze_pipeline.api.flight import Flight
from reamaze_pipeline.api.page import Audience, Page
from reamaze_pipeline.api.sweep import Sweep
from reamaze_pipeline.api.view import PageSource, Run, View


@dataclass(frozen=True)
class Window:
    """The messages with `start <= created_at < end`; both aware UTC. `key` names it, such as `2024-03-01`."""

    key: str
    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError(f"window {self.key}: start and end must carry a time zone")
        if self.start > self.end:
            raise ValueError(f"window {self.key}: it ends before it starts")


@dataclass(frozen=True)
class KeptRow:
    """`index` is 0-based in the page's `payload["messages"]`; `is_staff` is None where nothing tells."""

    index: int
    is_staff: bool | None


@dataclass(frozen=True)
class KeptPage:
    """A page and those of its rows that count for a window."""

    page: Page
    rows: tuple[KeptRow, ...]


@dataclass(frozen=True)
class Proof:
    """What was seen on the way to a window, JSON-able through `dataclasses.asdict`."""

    views: dict[str, dict[str, int | None]] = field(default_factory=dict)
    requests: int = 0
    perfect_pages: int = 0
    rereads: int = 0
    moved: bool = False
    undated: int = 0
    cleaned: int = 0
    unresolved: int = 0


@dataclass(frozen=True)
class CrawledWindow:
    """A window, complete: over all its pages every message is there exactly once."""

    window: Window
    pages: tuple[KeptPage, ...]
    message_count: int
    proof: Proof


@dataclass(frozen=True)
class Hint:
    """A row seen in an earlier run: place 1 is the oldest of the list. Checked before it is believed."""

    audience: Audience
    created_at: datetime
    place_from_oldest: int


@dataclass(frozen=True)
class Overview:
    """What one look at the API tells; None where the answers do not tell."""

    total_count: int
    oldest: datetime | None
    newest: datetime | None
    dates_honoured: bool | None
    staff_flag: bool | None


def crawl(
    pages: PageSource,
    windows: Sequence[Window],
    *,
    hints: Iterable[Hint] = (),
    concurrency: int | None = None,
) -> Iterator[CrawledWindow]:
    """Yields each window as it is complete, newest first. `windows` are disjoint, in any order.

    Raises the `ReamazeError` that tells why a window cannot be had; what was yielded before stays true.
    """
    threads: int = concurrency or getattr(pages, "concurrency", 1)
    run = Run(pages, Flight(threads), threads)
    for hint in hints:
        run.hints.setdefault(hint.audience, []).append((hint.created_at, hint.place_from_oldest))
    try:
        for group in _groups(windows):
            yield from _crawl_group(run, group)
    finally:
        run.flight.close()


def look(pages: PageSource) -> Overview:
    """Two or three requests: how many messages, oldest and newest, and which revision of the API answers."""
    first = pages.page()
    dated = [row.created_at for row in first.rows if row.created_at is not None]
    flag = True if any(row.is_staff is not None for row in first.rows) else (False if first.rows else None)
    if not dated:
        return Overview(first.total_count, None, None, None, flag)
    last = first if first.is_last else pages.page(number=first.page_count)
    ends = [row.created_at for row in last.rows if row.created_at is not None]
    oldest = min(ends) if ends else None
    honoured = None
    if oldest is not None and oldest != dated[0]:
        probe = pages.page("all", 1, oldest, oldest)
        honoured = probe.total_count < first.total_count
    return Overview(first.total_count, oldest, dated[0], honoured, flag)


@dataclass
class _Part:
    """One view's share of one window."""

    window: Window
    pages: list[tuple[Page, list[Placed]]]
    undated: int


def _groups(windows: Sequence[Window]) -> list[list[Window]]:
    """Windows that touch, newest first; raises ValueError where two overlap."""
    groups: list[list[Window]] = []
    for window in sorted(windows, key=lambda w: (w.end, w.start), reverse=True):
        if groups and window.end > groups[-1][-1].start:
            raise ValueError(f"windows {window.key} and {groups[-1][-1].key} overlap")
        if groups and window.end == groups[-1][-1].start:
            groups[-1].append(window)
        else:
            groups.append([window])
    return groups


def _crawl_group(run: Run, group: list[Window]) -> Iterator[CrawledWindow]:
    start, end = group[-1].start, group[0].end
    before = run.requests
    everyone = View(run, "all", start, end)
    first = everyone.fetch(1)
    if not first.rows or any(row.is_staff is not None for row in first.rows):
        for part in _parts(everyone, group):
            kept = _kept(part, None)
            yield _window(part.window, kept, part.undated, [everyone], run.requests - before)
            before = run.requests
        return
    staff, customer = View(run, "staff", start, end), View(run, "customer", start, end)
    firsts = {view.audience: view.fetch(1) for view in (staff, customer)}
    again = everyone.fetch(1)
    adds_up = firsts["staff"].total_count + firsts["customer"].total_count == first.total_count == again.total_count
    views = [staff, customer]
    streams = [_parts(view, group) for view in views]
    if not adds_up:
        views.append(everyone)
        streams.append(_parts(everyone, group))
    for parts in zip(*streams, strict=True):
        kept = [*_kept(parts[0], True), *_kept(parts[1], False)]
        if not adds_up:
            kept = [*kept, *_neither(parts[2], parts[:2])]
        yield _window(parts[0].window, kept, sum(p.undated for p in parts[:2]), views, run.requests - before)
        before = run.requests


def _parts(view: View, windows: list[Window]) -> Iterator[_Part]:
    waiting = list(windows)
    part = _Part(waiting.pop(0), [], 0)
    for page, placed in Sweep(view, several=len(windows) > 1).pages():
        for item in placed:
            while item.instant < part.window.start and waiting:
                yield part
                part = _Part(waiting.pop(0), [], 0)
            if item.instant < part.window.start:
                break
            if not part.pages or part.pages[-1][0] is not page:
                part.pages.append((page, []))
            part.pages[-1][1].append(item)
            part.undated += item.row.created_at is None
    yield part
    for window in waiting:
        yield _Part(window, [], 0)


def _kept(part: _Part, is_staff: bool | None) -> list[KeptPage]:
    return [
        KeptPage(
            page,
            tuple(KeptRow(item.row.index, item.row.is_staff if is_staff is None else is_staff) for item in placed),
        )
        for page, placed in part.pages
    ]


def _neither(everyone: _Part, parts: Sequence[_Part]) -> list[KeptPage]:
    """The rows of the unfiltered view that neither filtered view has, as multisets."""
    known = Counter(item.row.identity for part in parts for _, placed in part.pages for item in placed)
    kept = []
    for page, placed in everyone.pages:
        rows = []
        for item in placed:
            if known[item.row.identity] > 0:
                known[item.row.identity] -= 1
            else:
                rows.append(KeptRow(item.row.index, None))
        if rows:
            kept.append(KeptPage(page, tuple(rows)))
    return kept


def _window(window: Window, kept: list[KeptPage], undated: int, views: list[View], requests: int) -> CrawledWindow:
    proof = Proof(
        views={view.audience: {"first": view.first_total, "last": view.total} for view in views},
        requests=requests,
        perfect_pages=len(kept),
        moved=any(view.first_total != view.total for view in views),
        undated=undated,
        cleaned=sum(page.page.cleaned for page in kept),
        unresolved=sum(row.is_staff is None for page in kept for row in page.rows),
    )
    return CrawledWindow(window, tuple(kept), sum(len(page.rows) for page in kept), proof)

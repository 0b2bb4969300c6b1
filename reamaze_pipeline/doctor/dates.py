"""What is relied on of dates: they are honoured or ignored, and where they are honoured no message is left out.

They are asked for as the crawl does, with a second to spare on each side of what is wanted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise

from reamaze_pipeline.api.page import Page, Row
from reamaze_pipeline.crawl.reading.listing import PADDING
from reamaze_pipeline.doctor.findings import Expectation, Finding, several
from reamaze_pipeline.doctor.probe import Probe, settled
from reamaze_pipeline.doctor.sample import Sample

HONOURED = Expectation("start_date and end_date", "honoured, or ignored")
MEANT = Expectation("zone of dates", "the instants that are asked for, whatever zone they are written in")
ENDS = Expectation("ends of dates", "included or not, both will do")
PRECISE = Expectation("precision of dates", "a second or finer")
PARTED = Expectation("count between dates", "before and since a moment add up to all")

_FURTHER = (MEANT, ENDS, PRECISE, PARTED)
_HOLES = "days would lack messages at their edges: do not rely on what is loaded, and report it with a --bundle"
_AS_IGNORED = "treated as ignored: each day is searched for, at some more requests"
_NEVER = datetime(1990, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """What is known to lie between two instants, both included."""

    oldest: datetime
    newest: datetime
    rows: tuple[Row, ...]
    quiet: datetime
    """A moment that no known row is near."""


def of_dates(probe: Probe, sample: Sample) -> list[Finding]:
    """At most seven requests, and up to twice as many again where the list moves."""
    page = sample.middle
    stretch = _stretch(page) if page is not None else None
    if page is None or stretch is None:
        return [of.untold("there is no message with a time") for of in (HONOURED, *_FURTHER)]
    front = max(page.newest for page in sample.pages if page.newest is not None)
    found = settled(probe, partial(_dates, probe, page, front))
    if len(found) < len(_FURTHER):
        return [*found, *(of.untold(f"dates are {found[0].seen}") for of in _FURTHER[len(found) - 1 :])]
    return [*found, *settled(probe, lambda: [_parted(probe, stretch)])]


def _stretch(page: Page) -> _Stretch | None:
    """All but the first and the last instant of a page, whose rows may go on elsewhere."""
    instants = sorted({row.created_at for row in page.rows if row.created_at is not None})
    if not instants:
        return None
    inner = instants[1:-1] if len(instants) > 3 else instants
    rows = tuple(row for row in page.rows if row.created_at is not None and inner[0] <= row.created_at <= inner[-1])
    gap, before = max(((later - sooner, sooner) for sooner, later in pairwise(instants)), default=(None, instants[0]))
    return _Stretch(inner[0], inner[-1], rows, before + gap / 2 if gap else before - timedelta(days=1))


def _dates(probe: Probe, page: Page, front: datetime) -> list[Finding]:
    """As far as it makes sense to ask, around what a page holds; `front` is where the main list began."""
    now = probe.ask(number=page.number).page if probe.moved else page
    stretch = _stretch(now) if now is not None else None
    if stretch is None:
        return [HONOURED.untold("messages came or went meanwhile")]
    start, end = stretch.oldest - PADDING, stretch.newest + PADDING
    look = probe.ask(start=start, end=end)
    if look.page is None:
        return [HONOURED.broken(look.problem, _HOLES)]
    came, whole = look.page, probe.latest_total or 0
    outside = sum(row.created_at is not None and not start <= row.created_at <= end for row in came.rows)
    alike = abs(came.total_count - whole) <= max(3, whole // 100)
    as_without = came.newest is not None and came.newest >= front if outside else alike and _asks_for_nothing(probe)
    if alike and as_without:
        return [HONOURED.holds("ignored", "each day is searched for, at some more requests")]
    missing = _missing(stretch, came)
    if missing:
        of_all = several(len(stretch.rows), "row")
        seen = f"{missing:,} of {of_all} between two instants did not come{_shift(came, stretch)}"
        return [HONOURED.holds("honoured"), MEANT.broken(seen, _HOLES)]
    if outside:
        return [HONOURED.otherwise(f"in part: {several(outside, 'row')} outside the dates", _AS_IGNORED)]
    honoured = HONOURED.holds("honoured", "each day is asked for by itself")
    return [honoured, MEANT.holds(f"so for {several(len(stretch.rows), 'row')}"), *_edges(probe, stretch)]


def _asks_for_nothing(probe: Probe) -> bool:
    """Whether messages come for dates that none has."""
    look = probe.ask(start=_NEVER, end=_NEVER + PADDING)
    return look.page is not None and bool(look.page.rows)


def _missing(stretch: _Stretch, page: Page) -> int:
    """How many known rows did not come; where there are more pages, of those that belong on the first."""
    oldest = page.oldest
    due = [
        row.identity
        for row in stretch.rows
        if page.is_last or (row.created_at is not None and oldest is not None and row.created_at > oldest)
    ]
    return sum((Counter(due) - Counter(row.identity for row in page.rows)).values())


def _shift(page: Page, stretch: _Stretch) -> str:
    """How far what came is from what was asked for, in words."""
    if page.newest is None:
        return ", nor any other"
    hours = (page.newest - stretch.newest) / timedelta(hours=1)
    return f"; what came ends {abs(hours):.1f} h {'later' if hours > 0 else 'earlier'}" if abs(hours) >= 0.1 else ""


def _edges(probe: Probe, stretch: _Stretch) -> list[Finding]:
    exact = probe.ask(start=stretch.oldest, end=stretch.newest).page
    inside = probe.ask(start=stretch.oldest + _MILLISECOND, end=stretch.newest - _MILLISECOND).page
    if exact is None or inside is None or not exact.is_last:
        return [ENDS.untold("not all of the rows came"), PRECISE.untold("not all of the rows came")]
    came = {row.created_at for row in exact.rows}
    ends = [
        f"{name} {'included' if edge in came else 'left out'}"
        for name, edge in (("start_date is", stretch.oldest), ("end_date is", stretch.newest))
    ]
    rounded = {row.created_at for row in inside.rows} & {stretch.oldest, stretch.newest}
    fine = "to the millisecond" if not rounded else "coarser than a millisecond"
    return [ENDS.holds(", ".join(ends)), PRECISE.holds(fine if came else "finer than can be told")]


def _parted(probe: Probe, stretch: _Stretch) -> Finding:
    before = probe.latest_total
    since, until = probe.ask(start=stretch.quiet).page, probe.ask(end=stretch.quiet).page
    whole = probe.ask().page
    if since is None or until is None or whole is None:
        return PARTED.untold("not all of the lists came")
    seen = f"{until.total_count:,} and {since.total_count:,} of {whole.total_count:,}"
    if whole.total_count != before:
        return PARTED.untold(f"{seen}, while messages came or went")
    if since.total_count + until.total_count == whole.total_count:
        return PARTED.holds(seen)
    if whole.total_count in {since.total_count, until.total_count}:
        return PARTED.otherwise(f"{seen}: one of them is ignored when it comes alone", "both are always sent")
    return PARTED.broken(seen, _HOLES)

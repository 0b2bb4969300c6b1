"""What is relied on of pages: their envelope, size and order, a count that stays, an end."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from reamaze_pipeline.api.page import Page
from reamaze_pipeline.crawl.reading.chain import is_same
from reamaze_pipeline.crawl.reading.order import hash_of
from reamaze_pipeline.doctor.findings import Expectation, Finding, several
from reamaze_pipeline.doctor.probe import Probe, settled
from reamaze_pipeline.doctor.sample import Sample

_NOTHING_PROVEN = (
    "no day that holds such a page can be shown to be whole, and none is stored; "
    "REAMAZE_UNPROVEN=keep stores what can be had and marks the day"
)
_REFUSED = "such an answer is refused, and what it belongs to is not stored"

ENVELOPE = Expectation("envelope", "page_size, page_count, total_count as counts that agree, and a list of messages")
FULL = Expectation("rows a page", "page_size rows on each page but the last, as total_count promises")
SIZE = Expectation("page size", "the same on every page of every list")
INSIDE = Expectation("order on a page", "newest first")
ACROSS = Expectation("order of pages", "no page begins newer than the one in front of it ended")
STEADY = Expectation("total_count", "the same while nothing comes or goes")
LAST = Expectation("last page", "the rows that are left over, one at least")
BEYOND = Expectation("a page beyond the end", "an empty list, status 200")


def of_answers(probe: Probe, sample: Sample) -> list[Finding]:
    """What every answer promises of itself, whatever list it is of; what lies beyond the end promises nothing."""
    looks = [look for look in probe.final if look is not sample.beyond]
    pages = [look.page for look in looks if look.page is not None]
    # A refused parameter, an unknown slug or a page beyond the end is no broken envelope.
    refused = [look.problem for look in looks if look.page is None and look.answer.status == 200]
    refused += [note for page in pages for note in page.contradictions if note.startswith("page_count")]
    return [
        _told(ENVELOPE, refused, len(pages), _REFUSED, probe.mended),
        _told(FULL, _notes(pages, "rows are promised"), len(pages), _NOTHING_PROVEN),
        _told(INSIDE, _notes(pages, "not sorted"), len(pages), _NOTHING_PROVEN),
        _size(pages),
    ]


def of_list(probe: Probe, sample: Sample) -> list[Finding]:
    """What is relied on of the main list."""
    return [*settled(probe, lambda: [_order(probe, sample)]), _steady(sample), _last(sample), _beyond(sample)]


def _notes(pages: Iterable[Page], about: str) -> list[str]:
    return [f"page {page.number}: {note}" for page in pages for note in page.contradictions if about in note]


def _told(of: Expectation, against: list[str], pages: int, consequence: str, mended: int = 0) -> Finding:
    if against:
        return of.broken(f"not so in {several(len(against), 'answer')}; {against[0]}", consequence)
    if not pages:
        return of.untold("no page came")
    if mended > 0:
        seen = f"so in {several(pages, 'page')}, {mended} of them when asked for again"
        return of.otherwise(seen, "pages that contradict themselves are asked for up to three times")
    return of.holds(f"so on {several(pages, 'page')}")


def _size(pages: list[Page]) -> Finding:
    sizes = sorted({page.page_size for page in pages})
    if not sizes:
        return SIZE.untold("no page came")
    if len(sizes) > 1:
        return SIZE.broken(f"{sizes[0]} to {sizes[-1]}", "a crawl that sees it change ends, and nothing is stored")
    return SIZE.holds(f"{sizes[0]} rows")


def _order(probe: Probe, sample: Sample) -> Finding:
    wrong = _contradicting(sample.pages)
    if wrong is not None and probe.moved:  # a look at both in one breath
        one, other = (probe.ask(number=page.number).page for page in wrong)
        wrong = _contradicting([page for page in (one, other) if page is not None])
        if wrong is None:
            return ACROSS.holds("so where two pages were looked at in one breath; the list moves")
    if wrong is None:
        pairs = len({page.number for page in sample.pages})
        return ACROSS.holds(f"so on {several(pairs, 'page')}") if pairs > 1 else ACROSS.untold("there is one page")
    first, second = wrong
    if hash_of(first) == hash_of(second):
        return ACROSS.broken(
            f"pages {first.number} and {second.number} hold the same rows",
            f"something in front of Re:amaze, such as a cache, ignores the page number; {_NOTHING_PROVEN}",
        )
    return ACROSS.broken(f"page {second.number} begins newer than page {first.number} ended", _NOTHING_PROVEN)


def _contradicting(pages: list[Page]) -> tuple[Page, Page] | None:
    """Two pages of one count that are not of one sorted list."""
    for one, other in combinations(sorted(pages, key=lambda page: page.number), 2):
        if one.number == other.number or one.total_count != other.total_count or not one.rows or not other.rows:
            continue
        newer, older = one.oldest, other.newest
        if (newer is not None and older is not None and older > newer) or (
            one.page_size > 1 and hash_of(one) == hash_of(other)
        ):
            return one, other
    return None


def _steady(sample: Sample) -> Finding:
    first = [page for page in sample.pages if page.number == 1]
    totals = [page.total_count for page in sample.pages]
    if len(totals) < 2:
        return STEADY.untold("there is nothing to look at twice")
    if len(set(totals)) == 1:
        return STEADY.holds(f"{totals[0]:,} in {several(len(totals), 'answer')}")
    seen = f"{min(totals):,} to {max(totals):,} in {several(len(totals), 'answer')}"
    same = [row.identity for row in first[0].rows] == [row.identity for row in first[-1].rows]
    there_and_back = totals[0] == totals[-1] and len(first) > 1 and is_same(first[0], first[-1])
    if there_and_back or (same and max(totals) - min(totals) > max(3, totals[0] // 100)):
        return STEADY.broken(
            f"{seen}, while page 1 stayed as it was",
            "an estimated count proves nothing and days are refused; REAMAZE_UNPROVEN=keep stores and marks them",
        )
    return STEADY.holds(f"{seen}: messages come or go meanwhile")


def _last(sample: Sample) -> Finding:
    """Its rows agree with its own count, or `FULL` says so; here it is whether the list ends where it says."""
    ends = [page for page in sample.pages if page.number == page.page_count]
    if not ends:
        return LAST.untold("the list moved meanwhile" if any(sample.rows) else "the list is empty")
    end = ends[-1]
    rest = end.total_count - end.offset
    if len(end.rows) == rest:
        return LAST.holds(f"{several(rest, 'row')} on page {end.number}")
    return LAST.broken(f"{several(len(end.rows), 'row')} on page {end.number}, where {rest} are left", _NOTHING_PROVEN)


def _beyond(sample: Sample) -> Finding:
    look = sample.beyond
    if look is None:
        return BEYOND.untold("the list is empty")
    if look.page is not None and not look.page.rows:
        return BEYOND.holds("so")
    seen = (
        look.problem if look.page is None else f"{several(len(look.page.rows), 'row')} on page {look.question.number}"
    )
    return BEYOND.otherwise(
        seen, "a list that shrinks while its end is read makes that run fail; it is tried again, and nothing is lost"
    )

"""Who is staff, row by row: from the `staff?` flag, or from the lists of staff's and customers' messages.

Matching addresses against a list of agents would be wrong: shared inboxes appear as senders. What does not
belong here: reading a list (sweep, parts).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from reamaze_pipeline.api.page import Audience, Page
from reamaze_pipeline.api.parts import Part, parts
from reamaze_pipeline.api.view import View
from reamaze_pipeline.api.window import KeptPage, KeptRow, Window

_FILTERED: tuple[Audience, ...] = ("customer", "staff")
_INSTANT = timedelta(microseconds=1)


def by_flag(part: Part, open_view: Callable[[Audience, datetime, datetime], View]) -> list[KeptPage]:
    """The part's rows by their flag; rows without one are looked up in the two filtered lists.

    Only the instants in doubt are looked at there, and rows are matched as multisets of what never changes.
    """
    verdicts: dict[int, bool] = {}
    doubtful = [item for item in part.rows if item.row.is_staff is None]
    for audience in _FILTERED:
        if not doubtful:
            break
        found: Counter[bytes] = Counter()
        for start, end in _spans([item.instant for item in doubtful], part):
            view = open_view(audience, start, end)
            for narrow in parts(view, [Window(part.window.key, start, end)]):
                found.update(item.row.identity for item in narrow.rows)
        left = []
        for item in doubtful:
            if found[item.row.identity] > 0:
                found[item.row.identity] -= 1
                verdicts[id(item)] = audience == "staff"
            else:
                left.append(item)
        doubtful = left
    return [
        KeptPage(
            page,
            tuple(KeptRow(item.row.index, verdicts.get(id(item), item.row.is_staff)) for item in placed),
        )
        for page, placed in part.pages
    ]


def by_list(staff: Part, customer: Part, everyone: Part | None, met: Counter[bytes]) -> list[KeptPage]:
    """The rows of both filtered lists; reconciled with the unfiltered one where it had to be read.

    Rows in neither are kept from the unfiltered list, undecided; a row in both counts once, as staff. `met` is
    kept from window to window: undated rows counted already for a newer window than the unfiltered list says
    (their newer neighbour is nearer there).
    """
    if everyone is None:
        return [*_kept(staff, True), *_kept(customer, False)]
    known = Counter(item.row.identity for part in (staff, customer) for item in part.rows)
    listed = Counter(item.row.identity for item in everyone.rows)
    in_staff = Counter(item.row.identity for item in staff.rows)
    twice = (known - listed) & in_staff
    known += met
    met.clear()
    met.update(known - listed)
    return [
        *_kept(staff, True),
        *_kept(customer, False, leave_out=twice),
        *_kept(everyone, None, leave_out=known),
    ]


def _kept(part: Part, is_staff: bool | None, leave_out: Counter[bytes] | None = None) -> list[KeptPage]:
    """The part's rows with one verdict, without so many of each kind."""
    left_out = Counter(leave_out or ())
    pages: list[tuple[Page, list[KeptRow]]] = []
    for page, placed in part.pages:
        rows = []
        for item in placed:
            if left_out[item.row.identity] > 0:
                left_out[item.row.identity] -= 1
            else:
                rows.append(KeptRow(item.row.index, is_staff))
        if rows:
            pages.append((page, rows))
    return [KeptPage(page, tuple(rows)) for page, rows in pages]


def _spans(instants: Sequence[datetime], part: Part) -> list[tuple[datetime, datetime]]:
    """Stretches of time that cover the instants; those with at most two pages of rows between them are one."""
    order = {item.instant: place for place, item in enumerate(part.rows)}
    worth = 2 * part.pages[0][0].page_size
    spans: list[list[datetime]] = []
    for instant in sorted(set(instants), reverse=True):
        if spans and order[instant] - order[spans[-1][0]] <= worth:
            spans[-1][0] = instant
        else:
            spans.append([instant, instant])
    return [(max(first, part.window.start), last + _INSTANT) for first, last in spans]

"""Who is staff, row by row: from the `staff?` flag, or from the lists of staff's and customers' messages.

Matching addresses against a list of agents would be wrong: shared inboxes appear as senders. What does not
belong here: reading a list (sweep, parts) and rows without a flag (`unflagged`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from reamaze_pipeline.api.page import Page
from reamaze_pipeline.crawl.reading.parts import Part
from reamaze_pipeline.crawl.window import KeptPage, KeptRow


def by_flag(part: Part, verdicts: Mapping[int, bool]) -> list[KeptPage]:
    """The part's rows by their flag; `verdicts` are for rows without one, by the `id` of their place."""
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

"""Where moments lie in a list, counted from its oldest end: such a place stays what it is while messages arrive.

For whoever wants to know how many messages there are, without reading them. What does not belong here: where dates are
honoured, a count is asked for directly.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reamaze_pipeline.crawl.reading.listing import Listing
from reamaze_pipeline.crawl.reading.search import find_edge


@dataclass(frozen=True, slots=True)
class Edge:
    """How many messages are older than a moment, and the instants (aware, newest first) that one page shows of them."""

    older: int
    shown: tuple[datetime, ...]


class Places:
    """Searches a list for moments, at most `2 + ceil(log2 pages)` requests each; what was found is remembered."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._edges: dict[datetime, Edge] = {}

    def edge(self, moment: datetime) -> Edge:
        """Of an aware moment. A message without a readable time counts with the newer one in front of it."""
        if moment not in self._edges:
            self._edges[moment] = self._search(moment)
        return self._edges[moment]

    def _search(self, moment: datetime) -> Edge:
        listing = self._listing
        listing.aim(moment, moment)
        number = find_edge(listing)
        while True:
            page, _ = listing.take(number)
            for row in page.rows:
                if row.created_at is not None and row.created_at < moment:
                    behind = [other.created_at for other in page.rows[row.index :]]
                    shown = tuple(instant for instant in behind if instant is not None)
                    return Edge(page.total_count - page.offset - row.index, shown)
            if page.is_last:
                return Edge(0, ())
            number = page.number + 1

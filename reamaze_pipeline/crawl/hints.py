"""What a stored page still tells about places: where its rows stood, counted from the oldest end.

Deletions and late insertions move places, so a hint only says where to look first; the crawl checks it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from reamaze_pipeline.api.page import Audience, read_page
from reamaze_pipeline.crawl.crawl import Hint


def hints_of(audience: Audience, number: int, payload: str, fetched_at: datetime) -> Iterator[Hint]:
    """The first and the last dated row of a stored page; `payload` is the JSON text of the whole answer.

    A page that breaks a promise tells nothing of places.

    Raises:
        UnexpectedAnswer: the text is not a page.
    """
    page = read_page(payload.encode(), audience=audience, number=number, fetched_at=fetched_at, as_it_comes=True)
    if page.contradictions:
        return
    dated = [row for row in page.rows if row.created_at is not None]
    for row in {row.index: row for row in (*dated[:1], *dated[-1:])}.values():
        if row.created_at is not None:
            yield Hint(audience, row.created_at, page.total_count - page.offset - row.index)

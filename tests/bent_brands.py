"""A small brand whose answers can be bent in any way before they are sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from tests.served_rows import PAGE_SIZE, answered, row

NEWEST = datetime(2026, 3, 11, 12, tzinfo=UTC)
Query = dict[str, str]
Document = dict[str, Any]


def messages(count: int = 200) -> list[Document]:
    """Newest first, some minutes apart, by two agents and five customers in nine conversations."""
    made = []
    for number in range(count):
        staff = number % 3 == 0
        who = f"agent{number % 2}" if staff else f"customer{number % 5}"
        at = (NEWEST - timedelta(minutes=7 * number, milliseconds=number)).isoformat(timespec="milliseconds")
        made.append(
            row(f"body {number}", at, name=who, email=f"{who}@example.com", staff=staff, slug=f"s-{number % 9}")
        )
    return made


@dataclass
class Bent:
    """How answers are made. Each hook gets what it may bend and gives it back; `asked` are the queries so far."""

    rows: list[Document] = field(default_factory=messages)
    dates: bool = True
    query: Callable[[Query], Query] = lambda query: query
    chosen: Callable[[list[Document], Query], list[Document]] = lambda rows, _: rows
    envelope: Callable[[Document, Query], Any] = lambda document, _: document
    status: Callable[[Query], int] = lambda _: 200
    asked: list[Query] = field(default_factory=list)

    def answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        """Status and document."""
        given = {name: values[0] for name, values in query.items()}
        if "/conversations/" in path:
            given["conversation"] = unquote(path.split("/")[-2])
        self.asked.append(given)
        status = self.status(given)
        if status != 200:
            return status, {"error": "no"}
        given = self.query(dict(given))
        listed = self.chosen([each for each in self.rows if self._is_asked(each, given)], given)
        page = int(given["page"])
        document = {
            "page_size": PAGE_SIZE,
            "page_count": -(-len(listed) // PAGE_SIZE),
            "total_count": len(listed),
            "messages": listed[PAGE_SIZE * (page - 1) : PAGE_SIZE * page],
        }
        return 200, self.envelope(document, given)

    def _is_asked(self, each: Document, query: Query) -> bool:
        at = datetime.fromisoformat(each["created_at"]) if self.dates else NEWEST
        return not (
            (self.dates and "start_date" in query and at < datetime.fromisoformat(query["start_date"]))
            or (self.dates and "end_date" in query and at > datetime.fromisoformat(query["end_date"]))
            or ("filter" in query and each["user"]["staff?"] is not (query["filter"] == "staff"))
            or ("sent_by" in query and each["user"]["email"] != query["sent_by"])
            or ("conversation" in query and each["conversation"]["slug"] != query["conversation"])
        )


@contextmanager
def serving(bent: Bent) -> Iterator[str]:
    """The API root."""
    with answered(bent.answer) as root:
        yield root

"""Any list of messages as Re:amaze's GET /messages on loopback, as it stands: what no sandbox would make up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE_SIZE = 30


def row(
    body: str,
    created_at: object,
    *,
    name: str | None = "Cleo",
    email: str | None = "cleo@example.com",
    staff: bool = False,
    slug: str | None = "a-question",
    began: object = None,
    **fields: object,
) -> dict[str, Any]:
    """A message; its conversation began with it unless told otherwise."""
    return {
        "body": body,
        "visibility": 0,
        "origin": 1,
        "created_at": created_at,
        "user": {"name": name, "email": email, "staff?": staff},
        "recipients": [],
        "attachments": [],
        "conversation": {
            "subject": "A question",
            "slug": slug,
            "created_at": created_at if began is None else began,
            "category": {"name": "Support", "slug": "support", "email": "support@example.com", "channel": 1},
        },
        **fields,
    }


@contextmanager
def served(rows: Sequence[Any], instants: Sequence[datetime] | None = None) -> Iterator[str]:
    """The API root that serves ``rows``, newest first, 30 a page; with their ``instants`` (aware) it honours dates."""
    with answered(lambda _, query: (200, _answer(rows, instants, query))) as root:
        yield root


@contextmanager
def answered(answer: Callable[[str, dict[str, list[str]]], tuple[int, Any]]) -> Iterator[str]:
    """The API root that answers so: given path and query, a status and what is sent as JSON."""

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            status, document = answer(address.path, parse_qs(address.query))
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.daemon_threads = True
        serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/api/v1"
        finally:
            server.shutdown()
            serving.join()


def _answer(
    rows: Sequence[Any], instants: Sequence[datetime] | None, query: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    number = int(query.get("page", ["1"])[0])
    listed = list(rows)
    if instants is not None and "start_date" in query:
        first, last = (datetime.fromisoformat(query[name][0]) for name in ("start_date", "end_date"))
        listed = [each for each, instant in zip(rows, instants, strict=True) if first <= instant <= last]
    if side := query.get("filter"):
        listed = [each for each in listed if (each["user"] or {}).get("staff?") is (side == ["staff"])]
    return {
        "page_size": PAGE_SIZE,
        "page_count": -(-len(listed) // PAGE_SIZE),
        "total_count": len(listed),
        "messages": listed[PAGE_SIZE * (number - 1) : PAGE_SIZE * number],
    }

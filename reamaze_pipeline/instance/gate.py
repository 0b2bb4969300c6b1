"""What stands before Dagster's server: it answers to its own name alone, and changes nothing because of a mere link.

Dagster's server has no login; on loopback every page that the user's browser shows can reach it. It would answer a
foreign name that resolves to 127.0.0.1, run a mutation out of an image's address, and take a form from anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qs, urlsplit

from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse
from starlette.types import ASGIApp, Receive, Scope, Send

_ELSEWHERE = {"cross-site", "same-site"}
_LOOKING = {"GET", "HEAD", "OPTIONS"}


class Gate:
    """The app behind a gate that knows its own addresses. Refusals are 403 with one line that says why."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}
        if port == 80:
            self._hosts |= {"127.0.0.1", "localhost", "[::1]"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        why = self._refusal(scope) if scope["type"] in {"http", "websocket"} else None
        if why is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": why})
        else:
            headers = [(b"content-type", b"text/plain; charset=utf-8")]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": f"{why}\n".encode()})

    def _refusal(self, scope: Scope) -> str | None:
        if [host.lower() for host in _values(scope, b"host")] not in [[host] for host in self._hosts]:
            return "this server answers to its own address alone"
        if any(urlsplit(origin).netloc.lower() not in self._hosts for origin in _values(scope, b"origin")):
            return "a page of another site may not ask this server"
        looking = scope["type"] == "http" and scope["method"] in _LOOKING
        asking = scope["path"].rstrip("/").endswith("/graphql")
        if (asking or not looking) and _ELSEWHERE & set(_values(scope, b"sec-fetch-site")):
            return "a page of another site may not ask this server"
        if looking and asking and _changes(parse_qs(scope["query_string"].decode("latin-1")).get("query", [])):
            return "a GET may not change anything"
        return None


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def _changes(documents: Iterable[str]) -> bool:
    """Whether one of the GraphQL documents does more than look, or cannot be read."""
    for document in documents:
        try:
            operations = [node for node in parse(document).definitions if isinstance(node, OperationDefinitionNode)]
        except GraphQLError:
            return True
        if any(operation.operation is not OperationType.QUERY for operation in operations):
            return True
    return False

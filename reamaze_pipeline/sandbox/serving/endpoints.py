"""Re:amaze's two message endpoints as a Starlette app: login, `Accept`, parameters, envelope, error bodies.

The order is a real server's: failures, login, brand, limit, `Accept`, parameters, answer. Each answer is one
moment of the history: rows and counts are read under its lock, after the drift has had its turn.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import ipaddress
import json
import math
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from importlib import resources
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reamaze_pipeline.sandbox.history import History
from reamaze_pipeline.sandbox.options import SandboxOptions
from reamaze_pipeline.sandbox.serving.broken import Reset, Truncated
from reamaze_pipeline.sandbox.serving.faults import Failure, Faults
from reamaze_pipeline.sandbox.serving.query import MalformedQueryError, read_query

PREFIX = "/api/v1"


@dataclass
class RequestSeen:
    """One request to the API: its number from 1, path, parameters, and the status answered (0: no answer)."""

    ordinal: int
    path: str
    query: dict[str, str]
    status: int = 0


class RequestLog:
    """Requests seen, in order of arrival; safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: list[RequestSeen] = []

    def arrive(self, path: str, query: dict[str, str]) -> RequestSeen:
        """Note a request; its status is filled in when it is answered."""
        with self._lock:
            seen = RequestSeen(len(self._seen) + 1, path, query)
            self._seen.append(seen)
            return seen

    def all(self) -> list[RequestSeen]:
        """The requests so far."""
        with self._lock:
            return list(self._seen)

    def reset(self) -> None:
        """Forget them; the next request is number 1 again."""
        with self._lock:
            self._seen = []


def reply(content: Any, status: int = 200, **headers: str) -> Response:
    """JSON as UTF-8; a text that UTF-8 cannot hold (half a surrogate pair) makes it escaped ASCII."""
    try:
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        body = json.dumps(content, separators=(",", ":")).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(body, status, named, media_type="application/json; charset=utf-8")


def refuse(status: int, error: str, **headers: str) -> HTTPException:
    """An error answer with the body `{"error": text}`."""
    return HTTPException(status, error, {name.replace("_", "-"): value for name, value in headers.items()})


class Api:
    """The endpoints over one history."""

    def __init__(self, options: SandboxOptions, history: History, faults: Faults, log: RequestLog) -> None:
        self.options, self.history, self.faults, self.log = options, history, faults, log
        self._example = _example(options)

    def routes(self) -> list[Route]:
        """Both endpoints, bare, with a trailing slash, and with `.json`."""
        paths = ("/messages", "/conversations/{slug:path}/messages")  # a slug may hold an encoded slash
        return [
            Route(f"{PREFIX}{path}{ending}", self.serve, methods=["GET"])
            for path in paths
            for ending in ("", "/", ".json")
        ]

    async def serve(self, request: Request) -> Response:
        """One request from arrival to answer; the latency is the whole of it, the work on the answer included."""
        clock = asyncio.get_running_loop()
        due = clock.time() + self.faults.latency_ms / 1000
        seen = self.log.arrive(request.url.path, dict(request.query_params))
        try:
            response = await self._respond(request, seen)
            seen.status = 0 if isinstance(response, Reset) else response.status_code
        except HTTPException as error:
            seen.status = error.status_code
            raise
        finally:
            if clock.time() < due:
                await asyncio.sleep(due - clock.time())
        return response

    async def _respond(self, request: Request, seen: RequestSeen) -> Response:
        failure = self.faults.next_failure()
        if failure is None:
            return self._answer(request, seen.ordinal)
        if failure == "hang":
            await asyncio.sleep(self.faults.hang_seconds)
            return self._answer(request, seen.ordinal)
        if failure == "truncated":
            return Truncated(self._answer(request, seen.ordinal))
        return Reset() if failure == "reset" else _failed(failure, self.faults.failure_retry_after)

    def _answer(self, request: Request, ordinal: int) -> Response:
        self._check_login(request)
        self._check_brand(request)
        self._check_limit()
        self._check_accept(request)
        slug = request.path_params.get("slug")
        try:
            query = read_query(request.query_params, self.options, slug)
        except MalformedQueryError as error:
            return reply({"errors": error.errors}, 422)
        with self.history.lock:
            self.faults.move_rows(ordinal, self.history)
            if slug is not None and not self.history.knows(slug):
                raise refuse(404, "Conversation not found")
            if self._example is not None and slug is None:
                return reply(self._example if query.page == 1 else self._example | {"messages": []})
            view = query.cut(self.history.view(query.key), self.options)
            size, total = self.options.page_size, len(view.rows)
            rows = view.rows[(query.page - 1) * size : query.page * size].tolist()
            envelope: dict[str, Any] = {
                "page_size": size,
                "page_count": math.ceil(total / size),
                "total_count": total,
                "messages": [self.history.message(row, original_body=query.original_body) for row in rows],
            }
        return reply(self.faults.tamper(envelope) if self.faults.tamper else envelope)

    def _check_login(self, request: Request) -> None:
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            login = base64.b64decode(encoded, validate=True) if scheme.lower() == "basic" else b""
        except binascii.Error:
            login = b""
        email, _, token = login.partition(b":")
        known = (self.options.email.encode(), self.options.restricted_email.encode())
        if email.lower() not in [name.lower() for name in known] or not hmac.compare_digest(
            token, self.options.token.encode()
        ):
            raise refuse(401, "HTTP Basic: Access denied.", WWW_Authenticate='Basic realm="Reamaze API"')
        if email.lower() == self.options.restricted_email.encode().lower():
            raise refuse(403, "You are not allowed to read messages.")

    def _check_brand(self, request: Request) -> None:
        host = request.headers.get("host", "").lower()
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        if name.partition(".")[0] not in ("localhost", self.options.brand.lower()) and not _is_address(name):
            raise refuse(404, "Brand not found")

    def _check_limit(self) -> None:
        wait = self.faults.over_limit()
        limit = self.faults.rate_limit
        if wait is None or limit is None:
            return
        headers = {}
        if limit.retry_after == "seconds":
            headers["Retry_After"] = str(math.ceil(wait))
        elif limit.retry_after == "date":
            again = datetime.now(UTC) + timedelta(seconds=math.ceil(wait))
            headers["Retry_After"] = format_datetime(again, usegmt=True)
        raise refuse(429, "Rate limit exceeded. Please try again later.", **headers)

    @staticmethod
    def _check_accept(request: Request) -> None:
        ranges = {part.partition(";")[0].strip().lower() for part in request.headers.get("accept", "").split(",")}
        if not request.url.path.endswith(".json") and not ranges & {
            "application/json",
            "application/*",
            "*/*",
        }:
            raise refuse(406, "Ask for JSON with the header Accept: application/json.")


def build_app(api: Api, controls: list[Route]) -> Starlette:
    """The app: the API, the sandbox's own controls, and JSON for every error."""
    app = Starlette(routes=[*api.routes(), *controls], exception_handlers={HTTPException: _error})
    app.router.redirect_slashes = False
    return app


async def _error(request: Request, error: Exception) -> Response:
    del request
    if not isinstance(error, HTTPException):
        raise error
    response = reply({"error": error.detail}, error.status_code)
    response.headers.update(error.headers or {})
    return response


HTML = b"<!DOCTYPE html><html><head><title>Re:amaze</title></head><body><h1>Be right back</h1></body></html>"


def _failed(failure: Failure, retry_after: str | None) -> Response:
    """The answer that a failure stands for."""
    answers = {
        "html200": Response(HTML, 200, media_type="text/html"),
        "error200": reply({"error": "Something went wrong"}),
        "not_json": Response(b"OK", 200, media_type="text/plain"),
        "empty": Response(b"", 200, media_type="application/json"),
        "redirect": Response(b"", 302, {"Location": "https://login.example/sign_in"}),
        "422": reply({"errors": {"base": ["could not be processed"]}}, 422),
    }
    if failure in answers:
        return answers[failure]
    status = int(failure)
    proxy = status >= 502 or status in (408, 425)  # not Re:amaze's own words, but those of what stands before it
    response = Response(HTML, status, media_type="text/html") if proxy else reply({"error": "Failed"}, status)
    if retry_after is not None and status in (429, 503):
        response.headers["Retry-After"] = retry_after
    return response


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _example(options: SandboxOptions) -> dict[str, Any] | None:
    if options.example is None:
        return None
    file = resources.files("reamaze_pipeline.sandbox") / "examples" / f"messages_{options.example}.json"
    example: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return example

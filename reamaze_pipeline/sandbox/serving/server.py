"""The sandbox as a server on loopback: in a thread for tests and demo, or in the foreground as a process."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import signal
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Self

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from reamaze_pipeline.sandbox.history import History, Truth
from reamaze_pipeline.sandbox.options import SandboxOptions
from reamaze_pipeline.sandbox.serving.broken import TRANSPORT
from reamaze_pipeline.sandbox.serving.controls import Controls
from reamaze_pipeline.sandbox.serving.endpoints import PREFIX, Api, RequestLog, RequestSeen, build_app
from reamaze_pipeline.sandbox.serving.faults import Faults

START_SECONDS = 10.0
GRACE_SECONDS = 0.5
TICK_SECONDS = 0.02
ACCEPTING_ROUNDS = 10
"""Rounds of the loop in which a connection that was just being accepted at the end turns up, to be broken too."""


class Sandbox:
    """An embedded Re:amaze, serving while it is entered.

    `rows` replaces the generated history by hand-made message dicts (see `History.insert`). `port` 0 takes a
    free one. Raises ValueError for a `host` that is not loopback, OSError where the port is taken.
    """

    def __init__(
        self,
        options: SandboxOptions | None = None,
        *,
        rows: Iterable[Mapping[str, Any]] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self._host, self._port = _loopback(host), port
        given = options or SandboxOptions()
        self.options = replace(given, end=given.end_instant())
        self.history = History(self.options, rows)
        self.faults = Faults.of(self.options)
        self._log = RequestLog()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def email(self) -> str:
        """The login that is let in."""
        return self.options.email

    @property
    def token(self) -> str:
        """Its API token."""
        return self.options.token

    @property
    def url(self) -> str:
        """The API's root, such as `http://127.0.0.1:40123/api/v1`."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}{PREFIX}"

    @property
    def requests(self) -> list[RequestSeen]:
        """Requests to the API since the start or the last reset, in order of arrival."""
        return self._log.all()

    def reset_requests(self) -> None:
        """Forget the requests seen; the next one is number 1 (for plans and scripts too)."""
        self._log.reset()

    def truth(self, start: datetime | None = None, end: datetime | None = None) -> Iterator[Truth]:
        """The rows now in the list, newest first, with who wrote them; see `History.truth`."""
        return self.history.truth(start, end)

    def __enter__(self) -> Self:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # The protocol is named because asyncio turns Nagle's delay off only where it is.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self._host, self._port))
            listener.listen(128)
        except OSError:
            listener.close()
            raise
        self._port = listener.getsockname()[1]
        transports: dict[tuple[str, int], asyncio.Transport] = {}
        api = Api(self.options, self.history, self.faults, self._log)
        app = build_app(api, Controls(self.options, self.history, self.faults, self._log).routes())
        config = uvicorn.Config(
            _WithTransport(app, transports),
            http=_protocol(transports),
            loop="asyncio",
            lifespan="off",
            ws="none",
            log_config=None,
            log_level="critical",
            access_log=False,
            proxy_headers=False,
            server_header=False,
        )
        self._server = _Server(config, transports)
        self._thread = threading.Thread(
            target=self._run, args=(self._server, listener), name="reamaze-sandbox", daemon=True
        )
        self._thread.start()
        for _ in range(int(START_SECONDS / 0.005)):
            if self._server.started:
                return self
            if not self._thread.is_alive():
                break
            self._thread.join(0.005)
        self.__exit__()
        raise OSError(f"the sandbox did not start on port {self._port}")

    def __exit__(self, *_: object) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
        self._server = self._thread = None

    @staticmethod
    def _run(server: uvicorn.Server, listener: socket.socket) -> None:
        with contextlib.closing(listener):
            server.run(sockets=[listener])


def serve_forever(
    options: SandboxOptions,
    port: int = 0,
    on_ready: Callable[[Sandbox], None] | None = None,
    *,
    host: str = "127.0.0.1",
) -> None:
    """Serve until SIGINT or SIGTERM, then stop cleanly; call from the main thread.

    `on_ready` gets the sandbox once it answers. Raises OSError for a taken port, ValueError off loopback.
    """
    stop = threading.Event()
    before = {name: signal.signal(name, lambda *_: stop.set()) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        with Sandbox(options, host=host, port=port) as sandbox:
            if on_ready is not None:
                on_ready(sandbox)
            stop.wait()
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


class _Server(uvicorn.Server):
    """uvicorn's server, which starts and stops in milliseconds where the original takes a fifth of a second."""

    def __init__(self, config: uvicorn.Config, transports: dict[tuple[str, int], asyncio.Transport]) -> None:
        super().__init__(config)
        self._transports = transports

    async def main_loop(self) -> None:
        """Serve until told to stop."""
        counter = 0
        while not await self.on_tick(counter):
            counter = (counter + 1) % 1000
            await asyncio.sleep(TICK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let answers under way finish for a moment, then break what is still open."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        patience = GRACE_SECONDS
        while self.server_state.connections and patience > 0:
            await asyncio.sleep(TICK_SECONDS / 4)
            patience -= TICK_SECONDS / 4
        for _ in range(ACCEPTING_ROUNDS):
            for transport in list(self._transports.values()):
                transport.abort()
            await asyncio.sleep(0)


class _WithTransport:
    """Hands the connection's transport to the app, for the answers that break it."""

    def __init__(self, app: ASGIApp, transports: dict[tuple[str, int], asyncio.Transport]) -> None:
        self._app, self._transports = app, transports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, TRANSPORT: self._transports.get(tuple(scope["client"]))}, receive, send)


def _protocol(transports: dict[tuple[str, int], asyncio.Transport]) -> type[H11Protocol]:
    """uvicorn's protocol, which also keeps each connection's transport by the client's address."""

    class Reachable(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            if self.client is not None:
                transports[self.client] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            if self.client is not None:
                transports.pop(self.client, None)

    return Reachable


def _loopback(host: str) -> str:
    address = "127.0.0.1" if host == "localhost" else host
    try:
        is_loopback = ipaddress.ip_address(address).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise ValueError(f"the sandbox serves on loopback only, not on {host!r}: use 127.0.0.1")
    return address

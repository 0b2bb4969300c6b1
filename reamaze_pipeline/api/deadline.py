"""A moment by which a whole answer must be there, status line, headers and body alike.

A read timeout bounds the silence between two bytes only: a byte a second would never end. So every read of a
connection waits no longer than what is left of the answer's time. What does not belong here: how long that is
(`retry`), and how large an answer may be (`body`).
"""

from __future__ import annotations

import io
import socket
import time
from contextvars import ContextVar
from functools import lru_cache
from http.client import HTTPResponse
from typing import Any, cast

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection

_due: ContextVar[float] = ContextVar("_due", default=float("inf"))


def begin(seconds: float) -> float:
    """From now on this thread's answers are due in so many seconds; returns the moment, in `time.monotonic()`."""
    due = time.monotonic() + seconds
    _due.set(due)
    return due


class DeadlineAdapter(HTTPAdapter):
    """Connections, those through a proxy too, whose answers keep to what `begin` said."""

    def get_connection_with_tls_context(self, request: PreparedRequest, *args: Any, **options: Any) -> Any:
        """The pool for a request; its connections read against the clock."""
        pool: Any = super().get_connection_with_tls_context(request, *args, **options)
        if not hasattr(pool.ConnectionCls, "keeps_deadlines"):
            pool.ConnectionCls = _keeping(pool.ConnectionCls)
        return pool


@lru_cache
def _keeping(kind: type[HTTPConnection]) -> type[HTTPConnection]:
    """The pool's own kind of connection, for http, https or a proxy, that reads through `_Answer`."""
    return type(kind.__name__, (kind,), {"response_class": _Answer, "keeps_deadlines": True})


class _Answer(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_Timed(cast("socket.SocketIO", self.fp.detach()), sock))


class _Timed(io.RawIOBase):
    """The bytes of one connection; each read waits until the answer is due at most."""

    def __init__(self, source: socket.SocketIO, sock: socket.socket) -> None:
        self._source = source
        self._sock = sock
        self._silence = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = _due.get() - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left if self._silence is None else min(left, self._silence))
        return self._source.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._source.close()
        super().close()

"""Answers that HTTP has no words for: a body cut short, a connection reset. When to give one is `endpoints`'s."""

from __future__ import annotations

import asyncio
import socket
import struct

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

TRANSPORT = "reamaze_sandbox.transport"
"""The key under which the server hands over the connection's asyncio transport."""


class Reset(Response):
    """No answer: the connection is reset."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive, send
        transport: asyncio.Transport = scope[TRANSPORT]
        linger_not = struct.pack("ii", 1, 0)  # close() then sends RST, not FIN
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_not)
        transport.abort()


class Truncated(Response):
    """A true answer whose connection closes in the middle of the body."""

    def __init__(self, whole: Response) -> None:
        super().__init__(whole.body, whole.status_code, media_type=whole.media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        transport: asyncio.Transport = scope[TRANSPORT]
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        transport.close()

"""Receivers on loopback: a webhook as Slack's, and as much of a mail server as one mail needs."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer


@contextmanager
def webhook(status: int = 200) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A receiver as Slack's, and what it got."""
    got: list[dict[str, str]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/services/secret-word", got
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def mail_server() -> Iterator[tuple[str, list[str]]]:
    """As much of SMTP as one mail needs, and the mails."""
    mails: list[str] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rwb", 0) as stream:
            stream.write(b"220 here\r\n")
            for line in iter(stream.readline, b""):
                if line.upper().startswith(b"DATA"):
                    stream.write(b"354 go on\r\n")
                    mails.append(b"".join(iter(stream.readline, b".\r\n")).decode())
                elif line.upper().startswith(b"QUIT"):
                    stream.write(b"221 bye\r\n")
                    return
                stream.write(b"250 fine\r\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with listening:
        yield f"smtp://127.0.0.1:{listening.getsockname()[1]}", mails
        thread.join(30)

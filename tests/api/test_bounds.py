"""No answer lasts for ever or takes all memory: whatever a server does, the error says which bound it met."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator

import pytest

from reamaze_pipeline.api.client import ReamazeClient, RetryPolicy
from reamaze_pipeline.errors import ApiUnavailable, UnexpectedAnswer
from reamaze_pipeline.sandbox import Sandbox, SandboxOptions

QUICK = RetryPolicy(first_wait=0.001, unreadable_attempts=2)
Answering = Callable[[Callable[[socket.socket], None]], str]


@pytest.fixture
def answering() -> Iterator[Answering]:
    """Serves every connection with a function that writes what it likes; returns the API root."""
    listener = socket.create_server(("127.0.0.1", 0))

    def start(write: Callable[[socket.socket], None]) -> str:
        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, contextlib.suppress(OSError):
                        connection.recv(65536)
                        write(connection)

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1"

    yield start
    with contextlib.suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def drip(*, head: bool) -> Callable[[socket.socket], None]:
    def write(connection: socket.socket) -> None:
        connection.sendall(HEAD + (b"X-Slow: " if head else b"Content-Length: 100000\r\n\r\n"))
        while True:
            connection.sendall(b"a")
            time.sleep(0.01)

    return write


def endless(head: bytes, piece: bytes) -> Callable[[socket.socket], None]:
    def write(connection: socket.socket) -> None:
        connection.sendall(HEAD + head + b"\r\n")
        while True:
            connection.sendall(piece)

    return write


def bomb(connection: socket.socket) -> None:
    """A hundred megabytes of spaces in a hundred kilobytes, compressed on the way."""
    packer = zlib.compressobj(9, wbits=31)
    connection.sendall(HEAD + b"Content-Encoding: gzip\r\n\r\n" + packer.compress(b"["))
    for _ in range(100):
        connection.sendall(packer.compress(b" " * 1_000_000))


@pytest.mark.parametrize("head", [True, False], ids=["headers", "body"])
def test_an_answer_that_drips_is_given_up(answering: Answering, head: bool) -> None:
    url = answering(drip(head=head))
    with (
        ReamazeClient(url, "a", "b", retry=QUICK, answer_seconds=0.1) as client,
        pytest.raises(ApiUnavailable, match=r"not whole after 0\.1 s.*REAMAZE_ANSWER_SECONDS"),
    ):
        client.page()
    assert client.traffic.requests == 2


@pytest.mark.parametrize(
    "write",
    [
        endless(b"", b" " * 65536),
        endless(b"Transfer-Encoding: chunked\r\n", b"10000\r\n" + b" " * 65536 + b"\r\n"),
        endless(b"Content-Length: 90000000000\r\n", b" " * 65536),
        bomb,
    ],
    ids=["until closed", "chunked", "length", "gzip"],
)
def test_an_answer_that_is_too_large_is_refused_with_little_memory(
    answering: Answering, write: Callable[[socket.socket], None]
) -> None:
    url = answering(write)
    tracemalloc.start()
    try:
        with (
            ReamazeClient(url, "a", "b", retry=QUICK, answer_megabytes=3) as client,
            pytest.raises(UnexpectedAnswer, match=r"larger than 3 MB.*REAMAZE_ANSWER_MEGABYTES"),
        ):
            client.page()
        assert client.traffic.requests == 1
    finally:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert most < 16_000_000


def test_an_error_without_end_is_read_no_further_than_its_words(answering: Answering) -> None:
    def write(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 503 Busy\r\n\r\n")
        while True:
            connection.sendall(b" " * 65536)

    retry = RetryPolicy(first_wait=0.001, attempts=2)
    with (
        ReamazeClient(answering(write), "a", "b", retry=retry) as client,
        pytest.raises(ApiUnavailable, match="503"),
    ):
        client.page()


def test_a_compressed_page_and_a_page_in_chunks_are_pages(answering: Answering) -> None:
    page = b'{"page_size": 30, "page_count": 0, "total_count": 0, "messages": []}'
    small = gzip.compress(page)
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (small[:9], small[9:])) + b"0\r\n\r\n"

    def write(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)

    with ReamazeClient(answering(write), "a", "b", retry=QUICK) as client:
        assert client.page().total_count == 0


def test_thirty_messages_with_large_bodies_pass() -> None:
    rows = [
        {"body": "x" * 900_000, "created_at": f"2026-01-01T00:00:{second:02}Z", "origin": 1, "visibility": 0}
        for second in range(30)
    ]
    with Sandbox(SandboxOptions(), rows=rows) as sandbox, ReamazeClient(sandbox.url, *login(sandbox)) as client:
        assert len(client.page().rows) == 30


def test_connections_are_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    connect = socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", lambda s, to: (opened.append(to), connect(s, to))[1])
    with Sandbox(SandboxOptions(messages=90)) as sandbox, ReamazeClient(sandbox.url, *login(sandbox)) as client:
        for number in (1, 2, 3, 1):
            client.page("all", number)
    assert len(opened) == 1


def login(sandbox: Sandbox) -> tuple[str, str]:
    return sandbox.email, sandbox.token

"""Connections to the DuckDB file: opened late, closed first, and waited for briefly.

DuckDB lets one process write, or many read. Whoever meets the other's lock waits a short, bounded while; any
other reason why a file does not open is final and is raised at once. What is done with a connection does not
belong here.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import duckdb
from dagster_duckdb import DuckDBResource

from reamaze_pipeline.warehouse.errors import DatabaseLocked, DatabaseUnavailable

WAIT_SECONDS = 20.0
"""How long a locked file is waited for. Our own writes hold it for well under a second each."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.5
_AGENT = "dagster"  # what DuckDBResource sends; handles of one process must agree on their configuration
_HOLDER = re.compile(r"lock is held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")
_IN_THIS_PROCESS = re.compile("different configuration|Unique file handle conflict")

_writer = threading.Lock()
_opening = threading.Lock()


@contextmanager
def reading(database: str | Path, wait_seconds: float = WAIT_SECONDS) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection whose session time zone is UTC.

    Raises `DatabaseUnavailable` at once for a file that is absent or not DuckDB's, `DatabaseLocked` when a
    writer keeps it for longer than ``wait_seconds``.
    """
    path = Path(database)
    if not path.exists():
        msg = f"There is no database at {path}; materialize something first or correct the path."
        raise DatabaseUnavailable(msg)
    with _opened(path, "READ_ONLY", wait_seconds) as connection:
        yield connection


@contextmanager
def writing(database: str | Path, wait_seconds: float = WAIT_SECONDS) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that may write, session time zone UTC; creates the file and its folder.

    Keep it for the write alone: nobody else can read meanwhile. One thread of this process writes at a time.
    Raises as `reading` does.
    """
    path = Path(database)
    _make_folder(path)
    if not _writer.acquire(timeout=wait_seconds):
        msg = f"{path} was being written by another thread of this process for {wait_seconds:g} s; try again."
        raise DatabaseLocked(msg)
    try:
        with _opened(path, "READ_WRITE", wait_seconds) as connection:
            yield connection
    finally:
        _writer.release()


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All of the block happens, or nothing of it."""
    connection.execute("BEGIN")
    try:
        yield
    except BaseException:
        with suppress(duckdb.Error):  # a broken transaction is rolled back by closing the connection
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        msg = f"The folder {path.parent} of the database cannot be made ({error.strerror}); correct the path."
        raise DatabaseUnavailable(msg) from error


@contextmanager
def _opened(path: Path, access_mode: str, wait_seconds: float) -> Iterator[duckdb.DuckDBPyConnection]:
    connection, closing_it = _wait_for(path, access_mode, wait_seconds)
    with closing_it:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def _wait_for(path: Path, access_mode: str, wait_seconds: float) -> tuple[duckdb.DuckDBPyConnection, ExitStack]:
    deadline = time.monotonic() + wait_seconds
    pause = _FIRST_PAUSE
    while True:
        try:
            return _connect(path, access_mode)
        except (duckdb.IOException, duckdb.ConnectionException, duckdb.BinderException) as error:
            holder = _holder(error)
            if holder is None:
                raise DatabaseUnavailable(_why(path, error)) from error
            left = deadline - time.monotonic()
            if left <= 0:
                msg = f"{path} is held by {holder}; waited {wait_seconds:g} s. Close that or try again later."
                raise DatabaseLocked(msg) from error
            time.sleep(min(left, pause * random.uniform(0.5, 1.5)))  # noqa: S311 (jitter, not a secret)
            pause = min(pause * 2, _LONGEST_PAUSE)


def _connect(path: Path, access_mode: str) -> tuple[duckdb.DuckDBPyConnection, ExitStack]:
    # The resource would wait up to 102 s on any IO error, a wrong path included. So the file is opened here,
    # with our own patience; the resource's handle then joins the open database and cannot meet a lock. One thread
    # at a time: DuckDB's register of open files takes no two modes at once.
    config = {"access_mode": access_mode}
    with _opening, ExitStack() as stack:
        stack.enter_context(closing(duckdb.connect(str(path), config={"custom_user_agent": _AGENT, **config})))
        resource = DuckDBResource(database=str(path), connection_config=config)
        connection = stack.enter_context(resource.get_connection())
        stack.enter_context(closing(connection))
        return connection, stack.pop_all()


def _holder(error: duckdb.Error) -> str | None:
    """Who holds the file, or None if the error is not about a lock."""
    text = str(error)
    if held := _HOLDER.search(text):
        return f"{held['program']} (process {held['pid']})"
    if "Could not set lock" in text:
        return "another program"
    return "another thread of this process" if _IN_THIS_PROCESS.search(text) else None


def _why(path: Path, error: duckdb.Error) -> str:
    text = " ".join(str(error).split())
    if "not a valid DuckDB database" in text:
        return f"{path} is not a DuckDB database; name another file."
    if path.is_dir():
        return f"{path} is a folder; name a file inside it."
    if path.exists():
        return f"{path} cannot be opened: {text.removeprefix('IO Error: ')}"
    return f"{path} cannot be created; check the folder's permissions or correct the path."

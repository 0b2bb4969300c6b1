"""Connections to the DuckDB file: opened late, closed first, and waited for briefly.

DuckDB lets one process write, or many read. Whoever meets the other's lock waits a short, bounded while; any
other reason why a file does not open is final and is raised at once. Files are attached to one DuckDB that
lives as long as the process: starting one takes ten times as long as attaching a file. What is done with a
connection does not belong here.
"""

from __future__ import annotations

import os
import random
import re
import tempfile
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

import duckdb
from dagster_duckdb import DuckDBResource

from reamaze_pipeline.warehouse.errors import DatabaseLocked, DatabaseUnavailable
from reamaze_pipeline.warehouse.table import literal, quoted

WAIT_SECONDS = 20.0
"""How long a locked file is waited for. Our own writes hold it for well under a second each."""

ROWS_PER_GROUP = 30_720
"""A write rewrites the whole group of rows it adds to, so groups of DuckDB's own size, 122,880, would have a day of fat
pages rewrite gigabytes; much smaller ones take longer to compress. One size for all writes, because a checkpoint merges
the groups of every table, written or not."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.5
_REMEMBERED = "64MB"
_HOLDER = re.compile(r"lock is held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")
_IN_THIS_PROCESS = "Unique file handle conflict"

_Mode = Literal["READ_ONLY", "READ_WRITE"]


@dataclass(slots=True)
class _Attached:
    """An open file's name in the engine, and how many connections use it: any number that read, or one that writes."""

    name: str
    mode: _Mode
    users: int = 1


@dataclass(frozen=True, slots=True)
class _Engine:
    """The DuckDB of this process and its open files. ``changed`` is held while a file is attached or detached."""

    duckdb: duckdb.DuckDBPyConnection
    attached: dict[Path, _Attached] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)


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
    with _opened(path, "READ_ONLY", wait_seconds, "READ_ONLY") as connection:
        yield connection


@contextmanager
def writing(database: str | Path, wait_seconds: float = WAIT_SECONDS) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that may write, session time zone UTC; creates the file and its folder.

    Keep it for the write alone: nobody else can read meanwhile. One thread of this process writes at a time.
    Raises as `reading` does.
    """
    path = Path(database)
    _make_folder(path)
    with _opened(path, "READ_WRITE", wait_seconds, f"READ_WRITE, ROW_GROUP_SIZE {ROWS_PER_GROUP}") as connection:
        yield connection


@contextmanager
def without_database() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that sees no stored table, session time zone UTC; for what is computed from frames alone."""
    with closing(_engine(os.getpid()).duckdb.cursor()) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


@contextmanager
def sibling(connection: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """Another connection to the same database, for another thread; close it before the first."""
    (name,) = connection.execute("SELECT current_database()").fetchall()[0]
    with closing(connection.cursor()) as other:
        _begin_session(other, name)
        yield other


def forget() -> None:
    """Drop what DuckDB keeps in memory of the files it read and wrote; otherwise that grows to most of the machine's.

    Does nothing while more than one connection of `reading` or `writing` is open in this process, because its
    statements would find no memory.
    """
    engine = _engine(os.getpid())
    with engine.changed:
        if sum(file.users for file in engine.attached.values()) == 1:
            (allowed,) = engine.duckdb.execute("SELECT current_setting('memory_limit')").fetchall()[0]
            with suppress(duckdb.OutOfMemoryException):  # what is in use stays
                engine.duckdb.execute(f"SET memory_limit = '{_REMEMBERED}'")
            engine.duckdb.execute(f"SET memory_limit = '{allowed}'")  # RESET does not reach the memory's manager


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


@cache
def _engine(process: int) -> _Engine:
    """One for each ``process``, because none survives a fork."""
    # Given the file itself, the resource would wait up to 102 s on any IO error, a wrong path included.
    connection = _kept.enter_context(DuckDBResource(database=":memory:").get_connection())
    connection.execute(f"SET temp_directory = {literal(Path(tempfile.gettempdir()) / f'reamaze-duckdb-{process}')}")
    connection.execute("SET pandas_analyze_sample = 0")  # frames say their types; see `frame`
    connection.execute("SET enable_external_file_cache = false")  # staged files are read once
    # A file is closed after each write, and then checkpointed: writing the log before that would be writing twice.
    connection.execute("SET checkpoint_threshold = '0b'")
    return _Engine(connection)


_kept = ExitStack()


@contextmanager
def _opened(path: Path, mode: _Mode, wait_seconds: float, options: str) -> Iterator[duckdb.DuckDBPyConnection]:
    engine = _engine(os.getpid())
    file = path.resolve()
    name = _wait_for(engine, path, mode, wait_seconds, options)
    try:
        with closing(engine.duckdb.cursor()) as connection:
            _begin_session(connection, name)
            yield connection
    finally:
        _let_go(engine, file)


def _begin_session(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    connection.execute(f"USE {quoted(name)}")
    connection.execute("SET TimeZone = 'UTC'")


def _wait_for(engine: _Engine, path: Path, mode: _Mode, wait_seconds: float, options: str) -> str:
    """Attach the file, or join those who read it; gives its name in the engine."""
    file = path.resolve()
    deadline = time.monotonic() + wait_seconds
    pause = _FIRST_PAUSE
    with engine.changed:
        while True:
            ours = engine.attached.get(file)
            if ours is not None and ours.mode == mode == "READ_ONLY":
                ours.users += 1
                return ours.name
            holder, cause = "another thread of this process", None
            if ours is None:
                try:
                    return _attach(engine, file, mode, options)
                except duckdb.Error as error:
                    found = _holder(error)
                    if found is None:
                        raise DatabaseUnavailable(_why(path, error)) from error
                    holder, cause = found, error
            left = deadline - time.monotonic()
            if left <= 0:
                msg = f"{path} is held by {holder}; waited {wait_seconds:g} s. Close that or try again later."
                raise DatabaseLocked(msg) from cause
            engine.changed.wait(min(left, pause * random.uniform(0.5, 1.5)))  # noqa: S311 (jitter, not a secret)
            pause = min(pause * 2, _LONGEST_PAUSE)


def _attach(engine: _Engine, file: Path, mode: _Mode, options: str) -> str:
    """Under the name DuckDB itself would give it, so that views which other programs wrote with that name can be read.

    Not so a new file, or one with a schema of that name: in a database named `core`, `core.messages` is ambiguous.
    """
    taken = {name.lower() for (name,) in _rows(engine, "SELECT database_name FROM duckdb_databases()")}
    name = file.stem if file.exists() and file.stem.lower() not in taken else _free(f"file {file.name}", taken)
    _open(engine, file, name, options)
    schemas = _rows(engine, "SELECT schema_name FROM duckdb_schemas() WHERE database_name = ?", name)
    if name.lower() in {schema.lower() for (schema,) in schemas}:
        engine.duckdb.execute(f"DETACH {quoted(name)}")
        name = _free(f"file {file.name}", taken)
        _open(engine, file, name, options)
    engine.attached[file] = _Attached(name, mode)
    return name


def _open(engine: _Engine, file: Path, name: str, options: str) -> None:
    engine.duckdb.execute(f"ATTACH {literal(file)} AS {quoted(name)} (TYPE duckdb, {options})")


def _free(name: str, taken: Collection[str]) -> str:
    while name.lower() in taken:
        name += "_"
    return name


def _rows(engine: _Engine, sql: str, *values: str) -> list[tuple[str]]:
    return engine.duckdb.execute(sql, values).fetchall()


def _let_go(engine: _Engine, file: Path) -> None:
    with engine.changed:
        ours = engine.attached[file]
        ours.users -= 1
        if ours.users == 0:
            del engine.attached[file]
            try:
                engine.duckdb.execute(f"DETACH {quoted(ours.name)}")
            finally:
                engine.changed.notify_all()


def _holder(error: duckdb.Error) -> str | None:
    """Who holds the file, or None if the error is not about a lock."""
    text = str(error)
    if held := _HOLDER.search(text):
        return f"{held['program']} (process {held['pid']})"
    if "Could not set lock" in text:
        return "another program"
    return "another connection of this process" if _IN_THIS_PROCESS in text else None


def _why(path: Path, error: duckdb.Error) -> str:
    text = " ".join(str(error).split())
    if "not a valid DuckDB database" in text:
        return f"{path} is not a DuckDB database; name another file."
    if path.is_dir():
        return f"{path} is a folder; name a file inside it."
    if path.exists():
        return f"{path} cannot be opened: {text.removeprefix('IO Error: ')}"
    return f"{path} cannot be created; check the folder's permissions or correct the path."

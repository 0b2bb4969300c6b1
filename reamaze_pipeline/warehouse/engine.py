"""The DuckDB of this process, and the database files attached to it; each shared lake has a DuckDB of its own.

Starting a DuckDB takes ten times as long as attaching a file, so one lives as long as the process, and so does a lake
that many may have open: attaching one for each connection made a day cost eleven times a file's. DuckDB asks every
attached catalog for its tables, so a lake whose PostgreSQL is gone would fail whatever else is open beside it. A file
that another holds is waited for, a bounded while; any other reason why it does not open is final and is raised at
once. Sessions on the files are opened in `connection`.
"""

from __future__ import annotations

import atexit
import logging
import os
import random
import re
import threading
import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

import duckdb
from dagster_duckdb import DuckDBResource

from reamaze_pipeline.errors import DatabaseLocked, DatabaseUnavailable
from reamaze_pipeline.held_files import temporary_folder
from reamaze_pipeline.warehouse.files.failures import failure_of_disk
from reamaze_pipeline.warehouse.lake.attaching import attach_lake
from reamaze_pipeline.warehouse.lake.location import Lake, Location
from reamaze_pipeline.warehouse.lake.lock import alone, unreachable
from reamaze_pipeline.warehouse.table import literal, quoted

_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.5
_TOLD_AFTER, _TOLD_EVERY = 10.0, 60.0
"""Seconds of waiting before it is said who holds a file, and until it is said again."""
_REMEMBERED = "8MB"
_HOLDER = re.compile(r"lock is held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")
_RESERVED = "main"  # DuckDB lets no database be named so
_IN_THIS_PROCESS = "Unique file handle conflict"

_log = logging.getLogger(__name__)

Mode = Literal["READ_ONLY", "READ_WRITE"]


@dataclass(slots=True)
class _Attached:
    """An open database's name in the engine, and how many connections use it.

    Of a file that is any number that read, or one that writes; a shared lake is `kept` when nobody uses it.
    """

    name: str
    mode: Mode
    users: int = 1
    kept: bool = False


@dataclass(slots=True)
class Engine:
    """A DuckDB of this process and what is open in it. ``changed`` is held while a file is attached or detached."""

    duckdb: duckdb.DuckDBPyConnection
    attached: dict[Location, _Attached] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)
    bare: int = 0
    """Sessions on no file at all."""

    def drop_cache(self, sessions: int) -> None:
        """Give back the memory that DuckDB keeps of files it read and wrote: a hundred megabytes after a large write.

        Does nothing unless exactly so many sessions are open: the statements of others would find no memory.
        """
        with self.changed:
            if sum(database.users for database in self.attached.values()) + self.bare != sessions:
                return
            (allowed,) = self.duckdb.execute("SELECT current_setting('memory_limit')").fetchall()[0]
            with suppress(duckdb.OutOfMemoryException):  # what is in use stays
                self.duckdb.execute(f"SET memory_limit = '{_REMEMBERED}'")
            self.duckdb.execute(f"SET memory_limit = '{allowed}'")  # RESET does not reach the memory's manager


def engine_of(location: Location | None = None) -> Engine:
    """The engine in which ``location`` is opened, of this process: none survives a fork."""
    return _engine(os.getpid(), location if isinstance(location, Lake) and location.shared else None)


@cache
def _engine(process: int, lake: Lake | None) -> Engine:  # noqa: ARG001 (a lake of its own each)
    folder = _kept.enter_context(temporary_folder("reamaze-duckdb-"))  # nobody else may look into it
    # Given the file itself, the resource would wait up to 102 s on any IO error, a wrong path included.
    connection = _kept.enter_context(DuckDBResource(database=":memory:").get_connection())
    connection.execute(f"SET temp_directory = {literal(folder)}")
    connection.execute("SET pandas_analyze_sample = 0")  # frames say their types; see `frame`
    connection.execute("SET enable_external_file_cache = false")  # staged files are read once
    # From the length of a usual message on. DuckDB's own 4096 leaves bodies unpacked, because a few are very long.
    connection.execute("SET zstd_min_string_length = 128")
    connection.execute("SET write_buffer_row_group_count = 1")  # five are no faster and hold five groups in memory
    # A file is closed after each write, and then checkpointed: writing the log before that would be writing twice.
    connection.execute("SET checkpoint_threshold = '0b'")
    engine = Engine(connection)
    _started[process].append(engine)
    return engine


_started: defaultdict[int, list[Engine]] = defaultdict(list)
_kept = ExitStack()
atexit.register(_kept.close)


def attach(engine: Engine, location: Location, mode: Mode, wait_seconds: float, options: Sequence[str]) -> str:
    """Attach the file or lake, or join those who have it open; gives its name in the engine."""
    if isinstance(location, Lake) and location.shared:
        return _join(engine, location, wait_seconds)
    file = key_of(location)
    deadline = time.monotonic() + wait_seconds
    pause, said = _FIRST_PAUSE, time.monotonic() - _TOLD_EVERY + _TOLD_AFTER
    with engine.changed:
        while True:
            ours = engine.attached.get(file)
            if ours is not None and ours.mode == mode == "READ_ONLY":
                ours.users += 1
                return ours.name
            holder, cause = "another thread of this process", None
            if ours is None:
                try:
                    return _attach_now(engine, location, mode, options)
                except duckdb.Error as error:
                    found = _holder(error)
                    if found is None:
                        told = failure_of_disk(error, Path(str(location)))
                        raise told or DatabaseUnavailable(_why(location, error)) from error
                    holder, cause = found, error
            left = deadline - time.monotonic()
            if left <= 0:
                msg = f"{location} is held by {holder}; waited {wait_seconds:g} s. Close that or try again later."
                raise DatabaseLocked(msg) from cause
            if time.monotonic() - said >= _TOLD_EVERY:
                said = time.monotonic()
                _log.warning("%s is held by %s; waiting for it, for up to %.0f s more", location, holder, left)
            engine.changed.wait(min(left, pause * random.uniform(0.5, 1.5)))  # noqa: S311 (jitter, not a secret)
            pause = min(pause * 2, _LONGEST_PAUSE)


def key_of(location: Location) -> Location:
    """What tells one open database from another."""
    return location.resolve() if isinstance(location, Path) else location


def _join(engine: Engine, lake: Lake, wait_seconds: float) -> str:
    """A shared lake, attached once. Alone, because two that make one at once fail, and make half of it."""
    with engine.changed:
        ours = engine.attached.get(lake)
        if ours is None:
            name = _free("lake", _taken(engine))
            with alone(lake, wait_seconds, "make"):
                try:
                    attach_lake(engine.duckdb, lake, name)
                except duckdb.Error as error:
                    raise DatabaseUnavailable(unreachable(lake, error)) from None
            ours = engine.attached[lake] = _Attached(name, "READ_WRITE", users=0, kept=True)
        ours.users += 1
        return ours.name


def _attach_now(engine: Engine, location: Location, mode: Mode, options: Sequence[str]) -> str:
    """Under a name that no schema can have; to read, under the one DuckDB itself would give it, where that is free.

    In a database named `core`, `core.messages` is ambiguous, and a writer may be about to make any schema. A reader
    knows which there are, and views that other programs wrote may name the database as it is called when opened alone.
    """
    taken = _taken(engine)
    file = location if isinstance(location, Path) else Path(location.catalog)
    name = file.stem
    if mode == "READ_WRITE" or name.lower() in taken or not _opens_as(engine, location, name, options):
        name = _free(f"file {file.name}", taken)
        _open(engine, location, name, options)
    engine.attached[key_of(location)] = _Attached(name, mode)
    return name


def _taken(engine: Engine) -> set[str]:
    return {_RESERVED, *(name.lower() for (name,) in _rows(engine, "SELECT database_name FROM duckdb_databases()"))}


def _opens_as(engine: Engine, location: Location, name: str, options: Sequence[str]) -> bool:
    """Whether the file is attached now under ``name``; not if one of its schemas has that name."""
    _open(engine, location, name, options)
    schemas = _rows(engine, "SELECT schema_name FROM duckdb_schemas() WHERE database_name = ?", name)
    ambiguous = name.lower() in {schema.lower() for (schema,) in schemas}
    if ambiguous:
        engine.duckdb.execute(f"DETACH {quoted(name)}")
    return not ambiguous


def _open(engine: Engine, location: Location, name: str, options: Sequence[str]) -> None:
    if isinstance(location, Lake):
        attach_lake(engine.duckdb, location, name, options)
        return
    listed = ", ".join(("TYPE duckdb", *options))
    engine.duckdb.execute(f"ATTACH {literal(location.resolve())} AS {quoted(name)} ({listed})")


def _free(name: str, taken: Collection[str]) -> str:
    while name.lower() in taken:
        name += "_"
    return name


def _rows(engine: Engine, sql: str, *values: str) -> list[tuple[str]]:
    return engine.duckdb.execute(sql, values).fetchall()


def let_go(engine: Engine, location: Location) -> None:
    key = key_of(location)
    with engine.changed:
        ours = engine.attached[key]
        ours.users -= 1
        if ours.users == 0 and not ours.kept:
            del engine.attached[key]
            try:
                engine.duckdb.execute(f"DETACH {quoted(ours.name)}")
                engine.drop_cache(sessions=0)
            finally:
                engine.changed.notify_all()


@contextmanager
def bare(engine: Engine) -> Iterator[None]:
    """A session on no file, for as long as the block lasts."""
    with engine.changed:
        engine.bare += 1
    try:
        yield
    finally:
        with engine.changed:
            engine.bare -= 1


def _holder(error: duckdb.Error) -> str | None:
    """Who holds the file, or None if the error is not about a lock."""
    text = str(error)
    if held := _HOLDER.search(text):
        return f"{held['program']} (process {held['pid']})"
    if "Could not set lock" in text:
        return "another program"
    return "another connection of this process" if _IN_THIS_PROCESS in text else None


def _why(location: Location, error: duckdb.Error) -> str:
    if isinstance(location, Lake):
        return unreachable(location, error)
    path = location
    text = " ".join(str(error).split())
    if "not a valid DuckDB database" in text:
        return f"{path} is not a DuckDB database; name another file."
    if path.is_dir():
        return f"{path} is a folder; name a file inside it."
    if path.exists():
        return f"{path} cannot be opened: {text.removeprefix('IO Error: ')}"
    return f"{path} cannot be created; check the folder's permissions or correct the path."


def forget() -> None:
    """Drop what DuckDB keeps of files in the middle of a session; otherwise that grows to most of the machine's memory.

    Does nothing while more than one connection is open in this process.
    """
    for engine in _started[os.getpid()]:
        engine.drop_cache(sessions=1)

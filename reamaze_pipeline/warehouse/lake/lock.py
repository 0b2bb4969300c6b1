"""One writer of a lake at a time, over processes and hosts, in the order in which they came.

DuckLake notices when two writers change one table, except where it matters most: two first loads of one day both
commit, and the day is doubled. So whoever writes holds a lock: an advisory one in the catalog's own PostgreSQL, taken
before the lake's transaction begins (inside, its view of the lake would be older than the lock), or a file beside a
catalog's file. Both vanish with the process that holds them, also when it is killed.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Literal

import duckdb
from filelock import FileLock, Timeout

from reamaze_pipeline.errors import DatabaseLocked, DatabaseUnavailable
from reamaze_pipeline.warehouse.lake.attaching import load_extensions
from reamaze_pipeline.warehouse.lake.location import Lake
from reamaze_pipeline.warehouse.table import literal, quoted

Purpose = Literal["write", "make"]
LAG = "reamaze_clock_lag"
"""The variable of a writing session that says how far a catalog's clock is ahead of this host's; unset in a file."""

_NO_LAG = timedelta()


@contextmanager
def alone(lake: Lake, wait_seconds: float, purpose: Purpose = "write") -> Iterator[timedelta]:
    """Nobody else has the lake for this ``purpose`` while the block lasts.

    Gives how far the catalog's clock is ahead of this host's; nothing for a file, which has no clock of its own.
    Raises `DatabaseLocked` after ``wait_seconds``, `DatabaseUnavailable` if the catalog cannot be reached.
    """
    if lake.file is not None:
        with _file_held(lake, wait_seconds, purpose):
            yield _NO_LAG
        return
    locks = _locks(os.getpid())
    name = _attached(locks, lake)
    with closing(locks.cursor()) as connection:
        lag = _advisory(connection, lake, name, wait_seconds, purpose)
        try:
            yield lag
        finally:
            with suppress(duckdb.Error):  # a lost connection has lost its lock as well
                connection.execute("COMMIT")


@contextmanager
def _file_held(lake: Lake, wait_seconds: float, purpose: Purpose) -> Iterator[None]:
    held = FileLock(f"{lake.catalog}.{purpose}.lock", timeout=wait_seconds, thread_local=False)
    try:
        held.acquire()
    except Timeout as error:
        raise DatabaseLocked(_waited(lake, wait_seconds)) from error
    except OSError as error:
        msg = f"{lake.catalog} cannot be locked ({error.strerror}); check the folder's permissions."
        raise DatabaseUnavailable(msg) from error
    try:
        yield
    finally:
        held.release()


@cache
def _locks(process: int) -> duckdb.DuckDBPyConnection:  # noqa: ARG001 the key of the cache
    """A DuckDB for locks alone: beside the lake, each question for its views would ask this PostgreSQL for its own."""
    return duckdb.connect()


def _attached(engine: duckdb.DuckDBPyConnection, lake: Lake) -> str:
    """The catalog's PostgreSQL under a name of its own, for as long as the process lives."""
    name = f"lock {uuid.uuid5(uuid.NAMESPACE_URL, str(lake))}"
    load_extensions(engine, lake)
    try:
        engine.execute(f"ATTACH IF NOT EXISTS {literal(lake.catalog)} AS {quoted(name)} (TYPE postgres)")
    except duckdb.Error as error:
        raise DatabaseUnavailable(unreachable(lake, error)) from None
    return name


def _advisory(
    connection: duckdb.DuckDBPyConnection, lake: Lake, name: str, wait_seconds: float, purpose: Purpose
) -> timedelta:
    milliseconds = max(1, round(wait_seconds * 1000))
    key = uuid.uuid5(uuid.NAMESPACE_URL, f"{purpose} {lake.schema or 'main'}").int % 2**62
    asked = (
        f"SELECT set_config('lock_timeout', '{milliseconds}', true), pg_advisory_xact_lock({key})::text,"
        " clock_timestamp() AT TIME ZONE 'UTC'"
    )
    for attempt in range(2):  # a kept connection may have been closed by a server that was started anew
        try:
            connection.execute("BEGIN")
            answered = "SELECT * FROM postgres_query(?, ?)"
            now: datetime = connection.execute(answered, [name, asked]).fetchall()[0][-1]
        except duckdb.Error as error:
            with suppress(duckdb.Error):
                connection.execute("ROLLBACK")
            if "lock timeout" in str(error):
                raise DatabaseLocked(_waited(lake, wait_seconds)) from None
            if attempt:
                raise DatabaseUnavailable(unreachable(lake, error)) from None
        else:
            return now - datetime.now(UTC).replace(tzinfo=None)
    raise AssertionError


def _waited(lake: Lake, wait_seconds: float) -> str:
    return f"Another writer holds {lake}; waited {wait_seconds:g} s. Try again later."


def unreachable(lake: Lake, error: duckdb.Error) -> str:
    """Why a lake does not open, in one line and without what could be a secret."""
    text = " ".join(str(error).split())
    if "data_path is not set" in text:
        return f"The lake {lake} does not exist yet; to make it, say where its files go: add #data=FOLDER to it."
    reason = text.rpartition("FATAL: ")[2] if "FATAL: " in text else text.partition(": ")[2] or text
    return f"The lake {lake} cannot be opened: {reason[:300]}"

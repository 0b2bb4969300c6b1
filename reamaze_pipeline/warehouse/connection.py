"""Connections to the warehouse: opened late, closed first, and waited for briefly.

Of a file, DuckDB lets one process write, or many read; of a lake, one writes and any number read meanwhile. Whoever
meets the other's lock waits a bounded while. How a file comes to be open belongs to `engine`, what differs in a lake to
`lake`, what is done with a connection to neither.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext, suppress
from datetime import timedelta
from pathlib import Path

import duckdb

from reamaze_pipeline.errors import DatabaseUnavailable
from reamaze_pipeline.warehouse.engine import Mode, attach, bare, engine_of, let_go
from reamaze_pipeline.warehouse.files.failures import told_in_words
from reamaze_pipeline.warehouse.files.permissions import make_private
from reamaze_pipeline.warehouse.lake.location import Lake, Location, is_there, located
from reamaze_pipeline.warehouse.lake.lock import LAG, alone
from reamaze_pipeline.warehouse.lake.types import LAKE
from reamaze_pipeline.warehouse.table import quoted

WAIT_SECONDS = 20.0
"""How long a locked file is waited for. Our own writes hold it for well under a second each."""

ROWS_PER_GROUP = 2_048
"""The fewest that DuckDB knows. A write rewrites, and holds in memory, the whole group of rows it adds to: in groups of
DuckDB's own size, 122,880, a day of fat pages would rewrite gigabytes; with 16,384 a first backfill still rewrote all
its pages again and again, took 100 MB more and left a file half as large again. One size for all writes, because a
checkpoint merges the groups of every table, written or not."""

FILE_FORMAT = "v1.4.0"
"""The oldest DuckDB that reads a new file, whichever version writes it. Formats before 1.3 know fewer ways to compress
text: messages took twice as long to store and 2.6 times the space. A file that exists keeps its format, because
raising it would lock older readers out."""


_patience = [WAIT_SECONDS]


@contextmanager
def patient(seconds: float) -> Iterator[None]:
    """Within the block all of this process waits so long for a locked file: a run that is worth more than a moment."""
    _patience.append(seconds)
    try:
        yield
    finally:
        _patience.pop()


@contextmanager
def reading(database: str | Location, wait_seconds: float | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection whose session time zone is UTC.

    Raises `DatabaseUnavailable` at once for a file that is absent or not DuckDB's, `DatabaseLocked` when a
    writer keeps it for longer than ``wait_seconds`` (None: `WAIT_SECONDS`, or what a run is `patient` for).
    """
    location = located(database)
    if not is_there(location):
        msg = f"There is no database at {location}; materialize something first or correct the path."
        raise DatabaseUnavailable(msg)
    with _opened(location, "READ_ONLY", wait_seconds, ("READ_ONLY",)) as connection:
        yield connection


@contextmanager
def writing(database: str | Location, wait_seconds: float | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that may write, session time zone UTC; creates the file and its folder.

    Keep it for the write alone: nobody else can read meanwhile. One thread of this process writes at a time.
    Raises as `reading` does.
    """
    location = located(database)
    if isinstance(location, Lake):
        if location.file is not None:
            _make_folder(location.file.parent)
        seconds = _patience[-1] if wait_seconds is None else wait_seconds
        with _alone(location, seconds) as lag, _opened(location, "READ_WRITE", seconds, ()) as connection:
            connection.execute(f"SET VARIABLE {LAG} = to_microseconds({lag // timedelta(microseconds=1)})")
            yield connection
        return
    _make_folder(location.parent)
    options = ["READ_WRITE", f"ROW_GROUP_SIZE {ROWS_PER_GROUP}"]
    if not location.exists():
        options.append(f"STORAGE_VERSION '{FILE_FORMAT}'")
    with _opened(location, "READ_WRITE", wait_seconds, options) as connection:
        make_private(location)
        yield connection


def _alone(lake: Lake, wait_seconds: float) -> AbstractContextManager[timedelta]:
    """Nobody else writes; a catalog that only one process may open sees to it by itself."""
    return alone(lake, wait_seconds) if lake.shared else nullcontext(timedelta())


@contextmanager
def without_database() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that sees no stored table, session time zone UTC; for what is computed from frames alone."""
    engine = engine_of()
    with told_in_words(Path(tempfile.gettempdir(), "*")), bare(engine), closing(engine.duckdb.cursor()) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


@contextmanager
def sibling(connection: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """Another connection to the same database, for another thread; close it before the first."""
    (name,) = connection.execute("SELECT current_database()").fetchall()[0]
    with closing(connection.cursor()) as other:
        _begin_session(other, name)
        yield other


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


def end_transaction(connection: duckdb.DuckDBPyConnection) -> None:
    """Leave a transaction that an error broke, if there is one, so that the reason can be looked for."""
    with suppress(duckdb.Error):
        connection.execute("ROLLBACK")


def _make_folder(folder: Path) -> None:
    try:
        if not folder.exists():
            folder.mkdir(exist_ok=True)
            make_private(folder)
    except OSError as error:
        msg = f"The folder {folder} of the database cannot be made ({error.strerror}); correct the path."
        raise DatabaseUnavailable(msg) from error


@contextmanager
def _opened(
    location: Location, mode: Mode, wait_seconds: float | None, options: Sequence[str]
) -> Iterator[duckdb.DuckDBPyConnection]:
    engine = engine_of(location)
    name = attach(engine, location, mode, _patience[-1] if wait_seconds is None else wait_seconds, options)
    with told_in_words(Path(str(location))), ExitStack() as stack:
        stack.callback(let_go, engine, location)
        connection = stack.enter_context(closing(engine.duckdb.cursor()))
        if isinstance(location, Lake):
            connection.execute(f"SET VARIABLE {LAKE} = true")
            if mode == "READ_ONLY":  # one look at the catalog for all that is read, and all of it of one moment
                connection.execute("BEGIN")
        _begin_session(connection, name)
        yield connection


def _begin_session(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"USE {quoted(name)}")

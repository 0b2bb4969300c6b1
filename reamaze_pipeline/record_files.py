"""Dagster's SQLite files, kept open while one process writes many events to them.

Dagster opens and closes the file several times for every event, and compiles each statement anew for each opening. At
the thousand events of a month's backfill that took longer than the work itself. SQLAlchemy's events let the connections
and the compiled statements be kept instead. Nothing here knows what Dagster writes.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Dialect, Engine


@contextmanager
def kept_open() -> Iterator[None]:
    """Keep every SQLite connection that SQLAlchemy closes in this block, and hand it out again for the same file.

    Writes are left to the operating system until SQLite next moves its log into the file: a power cut may cost the last
    events, never the file. The next backfill announces again what is stored and not on record.
    """
    idle: defaultdict[str, list[_Kept]] = defaultdict(list)
    statements: dict[Any, Any] = {}
    dialects: dict[str, Dialect] = {}

    def hand_out(
        dialect: Dialect, _: object, arguments: list[str], options: dict[str, Any]
    ) -> sqlite3.Connection | None:
        if dialect.name != "sqlite":
            return None
        path = arguments[0]
        try:
            return idle[path].pop()
        except IndexError:
            return _open(path, options, idle[path])

    def share_statements(connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            connection.dialect = dialects.setdefault("sqlite", connection.dialect)
            connection.execution_options(compiled_cache=statements)

    event.listen(Engine, "do_connect", hand_out)
    event.listen(Engine, "engine_connect", share_statements)
    try:
        yield
    finally:
        event.remove(Engine, "do_connect", hand_out)
        event.remove(Engine, "engine_connect", share_statements)
        for connection in [kept for free in idle.values() for kept in free]:
            connection.close_for_good()


class _Kept(sqlite3.Connection):
    """A connection that goes back to the idle ones of its file when it is closed."""

    idle: "list[_Kept]"

    def close(self) -> None:
        self.rollback()
        self.idle.append(self)

    def close_for_good(self) -> None:
        super().close()


def _open(path: str, options: dict[str, Any], idle: list[_Kept]) -> _Kept:
    connection = sqlite3.connect(path, factory=_Kept, **{**options, "check_same_thread": False})
    connection.idle = idle
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection

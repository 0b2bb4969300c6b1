"""Dagster's SQLite files, kept open while one process writes many events to them.

Dagster opens and closes the file several times for every event, and each time compiles its statements and asks for its
tables anew. At the thousand events of a month's backfill that took longer than the work itself. SQLAlchemy's events and
its registry of dialects let connections, statements and answers be kept. Nothing here knows what Dagster writes.
"""

import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, cast

from sqlalchemy import URL, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection, ReflectedColumn


@contextmanager
def kept_open(folder: Path) -> Iterator[None]:
    """Keep every SQLite connection to a file under `folder` that SQLAlchemy closes, and hand it out again.

    Other files are let be: an asset may write SQLite too. Writes are left to the operating system until SQLite next
    moves its log into the file: a power cut may cost the last events, never the file. The next backfill announces again
    what is stored and not on record.
    """
    idle: defaultdict[str, list[_Kept]] = defaultdict(list)
    statements: dict[Any, Any] = {}

    def hand_out(
        dialect: Dialect, _: object, arguments: list[str], options: dict[str, Any]
    ) -> sqlite3.Connection | None:
        if not isinstance(dialect, _AskingOnce):
            return None
        path = arguments[0]
        try:
            return idle[path].pop()
        except IndexError:
            return _open(dialect, path, options, idle[path])

    def share_statements(connection: Connection) -> None:
        if isinstance(connection.dialect, _AskingOnce):
            connection.execution_options(compiled_cache=statements)

    _AskingOnce.folder, _AskingOnce.shared = f"{folder}{os.sep}", None
    registry.register("sqlite", __name__, _AskingOnce.__name__)
    event.listen(Engine, "do_connect", hand_out)
    event.listen(Engine, "engine_connect", share_statements)
    try:
        yield
    finally:
        event.remove(Engine, "do_connect", hand_out)
        event.remove(Engine, "engine_connect", share_statements)
        registry.deregister("sqlite")
        _AskingOnce.shared = None
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


class _AskingOnce(SQLiteDialect_pysqlite):
    """One dialect for every engine of the folder, which asks once what does not change while the program runs.

    One may serve all, because Dagster makes all its engines with the same options.
    """

    supports_statement_cache = True
    folder: ClassVar[str]
    shared: ClassVar["_AskingOnce | None"] = None
    tables: set[tuple[str | None, str]]
    columns: dict[tuple[str | None, str], list[ReflectedColumn]]
    version_known: bool

    @classmethod
    def get_dialect_cls(cls, url: URL) -> type[Dialect]:
        return cls if (url.database or "").startswith(cls.folder) else SQLiteDialect_pysqlite

    def __new__(cls, **_: Any) -> "_AskingOnce":
        if cls.shared is None:
            cls.shared = super().__new__(cls)
        return cls.shared

    # Options by name, because for each engine SQLAlchemy reads the signatures of a class and of all its bases until one
    # takes no others.
    def __init__(self, dbapi: Any = None, compiler_linting: Any = None) -> None:
        if "tables" not in self.__dict__:
            super().__init__(dbapi=dbapi, compiler_linting=compiler_linting)
            self.tables, self.columns, self.version_known = set(), {}, False

    def on_connect(self) -> None:  # type: ignore[override]
        """Nothing: `_open` does it, once for each connection and not each time that it is handed out."""

    def initialize(self, connection: Connection) -> None:
        if not self.version_known:
            super().initialize(connection)
            self.version_known = True

    def has_table(self, connection: Connection, table_name: str, schema: str | None = None, **options: Any) -> bool:
        table = (connection.engine.url.database, table_name)
        if table not in self.tables and super().has_table(  # type: ignore[no-untyped-call]
            connection, table_name, schema, **options
        ):
            self.tables.add(table)
        return table in self.tables

    def get_columns(
        self, connection: Connection, table_name: str, schema: str | None = None, **options: Any
    ) -> list[ReflectedColumn]:
        table = (connection.engine.url.database, table_name)
        if table not in self.columns:
            found = super().get_columns(connection, table_name, schema, **options)  # type: ignore[no-untyped-call]
            self.columns[table] = found
        return self.columns[table]


def _open(dialect: SQLiteDialect_pysqlite, path: str, options: dict[str, Any], idle: list[_Kept]) -> _Kept:
    connection = sqlite3.connect(path, factory=_Kept, **{**options, "check_same_thread": False})
    connection.idle = idle
    SQLiteDialect_pysqlite.on_connect(dialect)(cast("DBAPIConnection", connection))
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection

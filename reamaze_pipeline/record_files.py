"""Dagster's SQLite files, kept open while one process writes many events to them.

Dagster opens and closes the file several times for every event, and each time compiles its statements and asks for its
tables anew. At the thousand events of a month's backfill that took longer than the work itself. SQLAlchemy's events and
its registry of dialects let connections, statements and answers be kept. Nothing here knows what Dagster writes.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from sqlalchemy import event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.engine.interfaces import ReflectedColumn


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

    registry.register("sqlite", __name__, _AskingOnce.__name__)
    event.listen(Engine, "do_connect", hand_out)
    event.listen(Engine, "engine_connect", share_statements)
    try:
        yield
    finally:
        event.remove(Engine, "do_connect", hand_out)
        event.remove(Engine, "engine_connect", share_statements)
        registry.deregister("sqlite")
        _AskingOnce.forget()
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
    """SQLite that asks once what does not change while the program runs: its version, and the tables that exist."""

    supports_statement_cache = True
    version: ClassVar[dict[str, Any]] = {}
    tables: ClassVar[set[tuple[str | None, str]]] = set()
    columns: ClassVar[dict[tuple[str | None, str], list[ReflectedColumn]]] = {}

    @classmethod
    def forget(cls) -> None:
        for known in (cls.version, cls.tables, cls.columns):
            known.clear()

    def initialize(self, connection: Connection) -> None:
        if not self.version:
            super().initialize(connection)
            names = ("server_version_info", "default_schema_name", "default_isolation_level")
            self.version.update({name: getattr(self, name) for name in names})
        for name, value in self.version.items():
            setattr(self, name, value)

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


def _open(path: str, options: dict[str, Any], idle: list[_Kept]) -> _Kept:
    connection = sqlite3.connect(path, factory=_Kept, **{**options, "check_same_thread": False})
    connection.idle = idle
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection

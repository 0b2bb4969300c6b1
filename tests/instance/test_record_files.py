"""SQLite files kept open: the same connections again, nothing half-written, and nothing left open."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.pool import NullPool

from reamaze_pipeline.instance.record_files import kept_open


def engine(path: Path) -> Engine:
    """As Dagster makes one for each event."""
    return create_engine(f"sqlite:///{path}", poolclass=NullPool)


def rows(path: Path) -> int:
    """What another reader of the file sees."""
    connection = sqlite3.connect(path)
    found: int = connection.execute("select count(*) from events").fetchone()[0]
    connection.close()
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with engine(tmp_path / "records.db").begin() as connection:
        connection.execute(text("create table events (n integer)"))
    return tmp_path / "records.db"


def test_a_closed_connection_is_handed_out_again_and_closed_with_the_block(path: Path) -> None:
    with kept_open(path.parent):
        with engine(path).begin() as first:
            kept = first.connection.dbapi_connection
            first.execute(text("insert into events values (1)"))
        assert rows(path) == 1
        with engine(path).begin() as second:
            assert second.connection.dbapi_connection is kept
        with engine(path.with_name("other.db")).connect() as other:
            assert other.connection.dbapi_connection is not kept
    assert isinstance(kept, sqlite3.Connection)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        kept.execute("select 1")


def test_a_connection_knows_the_functions_that_sqlalchemy_adds_whenever_it_is_handed_out(path: Path) -> None:
    with kept_open(path.parent):
        for _ in range(2):
            with engine(path).connect() as connection:
                assert connection.execute(text("select 'acme' regexp '^a', floor(1.5)")).fetchall() == [(1, 1)]


def test_what_was_not_committed_is_gone_when_the_connection_comes_again(path: Path) -> None:
    with kept_open(path.parent):
        with engine(path).connect() as connection:
            connection.execute(text("insert into events values (1)"))
        with engine(path).begin() as connection:
            assert connection.execute(text("select count(*) from events")).scalar() == 0
    assert rows(path) == 0


def test_threads_never_share_a_connection(path: Path) -> None:
    def write(number: int) -> None:
        with engine(path).begin() as connection:
            connection.execute(text("insert into events values (:n)"), {"n": number})

    with kept_open(path.parent), ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(200)))
    assert rows(path) == 200


def test_a_file_is_asked_once_for_a_table_that_is_there_and_each_time_for_one_that_is_not(path: Path) -> None:
    asked: list[str] = []
    with kept_open(path.parent):
        for _ in range(3):
            one = engine(path)
            event.listen(one, "before_cursor_execute", lambda *said: asked.append(said[2]))
            with one.begin() as connection:
                assert inspect(connection).has_table("events")
                assert [column["name"] for column in inspect(connection).get_columns("events")] == ["n"]
        assert len(asked) <= 4
        with engine(path).begin() as connection:
            assert not inspect(connection).has_table("later")
            connection.execute(text("create table later (m integer)"))
        with engine(path).connect() as connection:
            assert inspect(connection).has_table("later")
        with engine(path.with_name("other.db")).connect() as connection:
            assert not inspect(connection).has_table("events")
    path.unlink()
    with kept_open(path.parent), engine(path).connect() as connection:
        assert not inspect(connection).has_table("events")


def test_outside_of_the_block_nothing_is_kept(path: Path) -> None:
    with kept_open(path.parent):
        pass
    with engine(path).connect() as connection:
        plain = connection.connection.dbapi_connection
        assert type(connection.dialect) is SQLiteDialect_pysqlite
    assert isinstance(plain, sqlite3.Connection)
    assert plain.__class__ is sqlite3.Connection


def test_files_elsewhere_are_let_be(path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("own") / "own.db"
    with kept_open(path.parent), engine(path).connect() as ours, engine(elsewhere).connect() as own:
        assert type(ours.connection.dbapi_connection) is not sqlite3.Connection
        assert type(own.connection.dbapi_connection) is sqlite3.Connection
        assert type(own.dialect) is SQLiteDialect_pysqlite
        assert own.execute(text("pragma synchronous")).scalar() == 2

"""Opening the file: waiting for a lock and for nothing else."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from reamaze_pipeline.errors import DatabaseLocked, DatabaseUnavailable
from reamaze_pipeline.warehouse.connection import FILE_FORMAT, ROWS_PER_GROUP, reading, sibling, transaction, writing


@pytest.fixture
def existing(database: Path) -> Path:
    with writing(database) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS n")
    return database


@contextmanager
def held(database: Path, seconds: float, read_only: bool = False) -> Iterator[subprocess.Popen[str]]:
    code = f"import duckdb, time; c = duckdb.connect({str(database)!r}, read_only={read_only}); print(1, flush=True)"
    with subprocess.Popen(
        [sys.executable, "-c", f"{code}; time.sleep({seconds})"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("opening", [reading, writing])
def test_a_locked_file_is_waited_for_and_the_holder_named(existing: Path, opening: object) -> None:
    assert callable(opening)
    with held(existing, 60) as process:
        named = rf"process {process.pid}\); waited 0.3 s"
        with pytest.raises(DatabaseLocked, match=named) as error, opening(existing, 0.3):
            pass
    assert "\n" not in str(error.value)
    with held(existing, 0.5), opening(existing, 30) as connection:
        assert connection.execute("SELECT n FROM t").fetchall() == [(1,)]


def test_readers_do_not_keep_readers_out(existing: Path) -> None:
    with held(existing, 60, read_only=True), reading(existing, 0) as connection:
        assert connection.execute("SELECT n FROM t").fetchall() == [(1,)]


@pytest.mark.parametrize("opening", [reading, writing])
def test_a_wrong_path_fails_at_once(tmp_path: Path, opening: object) -> None:
    assert callable(opening)
    text = tmp_path / "notes.txt"
    text.write_text("not a database, however long this text may be" * 100)
    for path in (tmp_path / "no" / "such" / "folder.duckdb", tmp_path, text):
        with pytest.raises(DatabaseUnavailable) as error, opening(path, 3600):
            pass
        assert str(path.name) in str(error.value) or "folder" in str(error.value)
        assert "\n" not in str(error.value)


def test_reading_creates_nothing(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="materialize something first"), reading(tmp_path / "new.duckdb"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_writing_creates_the_folder(tmp_path: Path) -> None:
    with writing(tmp_path / "data" / "new.duckdb") as connection:
        connection.execute("CREATE TABLE t AS SELECT 1")


def test_reading_cannot_write(existing: Path) -> None:
    with reading(existing) as connection, pytest.raises(duckdb.InvalidInputException):
        connection.execute("CREATE TABLE other AS SELECT 1")


def test_an_error_inside_lets_go_of_the_file(existing: Path) -> None:
    for opening in (reading, writing):
        with pytest.raises(RuntimeError), opening(existing):
            raise RuntimeError
        with held(existing, 60) as process:
            assert process.poll() is None


def test_threads_of_one_process_take_turns(existing: Path) -> None:
    def count(opening: object) -> None:
        assert callable(opening)
        for _ in range(15):
            with opening(existing) as connection:
                connection.execute("SELECT count(*) FROM t").fetchall()

    threads = [threading.Thread(target=count, args=(opening,)) for opening in (reading, writing, reading)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)


def test_a_transaction_happens_whole_or_not_at_all(existing: Path) -> None:
    with writing(existing) as connection:
        with pytest.raises(duckdb.ConversionException), transaction(connection):
            connection.execute("DELETE FROM t; SELECT 'x'::INTEGER")
        assert connection.execute("SELECT count(*) FROM t").fetchall() == [(1,)]


@pytest.mark.parametrize("name", ["core.duckdb", "memory", "with.dots.db", "quo\"te's"])
def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    with writing(tmp_path / name) as connection:
        connection.execute(
            "CREATE SCHEMA core; CREATE TABLE core.t AS SELECT 1 AS n; CREATE VIEW core.v AS FROM core.t"
        )
    (tmp_path / "elsewhere").mkdir()
    with writing(tmp_path / "elsewhere" / name), reading(tmp_path / name) as one, sibling(one) as other:
        for connection in (one, other):
            assert connection.execute("SELECT n, current_setting('TimeZone') FROM core.v").fetchall() == [(1, "UTC")]


NAMES = [
    *("core.duckdb", "metrics.duckdb", "meta", "raw.db", "seeds", "main.duckdb", "temp.duckdb", "system", "memory.db"),
    *("a b.duckdb", 'it\'s "quoted".duckdb', "größe.duckdb", ".duckdb", "no;semicolon--.duckdb", "$day.duckdb"),
]


@pytest.mark.parametrize("name", NAMES)
def test_schemas_made_in_a_file_that_is_there_do_not_clash_with_its_name(tmp_path: Path, name: str) -> None:
    """As a first backfill makes them: the file comes with its first table, other schemas after that."""
    for schema in ("raw", "meta", "core", "seeds", "metrics", "temporary"):
        with writing(tmp_path / name) as connection:
            connection.execute(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.t AS SELECT 1 AS n")
            connection.execute(f"CREATE VIEW {schema}.v AS FROM {schema}.t; INSERT INTO {schema}.t VALUES (2)")
        with reading(tmp_path / name) as connection:
            assert connection.execute(f"SELECT count(*) FROM {schema}.v").fetchall() == [(2,)]


def test_a_view_that_names_its_database_can_be_read(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "support.duckdb")) as own:
        own.execute("CREATE SCHEMA core; CREATE TABLE core.t AS SELECT 1 AS n; CREATE VIEW v AS FROM support.core.t")
    with reading(tmp_path / "support.duckdb") as connection:
        assert connection.execute("SELECT n FROM v").fetchall() == [(1,)]


def test_a_write_does_not_rewrite_what_others_stored(database: Path) -> None:
    """Rows are stored, and rewritten, by the group, whatever is written after them."""
    for _ in range(6):
        with writing(database) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS t (n BIGINT); INSERT INTO t FROM range(20_000)")
    with writing(database) as connection:
        connection.execute("CREATE TABLE other AS SELECT 1 AS n")
    with reading(database) as connection:
        groups = "SELECT max(count) FROM pragma_storage_info('t') GROUP BY row_group_id"
        sizes = [count for (count,) in connection.execute(groups).fetchall()]
    assert len(sizes) >= 4
    assert max(sizes) <= ROWS_PER_GROUP


@pytest.mark.parametrize("format_before", ["v1.0.0", "v1.4.0", "v1.5.0"])
def test_a_new_file_is_read_by_older_clients_and_an_old_one_keeps_its_format(
    database: Path, tmp_path: Path, format_before: str
) -> None:
    def format_of(path: Path) -> str:
        with reading(path) as connection:
            tags = "SELECT tags['storage_version'] FROM duckdb_databases() WHERE database_name = current_database()"
            return str(connection.execute(tags).fetchall()[0][0]).removesuffix("+")

    with writing(database) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS n")
    assert format_of(database) == FILE_FORMAT
    old = tmp_path / "old.duckdb"
    with duckdb.connect() as own:
        own.execute(f"ATTACH '{old}' AS old (STORAGE_VERSION '{format_before}'); CREATE TABLE old.t AS SELECT 1 AS n")
    for _ in range(2):
        with writing(old) as connection:
            connection.execute("INSERT INTO t VALUES (2)")
    assert format_of(old) == format_before


def test_texts_are_packed_though_a_few_are_long(database: Path) -> None:
    """As messages are: 280 letters, and 20,000 in one of a thousand. DuckDB by itself would pack none of these."""
    word = "md5((hash(n, place) % 2_000)::VARCHAR)[:6]"
    text = f"array_to_string([{word} FOR place IN range(if(n % 1_000 = 0, 2_900, 40))], ' ')"
    with writing(database) as connection:
        connection.execute(f"CREATE TABLE t AS SELECT {text} AS body FROM range(30_000) AS numbers(n)")
    with reading(database) as connection:
        kinds = "SELECT DISTINCT compression FROM pragma_storage_info('t') WHERE segment_type = 'VARCHAR'"
        assert connection.execute(kinds).fetchall() == [("ZSTD",)]

"""Dagster's event log in one SQLite file: each event written once, the events of a range in one transaction.

Dagster's own storage for SQLite writes an event of an asset into a file of its run and again into the index of all
runs, each in a transaction of its own, and takes a batch apart to do so: that was two thirds of a backfill's time. Here
the index holds everything. It is the file that Dagster made and stays readable for Dagster; a run that still has a file
of its own is read there, and goes on there, so a folder of records from before needs no migration.

The one import of Dagster's inside is this module's, because there is no public class to derive from. Of it only methods
without an underscore are called or overridden. `tests/instance/test_event_log.py` tries them, and `make matrix` does so
with the oldest and the newest Dagster that `pyproject.toml` allows.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import dagster as dg
from dagster._core.storage.event_log import SqliteEventLogStorage, SqlPollingEventWatcher  # noqa: TID251 see above
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError

INDEX = "index"
FOLDER = Path("history", "runs")
"""Where Dagster keeps its event log, inside its home."""
SECONDS_TO_WAIT_FOR_OTHERS = 30

BYTES_PER_PAGE = 16_384
"""Of a new file. An event has some 2,200 bytes, so that of SQLite's usual 4,096 every page would be half empty."""
FEWEST_EMPTY_PAGES = 250
ROWS_AT_ONCE = 100
"""A row is seven values, and an older SQLite takes no more than 999 in a statement."""
_SUPERSEDED_CHECKS = """
    DELETE FROM asset_check_executions WHERE run_id = :run AND id NOT IN (
        SELECT max(id) FROM asset_check_executions GROUP BY asset_key, check_name, partition, execution_status
    )
"""
_CHECKS = {dg.DagsterEventType.ASSET_CHECK_EVALUATION, dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED}


class SingleFileEventLog(SqliteEventLogStorage):
    """The event log as `dagster.yaml` names it; `home` is the folder of Dagster's records.

    Safe for threads, of which one at a time uses the file. Writes are left to the operating system until SQLite next
    moves its log into the file: a power cut may cost the last events, never the file, and the next backfill announces
    again what is stored and not on record.
    """

    def __init__(self, home: str, inst_data: Any = None) -> None:
        self._folder = Path(home).absolute() / FOLDER
        self._turn = threading.RLock()
        self._engine: Engine | None = None
        self._file: tuple[int, int] | None = None
        self._open: Connection | None = None
        self._with_own_file: set[str] = set()
        self._tables: set[str] = set()
        is_new = not (self._folder / f"{INDEX}.db").exists()
        if is_new:
            _make_file(self._folder / f"{INDEX}.db")
        super().__init__(str(self._folder), inst_data)
        if is_new:  # as Dagster does where it makes the file
            self.reindex_events()
            self.reindex_assets()
        self._watcher = SqlPollingEventWatcher(self)

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """What stands under `config` in `dagster.yaml`."""
        return {"home": dg.StringSource}

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Mapping[str, Any]) -> Self:
        """Called by Dagster with what stands there."""
        return cls(inst_data=inst_data, **config_value)

    @property
    def is_run_sharded(self) -> bool:
        """No: numbers of events are those of one file."""
        return False

    def store_event(self, event: dg.EventLogEntry) -> None:
        """Write one event."""
        self.store_event_batch([event])

    def store_event_batch(self, events: Sequence[dg.EventLogEntry]) -> None:
        """Write all of the events or, if one cannot be written, none."""
        if any(self._has_own_file(event.run_id) for event in events):
            for event in events:
                super().store_event(event)
            return
        with self.index_connection() as connection:
            ids = self._insert(connection, events)
            # What Dagster knows of an asset as a whole is what its newest event of each kind says.
            newest = {}
            for event, number in zip(events, ids, strict=True):
                if event.dagster_event is None:
                    continue
                if event.dagster_event_type in _CHECKS:
                    self.store_asset_check_event(event, number)
                elif event.dagster_event.asset_key:
                    newest[event.dagster_event.asset_key, event.dagster_event_type] = event, number
            for event, number in newest.values():
                self.store_asset_event(event, number)
            of_assets = [pair for pair in zip(events, ids, strict=True) if pair[0].dagster_event is not None]
            self.store_asset_event_tags([event for event, _ in of_assets], [number for _, number in of_assets])

    def get_event_records(self, *arguments: Any, **named: Any) -> Any:
        """Events of all runs, from the one file; Dagster's own would open one for each run."""
        return super(SqliteEventLogStorage, self).get_event_records(*arguments, **named)

    @contextmanager
    def index_connection(self) -> Iterator[Connection]:
        """The file in a transaction, which whoever asks while it is open joins."""
        with self._turn:
            if self._open is not None:
                yield self._open
                return
            with self._kept_open().begin() as connection:
                self._open = connection
                try:
                    yield connection
                finally:
                    self._open = None

    @contextmanager
    def run_connection(self, run_id: str | None = None) -> Iterator[Connection]:
        """Where the run's events are."""
        of_run = super().run_connection(run_id) if self._has_own_file(run_id or "") else self.index_connection()
        with of_run as connection:
            yield connection

    def has_table(self, table_name: str) -> bool:
        """Whether the file has such a table. Asked for every event, so what is there is remembered."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def watch(self, run_id: str, cursor: str | None, callback: Any) -> None:
        """Call back for each new event of the run. The file's time of change would tell nothing: SQLite keeps a log."""
        self._watcher.watch_run(run_id, cursor, callback)

    def end_watch(self, run_id: str, handler: Any) -> None:
        """Call back no more."""
        self._watcher.unwatch_run(run_id, handler)

    def delete_events(self, run_id: str) -> None:
        """Forget the run's events, its checks that were looked at again since, and the file it may have of its own."""
        super().delete_events(run_id)
        with self.index_connection() as connection:
            connection.execute(text(_SUPERSEDED_CHECKS), {"run": run_id})
        self.forget_own_file(run_id)

    def forget_own_file(self, run_id: str) -> None:
        """Remove the file that Dagster's own storage made of the run, if it did; what matters to all runs is here."""
        self._with_own_file.discard(run_id)
        for ending in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                Path(self.path_for_shard(run_id) + ending).unlink()

    def shrink(self) -> None:
        """Give back the file's room once a quarter of it is empty, unless somebody is using it."""
        with self._turn, self._kept_open().execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            empty: int = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
            pages: int = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            if empty * 4 > pages and empty > FEWEST_EMPTY_PAGES:
                with suppress(OperationalError):  # the next time will do
                    connection.exec_driver_sql("VACUUM")

    def dispose(self) -> None:
        """Close the file."""
        self._watcher.close()
        with self._turn:
            self._close()
        super().dispose()

    def _insert(self, connection: Connection, events: Sequence[dg.EventLogEntry]) -> list[int]:
        """Their numbers, which SQLite gives one after another to the rows of one statement."""
        numbers: list[int] = []
        for first in range(0, len(events), ROWS_AT_ONCE):
            some = events[first : first + ROWS_AT_ONCE]
            last = connection.execute(self.prepare_insert_event_batch(some)).lastrowid
            numbers += range(last - len(some) + 1, last + 1)
        return numbers

    def _has_own_file(self, run_id: str) -> bool:
        """Whether the run was recorded by Dagster's own storage. It makes an empty file even to look for a run."""
        if run_id not in self._with_own_file and Path(self.path_for_shard(run_id)).exists():
            with super().run_connection(run_id) as connection:
                if connection.execute(text("SELECT 1 FROM event_logs LIMIT 1")).first():
                    self._with_own_file.add(run_id)
        return run_id in self._with_own_file

    def _kept_open(self) -> Engine:
        """One connection for the life of this process, unless the file was made anew meanwhile."""
        file = os.getpid(), Path(self.path_for_shard(INDEX)).stat().st_ino
        if self._engine is None or file != self._file:
            self._close()
            with super().index_connection():  # makes what tables are missing
                pass
            self._engine = create_engine(
                self.conn_string_for_shard(INDEX),
                pool_size=1,
                max_overflow=0,
                connect_args={"timeout": SECONDS_TO_WAIT_FOR_OTHERS},
            )
            event.listen(self._engine, "connect", _leave_writes_to_the_system)
            self._file = file
        return self._engine

    def _close(self) -> None:
        if self._engine is not None:
            self._engine.dispose(close=self._file is None or self._file[0] == os.getpid())
            self._engine = None


def _make_file(file: Path) -> None:
    """An empty one whose pages are of the size that suits; Dagster makes the tables."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"PRAGMA page_size = {BYTES_PER_PAGE}")
        connection.execute("VACUUM")  # writes it down
        connection.execute("PRAGMA journal_mode = WAL")


def _leave_writes_to_the_system(connection: Any, _: object) -> None:
    connection.execute("PRAGMA synchronous = NORMAL")

"""A lake's files kept few: each write adds some, and a reader opens all that its days lie in.

Small files are merged, states older than agreed are let go, and what nothing refers to any more is deleted: the files
of those states, and those that killed writers left. Under the writers' lock, because a writer's newest files are not
referred to yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import duckdb

from reamaze_pipeline.errors import UsageRefused
from reamaze_pipeline.warehouse.connection import writing
from reamaze_pipeline.warehouse.lake.location import Lake, Location, located
from reamaze_pipeline.warehouse.table import literal

KEPT = timedelta(days=7)
"""How far back a lake can be read after its upkeep, unless told otherwise."""
IN_USE = timedelta(hours=6)
"""How long a file outlives what refers to it: a reader that began before may still open it."""

_FILES = "SELECT coalesce(sum(file_count + delete_file_count), 0)::BIGINT FROM ducklake_table_info({lake})"


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Files that the newest state lies in, before and after, and how many past states were let go."""

    files_before: int
    files_after: int
    states_let_go: int


def keep_up(database: str | Location, kept: timedelta = KEPT) -> Upkeep:
    """Merge, let go of states older than ``kept``, delete what is not referred to; writers wait meanwhile.

    Raises `UsageRefused` for a file, which needs none of it.
    """
    location = located(database)
    if not isinstance(location, Lake):
        msg = f"{location} is a file, which needs no upkeep; only a lake (ducklake:…) does."
        raise UsageRefused(msg)
    with writing(location) as connection:
        lake = literal(connection.execute("SELECT current_database()").fetchall()[0][0])
        before = _count(connection, _FILES.format(lake=lake))
        connection.execute(f"CALL ducklake_flush_inlined_data({lake})")
        connection.execute(f"CALL ducklake_rewrite_data_files({lake})")
        connection.execute(f"CALL ducklake_merge_adjacent_files({lake})")
        expire = f"CALL ducklake_expire_snapshots({lake}, older_than => now() - {_interval(kept)})"
        gone = len(connection.execute(expire).fetchall())
        for step in ("cleanup_old_files", "delete_orphaned_files"):
            connection.execute(f"CALL ducklake_{step}({lake}, older_than => now() - {_interval(IN_USE)})")
        return Upkeep(before, _count(connection, _FILES.format(lake=lake)), gone)


def _interval(span: timedelta) -> str:
    return f"to_microseconds({span // timedelta(microseconds=1)})"


def _count(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    return int(connection.execute(sql).fetchall()[0][0])

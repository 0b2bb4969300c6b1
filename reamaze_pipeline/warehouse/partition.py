"""Days replaced in one transaction: schema, deletion, insertion and ledger, all of it or nothing.

A day without rows is a stored zero. How rows are computed and checked does not belong here; see `staging`.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import duckdb

from reamaze_pipeline.errors import SchemaChangeRefused
from reamaze_pipeline.warehouse import ledger
from reamaze_pipeline.warehouse.catalog import create_schema, is_table, prepare
from reamaze_pipeline.warehouse.connection import transaction
from reamaze_pipeline.warehouse.day_filter import DayFilter
from reamaze_pipeline.warehouse.engine import forget
from reamaze_pipeline.warehouse.lake.types import as_kept, is_lake
from reamaze_pipeline.warehouse.ledger import StoredPartition, partition_counts, stored_days, stored_partitions
from reamaze_pipeline.warehouse.staging import Staged, Storable, staged
from reamaze_pipeline.warehouse.table import Select, Table, quoted

__all__ = [
    "StoredPartition",
    "is_own_view",
    "made_from",
    "partition_counts",
    "replace_partitions",
    "replace_views",
    "store",
    "stored_days",
    "stored_partitions",
    "views_made_from",
]

_MARK = re.compile(r"select [0-9a-f-]{36}")
"""What the comment of a view of ours is; see `made_from`."""


def replace_partitions(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    days: Sequence[date],
    source: Storable,
    *,
    run_id: str | None = None,
    version: str | None = None,
    details: Mapping[date, Mapping[str, Any]] | None = None,
) -> dict[date | None, int]:
    """Make ``source`` all there is of ``days`` in ``table``; returns the rows stored by day.

    For a table without partitions pass no days: it is replaced whole, and the only key is None.

    Raises `TableRefused` (columns, types), `RowsOutsidePartition` or `SchemaChangeRefused`, each before
    anything is deleted.
    """
    table = as_kept(table) if is_lake(connection) else table
    with staged(connection, table, days, source) as rows:
        return store(connection, rows, run_id=run_id, version=version, details=details)


def store(
    connection: duckdb.DuckDBPyConnection,
    rows: Staged,
    *,
    run_id: str | None = None,
    version: str | None = None,
    details: Mapping[date, Mapping[str, Any]] | None = None,
    fetched_at: Mapping[date, datetime] | None = None,
    listed: bool = True,
) -> dict[date | None, int]:
    """The short half of `replace_partitions`: copies rows that were staged, be it by another connection.

    A day that is stored from a later reading than these rows are is left as it is: whoever began later knew more, and
    need not have ended later. With ``listed`` False the rows are of days that are not over: the ledger does not learn
    of them, and a day that it knows is left as it is.
    """
    table = rows.table
    with transaction(connection):
        prepare(connection, table)
        now = ledger.now(connection)
        read_at = _read_at(rows, now, fetched_at or {})
        stored = stored_partitions(connection, table)
        newer = {
            key for key, known in stored.items() if key in read_at and (not listed or known.read_at > read_at[key])
        }
        kept = {key: stored[key].row_count for key in newer}
        counts = {key: count for key, count in rows.counts.items() if key not in kept}
        if counts or not rows.counts:
            _replace(connection, rows, counts, kept)
            if not listed:
                return {key: kept.get(key, count) for key, count in rows.counts.items()}
            known = {"run_id": run_id, "version": version}
            ledger.record(connection, table, counts, **known, details=details or {}, loaded_at=now, read_at=read_at)
    return {key: kept.get(key, count) for key, count in rows.counts.items()}


def drop_unlisted(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Delete the rows of days that the ledger does not know: those of a day that was not over when they were stored."""
    if table.partition_column is not None and is_table(connection, table):
        days = [day for day in stored_partitions(connection, table) if day is not None]
        where = f"NOT list_contains($days::DATE[], {quoted(table.partition_column)})"
        connection.execute(f"DELETE FROM {table.qualified} WHERE {where}", {"days": days})


def _replace(
    connection: duckdb.DuckDBPyConnection,
    rows: Staged,
    counts: Mapping[date | None, int],
    kept: Collection[date | None],
) -> None:
    table = rows.table
    where, parameters = _partitions(table, counts)
    connection.execute(f"DELETE FROM {table.qualified} WHERE {where}", parameters)
    for number, part in enumerate(rows.parts):
        if number > 0:
            forget()
        if kept:
            some = f"INSERT INTO {table.qualified} BY NAME SELECT * FROM ({part}) WHERE {where}"
            connection.execute(some, parameters)
        else:
            connection.execute(f"INSERT INTO {table.qualified} BY NAME {part}")


def _read_at(rows: Staged, now: datetime, fetched_at: Mapping[date, datetime]) -> dict[date | None, datetime]:
    """When what the rows are made of was read, by the ledger's clock; ``fetched_at`` is by this host's."""
    if rows.seen_until is not None:
        return dict.fromkeys(rows.counts, rows.seen_until)
    ahead = now - ledger.host_now()
    fetched = {day: instant.astimezone(UTC).replace(tzinfo=None) for day, instant in fetched_at.items()}
    return {key: (fetched.get(key, rows.staged_at) if key else rows.staged_at) + ahead for key in rows.counts}


def replace_views(connection: duckdb.DuckDBPyConnection, views: Iterable[tuple[Table, Select]]) -> None:
    """Define views, or define them anew, all or none. Raises `SchemaChangeRefused` if a table has the name of one."""
    with transaction(connection):
        for table, select in views:
            if is_table(connection, table):
                msg = f"{table.label} is stored as a table; to make it a view: DROP TABLE {table.qualified}"
                raise SchemaChangeRefused(msg)
            create_schema(connection, table)
            connection.execute(f"CREATE OR REPLACE VIEW {table.qualified} AS {select.sql}")
            connection.execute(f"COMMENT ON VIEW {table.qualified} IS '{made_from(select)}'")


def views_made_from(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str | None]:
    """By schema and name of every view, the mark of what it was made from; None if not by `replace_views`."""
    found = connection.execute(
        "SELECT schema_name, view_name, comment FROM duckdb_views()"
        " WHERE database_name = current_database() AND NOT internal"
    ).fetchall()
    return {(schema, name): comment for schema, name, comment in found}


def is_own_view(connection: duckdb.DuckDBPyConnection, table: Table) -> bool:
    """Whether it is a view that `replace_views` made, of whatever select."""
    mark = views_made_from(connection).get((table.schema, table.name))
    return mark is not None and _MARK.fullmatch(mark) is not None


def _partitions(table: Table, keys: Mapping[date | None, int]) -> tuple[str, dict[str, date]]:
    if table.partition_column is None:
        return "true", {}
    window = DayFilter.of(day for day in keys if day is not None)
    return window.predicate(quoted(table.partition_column)), dict(window.parameters)


def made_from(select: Select) -> str:
    """The mark of a view made from this select.

    Of the version where there is one: the same text may stand for other columns once what it reads has changed.
    """
    told = f"{select.version or ''} {select.sql}"
    return f"select {uuid.uuid5(uuid.NAMESPACE_URL, told)}"

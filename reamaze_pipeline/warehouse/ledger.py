"""The ledger `meta.partitions`: which days of which tables are stored, those without rows included.

It is written in the transaction that stores the rows, so it is right whatever happens. It decides nothing:
what to do about a missing day is the reader's business.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import duckdb

from reamaze_pipeline.settings import clock
from reamaze_pipeline.warehouse.catalog import is_table, prepare, stored_columns
from reamaze_pipeline.warehouse.lake.lock import LAG
from reamaze_pipeline.warehouse.table import Column, Table

NOTHING_SEEN = datetime(1970, 1, 1)  # noqa: DTZ001 the ledger's times are naive UTC

LEDGER = Table(
    "meta",
    "partitions",
    (
        Column("schema_name", "VARCHAR", "Schema of the table."),
        Column("table_name", "VARCHAR", "Name of the table."),
        Column("day", "DATE", "The stored day; null for a table that is stored whole."),
        Column("row_count", "BIGINT", "Rows stored; 0 is a day known to be empty."),
        Column("loaded_at", "TIMESTAMP", "When the day was stored (UTC)."),
        Column("run_id", "VARCHAR", "The run that stored it."),
        Column("version", "VARCHAR", "Version of what computed it."),
        Column("details", "JSON", "What the run knew besides, such as the proof of a crawl."),
        Column("read_at", "TIMESTAMP", "When what it was made from was read (UTC): all stored until then was seen."),
    ),
)


@dataclass(frozen=True, slots=True)
class StoredPartition:
    """One row of the ledger. ``day`` is None for a table stored whole; times are naive UTC, by the ledger's clock.

    ``read_at`` is when what it was made from was read: it knows all that was stored until then, and nothing later.
    """

    day: date | None
    row_count: int
    loaded_at: datetime
    run_id: str | None
    version: str | None
    details: Mapping[str, Any]
    read_at: datetime


def stored_partitions(connection: duckdb.DuckDBPyConnection, table: Table) -> dict[date | None, StoredPartition]:
    """What the ledger knows of a table, by day; empty if nothing was ever stored."""
    if not is_table(connection, LEDGER):
        return {}
    found = connection.execute(
        "SELECT * FROM meta.partitions WHERE schema_name = ? AND table_name = ? ORDER BY day",
        [table.schema, table.name],
    )
    names = [column[0] for column in connection.description or ()]  # an earlier version's ledger has fewer
    rows = [dict(zip(names, values, strict=True)) for values in found.fetchall()]
    return {row["day"]: _stored(row) for row in rows}


def _stored(row: Mapping[str, Any]) -> StoredPartition:
    return StoredPartition(
        day=row["day"],
        row_count=row["row_count"],
        loaded_at=row["loaded_at"],
        run_id=row["run_id"],
        version=row["version"],
        details=json.loads(row["details"] or "{}"),
        read_at=row.get("read_at") or row["loaded_at"],
    )


def seen_until(connection: duckdb.DuckDBPyConnection) -> datetime:
    """The ledger's time of what this connection sees: when the newest of it was stored.

    Ask before reading what a table is computed from: what is stored in between then counts as not seen, never the
    reverse. No clock of this host enters into it.
    """
    if not is_table(connection, LEDGER):
        return NOTHING_SEEN
    newest: datetime | None = connection.execute("SELECT max(loaded_at) FROM meta.partitions").fetchall()[0][0]
    return newest or NOTHING_SEEN


def now(connection: duckdb.DuckDBPyConnection) -> datetime:
    """The ledger's time: this host's clock, or a lake's catalog's, but always later than all that is on record.

    For the one that writes, because only what is stored in turn has an order.
    """
    ((lag,),) = connection.execute(f"SELECT getvariable('{LAG}')").fetchall()
    return max(host_now() + (lag or timedelta()), seen_until(connection) + timedelta(microseconds=1))


def host_now() -> datetime:
    """This host's clock, as the ledger writes times."""
    return clock.now().replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """When a day was stored, and what it was made from read (naive UTC); its version; why it is unproven, if it is."""

    loaded_at: datetime
    read_at: datetime
    version: str | None
    unproven: str
    row_count: int


Ledger = Mapping[tuple[str, str], Mapping[date | None, StoredVersion]]
"""By schema and table, then by day; the day None is that of a table stored whole."""


def read_ledger(connection: duckdb.DuckDBPyConnection, tables: Iterable[Table] | None = None) -> Ledger:
    """All of the ledger in one look, or what it holds of some tables, without what it knows besides."""
    if not is_table(connection, LEDGER):
        return {}
    names = {column.name for column in stored_columns(connection, LEDGER)}
    read = "coalesce(read_at, loaded_at)" if "read_at" in names else "loaded_at"  # an earlier version's ledger has none
    found: dict[tuple[str, str], dict[date | None, StoredVersion]] = {}
    asked = None if tables is None else list(tables)
    some = "" if asked is None else " WHERE (schema_name, table_name) IN (SELECT unnest($schemas), unnest($names))"
    given = {} if asked is None else {"schemas": [t.schema for t in asked], "names": [t.name for t in asked]}
    for schema, table, day, *known in connection.execute(
        f"SELECT schema_name, table_name, day, loaded_at, {read}, version,"
        f" coalesce(nullif(details ->> '$.unproven', 'null'), ''), row_count FROM meta.partitions{some}",
        given,
    ).fetchall():
        found.setdefault((schema, table), {})[day] = StoredVersion(*known)
    return found


def stored_days(connection: duckdb.DuckDBPyConnection, table: Table) -> set[date]:
    """The days that are stored, those without rows included."""
    return {day for day in partition_counts(connection, table) if day is not None}


def partition_counts(connection: duckdb.DuckDBPyConnection, table: Table) -> dict[date | None, int]:
    """Rows stored by day, as the ledger says; the key None is that of a table stored whole."""
    if not is_table(connection, LEDGER):
        return {}
    found = connection.execute(
        "SELECT day, row_count FROM meta.partitions WHERE schema_name = ? AND table_name = ?",
        [table.schema, table.name],
    )
    return dict(found.fetchall())


def record(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    counts: Mapping[date | None, int],
    *,
    run_id: str | None,
    version: str | None,
    details: Mapping[date, Mapping[str, Any]],
    loaded_at: datetime,
    read_at: Mapping[date | None, datetime],
) -> None:
    """Note what is stored of a table now. Call it inside the transaction that stores the rows.

    ``loaded_at`` is the ledger's `now`.
    """
    prepare(connection, LEDGER)
    known = [details.get(day, {}) if day is not None else {} for day in counts]
    kept = {
        "schema": table.schema,
        "table": table.name,
        "days": list(counts),
        "row_counts": list(counts.values()),
        "loaded_at": loaded_at,
        "read_at": [read_at[day] for day in counts],
        "run_id": run_id,
        "version": version,
        "details": [json.dumps(of_day, default=str) for of_day in known],
    }
    # Two statements however many days there are: one for each day took longer than the rows themselves.
    connection.execute(
        "DELETE FROM meta.partitions WHERE schema_name = $schema AND table_name = $table"
        " AND (list_contains($days::DATE[], day) OR (day IS NULL AND $whole))",
        {"schema": table.schema, "table": table.name, "days": kept["days"], "whole": None in counts},
    )
    connection.execute(
        "INSERT INTO meta.partitions BY NAME"
        " SELECT $schema AS schema_name, $table AS table_name, unnest($days::DATE[]) AS day,"
        " unnest($row_counts::BIGINT[]) AS row_count, $loaded_at::TIMESTAMP AS loaded_at, $run_id AS run_id,"
        " $version AS version, unnest($details::VARCHAR[]) AS details, unnest($read_at::TIMESTAMP[]) AS read_at",
        kept,
    )

"""The IO manager: what Dagster calls to store an asset and to load it again.

Computes and checks through a reading connection, then writes in one short transaction. Takes pandas
DataFrames, lists of rows and `Select`s. What columns an asset has is read from its `dagster/column_schema`;
an asset that declares none gets them from its first frame, and from the stored table after that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from datetime import date, datetime
from typing import Any, Self

import dagster as dg
import duckdb
import pandas as pd
from pydantic import Field

from reamaze_pipeline.errors import PartitionMissing, TableRefused
from reamaze_pipeline.warehouse import ledger, partition
from reamaze_pipeline.warehouse.catalog import prepare, stored_columns
from reamaze_pipeline.warehouse.connection import (
    WAIT_SECONDS,
    patient,
    reading,
    transaction,
    without_database,
    writing,
)
from reamaze_pipeline.warehouse.day_filter import DailySelect, DayFilter
from reamaze_pipeline.warehouse.frame import columns_of
from reamaze_pipeline.warehouse.lake.location import Lake, is_there, located
from reamaze_pipeline.warehouse.lake.types import as_kept
from reamaze_pipeline.warehouse.staging import Storable, describe, staged
from reamaze_pipeline.warehouse.table import Column, Select, Table, quoted

COLUMN_SCHEMA = "dagster/column_schema"
PARTITION_COLUMN = "partition_expr"  # the name dagster-duckdb uses
COLUMNS = "columns"
DETAILS = "reamaze_pipeline/details"

DEFAULT_PARTITION_COLUMN = "day"
LONGEST_TYPE = 28
"""Letters of a type that leave room for a description in a window 1,440 wide."""

DAYS_TOLD = 400
"""The newest days of a run whose events say how much was stored. Dagster copies, and looks through, all that was told
before with each day that is told: of 800 days in ten tables that was 3.7 s, and it grows with the square of the days.
The ledger knows all of them."""


def table_metadata(table: Table) -> dict[str, Any]:
    """Asset metadata that says in Dagster's UI what the table is.

    A long type stands in the description: beside it, nobody could read the description.
    """
    columns = [dg.TableColumn(c.name, *_shown_type(c.type, c.description)) for c in table.columns]
    metadata: dict[str, Any] = {COLUMN_SCHEMA: dg.TableSchema(columns), "dagster/table_name": table.label}
    return metadata | ({PARTITION_COLUMN: table.partition_column} if table.partition_column else {})


class DuckDBWarehouse(dg.ConfigurableIOManager):
    """Stores assets in a DuckDB file or a lake: schema = asset key prefix, table = last part of the key.

    A partition, or the range of a single run, is replaced in one transaction. Partition keys are days
    ``YYYY-MM-DD``; the partition column is ``day`` unless the asset's metadata ``partition_expr`` names
    another.
    """

    database: str
    lock_wait: float = WAIT_SECONDS
    """Seconds that all of a run waits for a file which another program holds."""
    key_prefix: list[str] = Field(default=[])
    """What stands before schema and name in the keys of its assets, and is no part of the table's name."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Self]:  # noqa: ARG002 Dagster's signature
        """For a run in this process, which is worth waiting for."""
        with patient(self.lock_wait):
            yield self

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Store what the asset returned: a DataFrame, a list of rows or a `Select`; None if it stored itself."""
        if obj is None:
            return
        if not isinstance(obj, pd.DataFrame | Select | Sequence) or isinstance(obj, str | bytes):
            key = context.asset_key.to_user_string()
            msg = f"{key} returned a {type(obj).__name__}; return a DataFrame, a list of rows or a Select."
            raise TableRefused(msg)
        days = list(obj.days) if isinstance(obj, DailySelect) else self.days_to_store(context)
        if isinstance(obj, Select) and obj.as_view:
            self._store_view(context, obj)
            return
        table = self._table(context, obj)
        version = obj.version if isinstance(obj, Select) else context.version
        counts = self.replace(table, days, obj, run_id=context.run_id, version=version, details=_details(context))
        self._report(context, table, counts)

    def days_to_store(self, context: dg.OutputContext) -> list[date]:
        """The days of the asset's partitions in this run, oldest first; none for an asset without partitions."""
        return _days(context)

    def load_input(self, context: dg.InputContext) -> pd.DataFrame:
        """The partitions asked for; of the columns, those that the input's metadata ``columns`` names, or all."""
        table = self.table_of(
            context.asset_key, _partition_column(context.upstream_output, context.has_asset_partitions)
        )
        wanted = (context.definition_metadata or {}).get(COLUMNS)
        with reading(self.database) as connection:
            stored = {column.name for column in stored_columns(connection, table)}
            if not stored:
                msg = f"{table.label} was never stored; materialize it first."
                raise PartitionMissing(msg)
            if unknown := sorted(set(wanted or ()) - stored):
                msg = f"{table.label} has no column {', '.join(unknown)}."
                raise PartitionMissing(msg)
            columns = ", ".join(quoted(name) for name in wanted) if wanted else "*"
            select = f"SELECT {columns} FROM {table.qualified}"
            if not context.has_asset_partitions or table.partition_column is None:
                return connection.execute(select).df()
            days = [date.fromisoformat(key) for key in context.asset_partition_keys]
            window = DayFilter.of(days)
            where = window.predicate(quoted(table.partition_column))
            return connection.execute(f"{select} WHERE {where}", dict(window.parameters)).df()

    def replace(
        self,
        table: Table,
        days: Sequence[date],
        source: Storable,
        *,
        run_id: str | None = None,
        version: str | None = None,
        details: Mapping[date, Mapping[str, Any]] | None = None,
        fetched_at: Mapping[date, datetime] | None = None,
        listed: bool = True,
    ) -> dict[date | None, int]:
        """Store days outside of an asset's return value; see `partition.replace_partitions`.

        ``fetched_at`` (aware) says when what a frame's days are made of was fetched, if that was before now: a day
        stored from what was fetched later is left as it is. ``listed`` is False for days that are not over.
        """
        table = as_kept(table) if isinstance(located(self.database), Lake) else table
        with ExitStack() as stack:
            # Frames and rows are staged without the database; opening it costs more than they do.
            with self._computing() if isinstance(source, Select) else nullcontext() as connection:
                rows = stack.enter_context(staged(connection, table, days, source))
            # The reading connection is closed by now: one process cannot hold the file in both modes.
            with writing(self.database) as connection:
                known = {"run_id": run_id, "version": version}
                return partition.store(connection, rows, **known, details=details, fetched_at=fetched_at, listed=listed)

    def define_view(self, table: Table, select: Select) -> None:
        """Make ``table`` a view of ``select``; writes nothing if it is that already."""
        if is_there(self.database):
            with reading(self.database) as connection:
                made_from = partition.views_made_from(connection).get((table.schema, table.name))
            if made_from == partition.made_from(select):
                return
        with writing(self.database) as connection:
            partition.replace_views(connection, [(table, select)])

    def add_columns(self, table: Table) -> None:
        """Give a stored table the columns that an earlier version did not declare; they are null in what is stored."""
        if not is_there(self.database):
            return
        with reading(self.database) as connection:
            stored = {column.name for column in stored_columns(connection, table)}
        if stored and not stored.issuperset(table.column_names):
            with writing(self.database) as connection, transaction(connection):
                prepare(connection, table)

    def stored_days(self, table: Table) -> set[date]:
        """The days of a table that are stored, those without rows included."""
        if not is_there(self.database):
            return set()
        with reading(self.database) as connection:
            return ledger.stored_days(connection, table)

    def table_of(self, key: dg.AssetKey, partition_column: str | None = None) -> Table:
        """The table of an asset, without its columns."""
        path = list(key.path)
        if path[: len(self.key_prefix)] == self.key_prefix:
            path = path[len(self.key_prefix) :]
        return Table("_".join(path[:-1]) or "main", path[-1], (), partition_column)

    def _computing(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """Where selects are computed: the database if it exists yet, else nothing at all."""
        if is_there(self.database):
            return reading(self.database)
        return without_database()

    def _table(self, context: dg.OutputContext, obj: pd.DataFrame | Select | Sequence[Any]) -> Table:
        table = self.table_of(context.asset_key, _partition_column(context, context.has_asset_partitions))
        declared = obj.columns if isinstance(obj, Select) else ()
        columns = declared or _declared(context) or self._undeclared_columns(table, obj)
        if not columns:
            msg = f"{table.label} declares no columns; give the asset {COLUMN_SCHEMA} or return a DataFrame."
            raise TableRefused(msg)
        if table.partition_column and table.partition_column not in {column.name for column in columns}:
            msg = f"{table.label} is partitioned but has no column {table.partition_column}; add or rename it."
            raise TableRefused(msg)
        return Table(table.schema, table.name, columns, table.partition_column)

    def _undeclared_columns(self, table: Table, obj: pd.DataFrame | Select | Sequence[Any]) -> tuple[Column, ...]:
        """Those of the stored table, or else of what is to be stored."""
        with self._computing() as connection:
            if columns := stored_columns(connection, table):
                return columns
            if isinstance(obj, Select):
                return tuple(Column(name, kind) for name, kind in describe(connection, obj).items())
        return columns_of(obj) if isinstance(obj, pd.DataFrame) else ()

    def _store_view(self, context: dg.OutputContext, select: Select) -> None:
        # A view stores nothing, so it has no row count: counting would compute all of it, at every run.
        table = self.table_of(context.asset_key, _partition_column(context, context.has_asset_partitions))
        self.define_view(table, select)
        columns = _declared(context)
        if not columns:
            with reading(self.database) as connection:
                columns = stored_columns(connection, table)
        self._report(context, Table(table.schema, table.name, columns), {})

    def _report(self, context: dg.OutputContext, table: Table, counts: Mapping[date | None, int]) -> None:
        if not _declared(context):  # what is declared stands in the asset's definition, not again in every event
            columns = [dg.TableColumn(c.name, c.type, description=c.description or None) for c in table.columns]
            context.add_output_metadata({COLUMN_SCHEMA: dg.TableSchema(columns), "dagster/table_name": table.label})
        if None in counts:
            context.add_output_metadata({"dagster/row_count": counts[None]})
        for day in sorted(day for day in counts if day is not None)[-DAYS_TOLD:]:
            context.step_context.add_asset_metadata(
                {"dagster/partition_row_count": counts[day]},
                asset_key=context.asset_key,
                partition_key=day.isoformat(),
            )


def _shown_type(kind: str, description: str) -> tuple[str, str | None]:
    if len(kind) <= LONGEST_TYPE or "(" not in kind:
        return kind, description or None
    outer, _, inner = kind.partition("(")
    fields, _, after = inner.rpartition(")")
    return f"{outer}(…){after}", f"{description} Fields: {fields}.".strip()


def _days(context: dg.OutputContext) -> list[date]:
    if not context.has_asset_partitions:
        return []
    try:
        return [date.fromisoformat(key) for key in context.asset_partition_keys]
    except ValueError as error:
        msg = f"{context.asset_key.to_user_string()}: partition keys must be days YYYY-MM-DD."
        raise TableRefused(msg) from error


def _partition_column(context: dg.OutputContext | None, partitioned: bool) -> str | None:
    if not partitioned:
        return None
    metadata = context.definition_metadata if context is not None else {}
    return str(_plain(metadata.get(PARTITION_COLUMN, DEFAULT_PARTITION_COLUMN)))


def _declared(context: dg.OutputContext) -> tuple[Column, ...]:
    schema = _plain(context.definition_metadata.get(COLUMN_SCHEMA))
    if not isinstance(schema, dg.TableSchema):
        return ()
    return tuple(Column(c.name, c.type, c.description or "") for c in schema.columns)


def _details(context: dg.OutputContext) -> dict[date, Mapping[str, Any]]:
    details = _plain(context.output_metadata.get(DETAILS)) or {}
    return {date.fromisoformat(str(day)): known for day, known in details.items()}


def _plain(value: Any) -> Any:
    """A metadata value as it was given: Dagster wraps some."""
    return value.value if isinstance(value, dg.MetadataValue) and not isinstance(value, dg.TableSchema) else value

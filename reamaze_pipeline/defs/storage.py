"""The IO manager as the graph uses it: the warehouse, and with each metric a preview for the UI."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import dagster as dg
from pydantic import Field

from reamaze_pipeline.instance.running import end_abandoned_runs, run_held
from reamaze_pipeline.report.preview import DAY, partition_previews
from reamaze_pipeline.warehouse.catalog import stored_columns
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.io_manager import DuckDBWarehouse
from reamaze_pipeline.warehouse.ledger import stored_days
from reamaze_pipeline.warehouse.table import Table

PREVIEWED = "metrics"
DAYS_PREVIEWED = 31
"""The newest days of a run that are previewed: nobody opens those of years ago one by one."""


class PreviewingWarehouse(DuckDBWarehouse):
    """Stores as `DuckDBWarehouse` does, then attaches headline numbers and first rows: of the run's newest days, or,
    for a view by day, of the newest day that is stored.
    """

    own_location: bool = Field(default=True, description="Whether every run on record is one of ours.")

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Self]:
        """Every run of ours has a warehouse, whoever started it: so long it says that it is worked on.

        It is also when runs that were killed are ended, if no command does it: the daemon may be all that ever starts.
        """
        if context.instance is None or context.run is None:
            yield self
            return
        with run_held(context.instance, context.run.run_id):
            end_abandoned_runs(context.instance, others=self.own_location)
            yield self

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Store the asset, then preview it if it is a metric."""
        super().handle_output(context, obj)
        table = self.table_of(context.asset_key)
        if table.schema == PREVIEWED and obj is not None:
            self._preview(context, table)

    def _preview(self, context: dg.OutputContext, table: Table) -> None:
        partitioned = context.has_asset_partitions
        with reading(self.database) as connection:
            if not partitioned and DAY not in {column.name for column in stored_columns(connection, table)}:
                return  # a view of all history, which a preview would compute every night
            days = (
                self.days_to_store(context)[-DAYS_PREVIEWED:]
                if partitioned
                else sorted(stored_days(connection, DAYS))[-1:]
            )
            previews = partition_previews(connection, table, days)
        for day, preview in previews.items():
            metadata: dict[str, Any] = {"preview": dg.MetadataValue.md(preview.markdown)}
            partition = day.isoformat() if day and partitioned else None
            context.step_context.add_asset_metadata(metadata, context.asset_key, partition)


DAYS = Table("raw", "message_pages", ())
"""Whose ledger says which day is the newest."""

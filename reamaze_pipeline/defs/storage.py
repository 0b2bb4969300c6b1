"""The IO manager as the graph uses it: the warehouse, and with each stored metric a preview for the UI."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import dagster as dg

from reamaze_pipeline.defs.partitions import days_of
from reamaze_pipeline.instance.running import end_abandoned_runs, run_held
from reamaze_pipeline.report.preview import partition_previews
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.io_manager import DuckDBWarehouse
from reamaze_pipeline.warehouse.table import Table

PREVIEWED = "metrics"
DAYS_AT_ONCE = 31
"""Days previewed together: enough to compute a metric that looks back only once, few enough to hold in memory."""


class PreviewingWarehouse(DuckDBWarehouse):
    """Stores as `DuckDBWarehouse` does, then attaches the headline numbers and first rows of each day."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Self]:
        """Every run of ours has a warehouse, whoever started it: so long it says that it is worked on.

        It is also when runs that were killed are ended, if no command does it: the daemon may be all that ever starts.
        """
        if context.instance is None or context.run is None:
            yield self
            return
        with run_held(context.instance, context.run.run_id):
            end_abandoned_runs(context.instance)
            yield self

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Store the asset, then preview it if it is a metric."""
        super().handle_output(context, obj)
        key = context.asset_key
        if key.path[0] == PREVIEWED:
            self._preview(context, Table(key.path[0], key.path[-1], ()))

    def _preview(self, context: dg.OutputContext, table: Table) -> None:
        days = days_of(context.asset_partition_keys) if context.has_asset_partitions else []
        with reading(self.database) as connection:
            for first in range(0, max(len(days), 1), DAYS_AT_ONCE):
                previews = partition_previews(connection, table, days[first : first + DAYS_AT_ONCE])
                for day, preview in previews.items():
                    metadata: dict[str, Any] = {"preview": dg.MetadataValue.md(preview.markdown)}
                    if day is not None:
                        metadata["dagster/partition_row_count"] = preview.rows
                    partition = day.isoformat() if day else None
                    context.step_context.add_asset_metadata(metadata, context.asset_key, partition)

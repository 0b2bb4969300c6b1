"""The IO manager as the graph uses it: the warehouse, and with each stored metric a preview for the UI."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import dagster as dg

from reamaze_pipeline.defs.partitions import days_of_run
from reamaze_pipeline.report.preview import partition_preview
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.io_manager import DuckDBWarehouse
from reamaze_pipeline.warehouse.table import Table

PREVIEWED = "metrics"
MOST_PREVIEWS = 31
"""Days of one run that get a preview, the newest; a year's backfill would otherwise be mostly previews."""


class PreviewingWarehouse(DuckDBWarehouse):
    """Stores as `DuckDBWarehouse` does, then attaches the headline numbers and first rows of each day."""

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Store the asset, then preview it if it is a metric."""
        super().handle_output(context, obj)
        key = context.asset_key
        if key.path[0] == PREVIEWED:
            self._preview(context, Table(key.path[0], key.path[-1], ()))

    def _preview(self, context: dg.OutputContext, table: Table) -> None:
        days = _newest_days(context)
        with reading(self.database) as connection:
            for day in days:
                preview = {"preview": dg.MetadataValue.md(partition_preview(connection, table, [day]))}
                partition = day.isoformat() if context.has_asset_partitions else None
                context.step_context.add_asset_metadata(preview, context.asset_key, partition)


def _newest_days(context: dg.OutputContext) -> Sequence[date]:
    """The days to preview: of a view, which has none of its own, the last day of the run."""
    days = days_of_run(context.step_context.run_tags) or []
    return days[-MOST_PREVIEWS:] if context.has_asset_partitions else days[-1:]

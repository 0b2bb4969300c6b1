"""The IO manager as the graph uses it: the warehouse, and with each metric a preview for the UI."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

import dagster as dg
from pydantic import Field

from reamaze_pipeline.instance.running import end_abandoned_runs, run_held
from reamaze_pipeline.report.preview import DAY, Preview, partition_previews
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.io_manager import DuckDBWarehouse
from reamaze_pipeline.warehouse.ledger import stored_days
from reamaze_pipeline.warehouse.table import Table

PREVIEWED = {"core", "intermediate", "metrics"}
DAYS_PREVIEWED = 31
"""The newest days of a run that are previewed: nobody opens those of years ago one by one."""


class PreviewingWarehouse(DuckDBWarehouse):
    """Where all tables live: a DuckDB file, or a lake. The asset `core/messages` is the table `core.messages`.

    A day is replaced as a whole or not at all, and running it again changes nothing. Each table of the newest days of
    a run gets a preview: how many rows, the sums of its counts, the first rows. What people wrote is never in it.
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
        """Store the asset, then preview it. A view of all history has none: it would be computed every night."""
        super().handle_output(context, obj)
        table = self.table_of(context.asset_key)
        if table.schema in PREVIEWED and obj is not None:
            self._preview(context, table)

    @contextmanager
    def previewing_views(self) -> Iterator[Callable[[Table], dict[str, Any]]]:
        """For the block, what gives a view's preview as metadata; nothing where there is none to show."""
        with reading(self.database) as connection:
            newest = sorted(stored_days(connection, DAYS))[-1:]

            def previewed(view: Table) -> dict[str, Any]:
                if view.schema not in PREVIEWED or DAY not in view.column_names:
                    return {}
                (preview,) = partition_previews(connection, view, newest).values()
                return _metadata(preview)

            yield previewed

    def _preview(self, context: dg.OutputContext, table: Table) -> None:
        if not context.has_asset_partitions:
            return
        with reading(self.database) as connection:
            previews = partition_previews(connection, table, self.days_to_store(context)[-DAYS_PREVIEWED:])
        for day, preview in previews.items():
            partition = day.isoformat() if day else None
            context.step_context.add_asset_metadata(_metadata(preview), context.asset_key, partition)


def _metadata(preview: Preview) -> dict[str, Any]:
    return {"preview": dg.MetadataValue.md(preview.markdown)}


DAYS = Table("raw", "message_pages", ())
"""Whose ledger says which day is the newest."""

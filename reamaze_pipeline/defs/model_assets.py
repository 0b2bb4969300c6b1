"""One asset per SQL file: key, dependencies, group, kinds, description, owners, columns and lineage come from it.

A table of days is partitioned, and depends on the tables it is computed from: the views between them are defined by
whatever runs, so that any selection over a range is one run. A view is not partitioned; it stands behind the tables.
"""

import logging
from functools import cache

import dagster as dg

from reamaze_pipeline.crawl.progress import Building, CrawlProgress
from reamaze_pipeline.defs.naming import ALONE, Naming
from reamaze_pipeline.defs.partitions import days_of
from reamaze_pipeline.defs.runs_of_ours import asks_for_missing_only
from reamaze_pipeline.errors import LineageUnknown
from reamaze_pipeline.models.lineage import column_lineage
from reamaze_pipeline.models.model import Model, Node, Project, Source
from reamaze_pipeline.state.days import due_days
from reamaze_pipeline.state.inputs import require_inputs
from reamaze_pipeline.state.provision import bring_up_to_date
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.io_manager import DuckDBWarehouse, table_metadata
from reamaze_pipeline.warehouse.ledger import LEDGER
from reamaze_pipeline.warehouse.table import Select


def model_assets(
    project: Project, partitions: dg.DailyPartitionsDefinition, names: Naming = ALONE
) -> list[dg.AssetsDefinition]:
    """An asset for each model of the project, in dependency order."""
    return [_asset(model, project, partitions, names) for model in project.models]


def _asset(
    model: Model, project: Project, partitions: dg.DailyPartitionsDefinition, names: Naming
) -> dg.AssetsDefinition:
    """Computes the days of the run, or those of them that are due; never from days that are not stored."""
    upstream = model.stored_inputs if model.partitioned else model.upstream
    lineage = _lineage(model, project, names)

    @dg.asset(
        key=names.plain_key(model.schema, model.name),
        deps=[names.key(node.table.schema, node.table.name) for node in upstream if _is_asset(node)],
        group_name=names.group_of(model.schema),
        kinds={"view" if model.materialized == "view" else "table", "sql", "duckdb"},
        description=model.description,
        owners=list(model.owners) or None,
        code_version=model.version,
        partitions_def=partitions if model.partitioned else None,
        backfill_policy=dg.BackfillPolicy.single_run() if model.partitioned else None,
        metadata={**table_metadata(model.table), **lineage},
        io_manager_key=names.resource("warehouse"),
    )
    @names.asking
    def compute(
        context: dg.AssetExecutionContext,
        warehouse: dg.ResourceParam[DuckDBWarehouse],
        crawl_progress: dg.ResourceParam[CrawlProgress],
    ) -> Select | None:
        for source in model.upstream:
            if isinstance(source, Source) and _is_asset(source):
                warehouse.add_columns(source.table)
        bring_up_to_date(warehouse.database, project)
        if lineage:  # the UI draws it from the newest materialization; one of a range is enough
            context.add_asset_metadata(lineage, partition_key=context.partition_keys[-1] if model.partitioned else None)
        if not model.partitioned:
            require_inputs(warehouse.database, model, None)
            return model.select()
        days = days_of(context.partition_keys)
        require_inputs(warehouse.database, model, days)
        if asks_for_missing_only(context.run.tags):
            with reading(warehouse.database) as connection:
                days = due_days(connection, model, days)
        if not days:
            return None
        crawl_progress.building(Building(model.table.label, len(days)))
        return model.select(days)

    return names.keyed(compute, model.schema, model.name)


def _is_asset(node: Node) -> bool:
    """The warehouse's own ledger is none."""
    return node.table.schema != LEDGER.schema


def _lineage(model: Model, project: Project, names: Naming) -> dict[str, dg.TableColumnLineage]:
    """The lineage as asset metadata; none where it is unknown, which is said once."""
    try:
        known = column_lineage(model, project)
    except LineageUnknown as unknown:
        _say_once(str(unknown))
        return {}
    columns = {
        column: [
            dg.TableColumnDep(asset_key=names.key(schema, table), column_name=name)
            for schema, table, name in sources
            if schema != LEDGER.schema
        ]
        for column, sources in known.items()
    }
    return {"dagster/column_lineage": dg.TableColumnLineage(columns)}


@cache
def _say_once(line: str) -> None:
    """In each process, however often it loads the definitions."""
    logging.getLogger(__name__).warning(line)

"""One asset per SQL file: key, dependencies, group, kinds, description, owners, columns and lineage come from it.

An asset here only returns the select of its model; the IO manager runs it inside DuckDB and stores the result.
"""

import logging
from functools import cache

import dagster as dg

from reamaze_pipeline.defs.naming import keyed, plain, plain_key
from reamaze_pipeline.defs.partitions import days_of
from reamaze_pipeline.errors import LineageUnknown
from reamaze_pipeline.models.lineage import column_lineage
from reamaze_pipeline.models.model import Model, Project, Source
from reamaze_pipeline.warehouse.io_manager import DuckDBWarehouse, table_metadata
from reamaze_pipeline.warehouse.ledger import LEDGER
from reamaze_pipeline.warehouse.table import Select


def model_assets(project: Project, partitions: dg.DailyPartitionsDefinition) -> list[dg.AssetsDefinition]:
    """An asset for each model of the project, in dependency order."""
    return [_asset(model, project, partitions) for model in project.models]


def _asset(model: Model, project: Project, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """What has rows for each day has the daily partitions; a view among them is defined once and previewed by day."""
    lineage = _lineage(model, project)

    @dg.asset(
        key=plain_key(model.schema, model.name),
        deps=[dg.AssetKey([schema, name]) for schema, name in _upstream(model)],
        group_name=plain(model.schema),
        kinds={"view" if model.materialized == "view" else "table", "sql", "duckdb"},
        description=model.description,
        owners=list(model.owners) or None,
        partitions_def=partitions if model.daily else None,
        backfill_policy=dg.BackfillPolicy.single_run() if model.daily else None,
        metadata={**table_metadata(model.table), **lineage},
        io_manager_key="warehouse",
    )
    def compute(context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[DuckDBWarehouse]) -> Select:
        for source in model.upstream:
            if isinstance(source, Source) and source.table.schema != LEDGER.schema:
                warehouse.add_columns(source.table)
        # The UI draws column lineage from the newest materialization; one of a range is enough.
        newest = context.partition_keys[-1] if model.daily else None
        if lineage:
            context.add_asset_metadata(lineage, partition_key=newest)
        return model.select(days_of(context.partition_keys) if model.daily else None)

    return keyed(compute, model.schema, model.name)


def _upstream(model: Model) -> list[tuple[str, str]]:
    """What a model reads that is an asset; the warehouse's ledger is none."""
    return [key for key in (*model.refs, *model.seeds, *model.sources) if key[0] != LEDGER.schema]


def _lineage(model: Model, project: Project) -> dict[str, dg.TableColumnLineage]:
    """The lineage as asset metadata; none where it is unknown, which is said once."""
    try:
        known = column_lineage(model, project)
    except LineageUnknown as unknown:
        _say_once(str(unknown))
        return {}
    columns = {
        column: [
            dg.TableColumnDep(asset_key=dg.AssetKey([schema, table]), column_name=name)
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

"""The stored tables as assets: each computes the days of the run, or those of them that are due."""

import dagster as dg

from reamaze_pipeline.crawl.progress import Building, CrawlProgress
from reamaze_pipeline.defs.modelled.specs import is_asset, model_spec
from reamaze_pipeline.defs.naming import ALONE, Naming
from reamaze_pipeline.defs.partitions import days_of
from reamaze_pipeline.defs.runs_of_ours import asks_for_missing_only
from reamaze_pipeline.models.model import Model, Project, Source
from reamaze_pipeline.state.days import due_days
from reamaze_pipeline.state.inputs import require_inputs
from reamaze_pipeline.state.provision import bring_up_to_date
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.io_manager import DuckDBWarehouse
from reamaze_pipeline.warehouse.table import Select


def table_assets(
    project: Project, partitions: dg.DailyPartitionsDefinition, names: Naming = ALONE
) -> list[dg.AssetsDefinition]:
    """An asset for each model that is stored, in dependency order."""
    return [_asset(model, project, partitions, names) for model in project.models if model.materialized != "view"]


def _asset(
    model: Model, project: Project, partitions: dg.DailyPartitionsDefinition, names: Naming
) -> dg.AssetsDefinition:
    """Never computes from days that are not stored."""
    spec = model_spec(model, project, names)

    @dg.asset(
        key=spec.key,
        deps=spec.deps,
        group_name=spec.group_name,
        kinds=spec.kinds,
        tags={key: value for key, value in spec.tags.items() if not key.startswith("dagster/kind")},
        description=spec.description,
        owners=spec.owners,
        code_version=spec.code_version,
        partitions_def=partitions if model.partitioned else None,
        backfill_policy=dg.BackfillPolicy.single_run() if model.partitioned else None,
        metadata={key: value for key, value in spec.metadata.items() if key != "dagster/io_manager_key"},
        io_manager_key=names.resource("warehouse"),
    )
    @names.asking
    def compute(
        context: dg.AssetExecutionContext,
        warehouse: dg.ResourceParam[DuckDBWarehouse],
        crawl_progress: dg.ResourceParam[CrawlProgress],
    ) -> Select | None:
        for source in model.upstream:
            if isinstance(source, Source) and is_asset(source):
                warehouse.add_columns(source.table)
        bring_up_to_date(warehouse.database, project)
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

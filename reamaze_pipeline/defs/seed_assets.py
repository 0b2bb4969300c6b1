"""One asset per seed: a small CSV file beside the models, stored as a table and rewritten only when it changes."""

import dagster as dg

from reamaze_pipeline.defs.naming import keyed, plain_key
from reamaze_pipeline.models.model import Project, Seed
from reamaze_pipeline.models.seeds import load_seeds
from reamaze_pipeline.warehouse.io_manager import DuckDBWarehouse, table_metadata


def seed_assets(project: Project) -> list[dg.AssetsDefinition]:
    """An asset for each seed of the project."""
    return [_asset(seed) for seed in project.seeds]


def _asset(seed: Seed) -> dg.AssetsDefinition:
    @dg.asset(
        key=plain_key(seed.table.schema, seed.table.name),
        group_name=seed.table.schema,
        kinds={"csv", "duckdb"},
        description=seed.description,
        metadata=table_metadata(seed.table),
    )
    def store(warehouse: dg.ResourceParam[DuckDBWarehouse]) -> None:
        load_seeds(warehouse.database, [seed])

    return keyed(store, seed.table.schema, seed.table.name)

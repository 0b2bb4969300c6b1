"""Seeds in the lineage: small CSV files beside the models. Every run loads those that changed; none is run itself."""

import dagster as dg

from reamaze_pipeline.defs.naming import ALONE, Naming, tags_of
from reamaze_pipeline.models.model import Project
from reamaze_pipeline.warehouse.io_manager import table_metadata


def seed_specs(project: Project, names: Naming = ALONE) -> list[dg.AssetSpec]:
    """A spec for each seed of the project."""
    return [
        dg.AssetSpec(
            key=names.key(seed.table.schema, seed.table.name),
            group_name=names.group_of(seed.table.schema),
            kinds={"csv", "duckdb"},
            tags=tags_of(seed.table.schema),
            description=seed.description,
            metadata=table_metadata(seed.table),
        )
        for seed in project.seeds
    ]

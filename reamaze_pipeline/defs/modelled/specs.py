"""What Dagster is told of a model: its place in the graph, its columns and where they come from, its file."""

import logging
from functools import cache
from typing import Any

import dagster as dg

from reamaze_pipeline.defs.naming import DOMAIN, Naming, tags_of
from reamaze_pipeline.errors import LineageUnknown
from reamaze_pipeline.models.lineage import column_lineage
from reamaze_pipeline.models.model import Model, Node, Project
from reamaze_pipeline.warehouse.io_manager import table_metadata
from reamaze_pipeline.warehouse.ledger import LEDGER

LINEAGE = "dagster/column_lineage"


def model_spec(model: Model, project: Project, names: Naming) -> dg.AssetSpec:
    """The asset of a model under its `plain_key`; see `Naming.keyed`.

    A table of days depends on the tables it is computed from: the views between them are defined by whatever runs, so
    that any selection over a range is one run.
    """
    upstream = model.stored_inputs if model.partitioned else model.upstream
    return dg.AssetSpec(
        key=names.plain_key(model.schema, model.name),
        deps=[names.key(node.table.schema, node.table.name) for node in upstream if is_asset(node)],
        group_name=names.group_of(model.schema),
        kinds={"view" if model.materialized == "view" else "table", "sql", "duckdb"},
        description=model.description,
        owners=list(model.owners),
        code_version=model.version,
        tags=tags_of(model.schema, str(model.meta.get("domain", DOMAIN))),
        metadata={**table_metadata(model.table), **lineage_metadata(model, project, names), **_file_metadata(model)},
    ).with_io_manager_key(names.resource("warehouse"))


def is_asset(node: Node) -> bool:
    """The warehouse's own ledger is none."""
    return node.table.schema != LEDGER.schema


def lineage_metadata(model: Model, project: Project, names: Naming) -> dict[str, Any]:
    """The lineage as asset metadata, and as a table to read; nothing where it is unknown, which is said once."""
    try:
        known = column_lineage(model, project)
    except LineageUnknown as unknown:
        _say_once(str(unknown))
        return {}
    told = {column: [origin for origin in origins if origin[0] != LEDGER.schema] for column, origins in known.items()}
    columns = {
        column: [
            dg.TableColumnDep(asset_key=names.key(schema, table), column_name=name) for schema, table, name in origins
        ]
        for column, origins in told.items()
    }
    lines = [
        f"| `{column}` | {', '.join(f'`{schema}.{table}.{name}`' for schema, table, name in origins) or '—'} |"
        for column, origins in told.items()
    ]
    shown = "\n".join(["| column | computed from |", "|---|---|", *lines])
    return {LINEAGE: dg.TableColumnLineage(columns), "columns_from": dg.MetadataValue.md(shown)}


def _file_metadata(model: Model) -> dict[str, Any]:
    """The file, to open in an editor, and its text."""
    reference = dg.LocalFileCodeReference(file_path=str(model.path.absolute()), line_number=1)
    text = model.path.read_text(encoding="utf-8-sig").strip()
    return {
        "dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[reference]),
        "sql": dg.MetadataValue.md(f"```sql\n{text}\n```"),
    }


@cache
def _say_once(line: str) -> None:
    """In each process, however often it loads the definitions."""
    logging.getLogger(__name__).warning(line)

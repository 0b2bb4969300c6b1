"""The views as assets: one for each, and one step that defines and previews those a run asks for.

A step for each took many times as long as defining the view. A view holds no days, so it is not partitioned: it stands
behind the tables of days, which never depend on it.
"""

from collections.abc import Iterator

import dagster as dg
import duckdb

from reamaze_pipeline.defs.modelled.specs import model_spec
from reamaze_pipeline.defs.naming import ALONE, Naming
from reamaze_pipeline.defs.storage import PreviewingWarehouse
from reamaze_pipeline.errors import InputsMissing, NotComputed, WarehouseError
from reamaze_pipeline.models.model import Project
from reamaze_pipeline.state.inputs import require_inputs
from reamaze_pipeline.state.provision import bring_up_to_date


def view_assets(project: Project, names: Naming = ALONE) -> list[dg.AssetsDefinition]:
    """The assets of the views, in one definition; none if the project has no view."""
    views = [model for model in project.models if model.materialized == "view"]
    if not views:
        return []
    specs = [model_spec(view, project, names) for view in views]

    @dg.multi_asset(name=names.name("views"), specs=specs, can_subset=True)
    @names.asking
    def define(
        context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[PreviewingWarehouse]
    ) -> Iterator[dg.MaterializeResult[None]]:
        bring_up_to_date(warehouse.database, project)
        failed: list[WarehouseError] = []
        with warehouse.previewing_views() as preview:
            for view in views:
                key = names.key(view.schema, view.name)
                if key not in context.selected_asset_keys:
                    continue
                try:
                    require_inputs(warehouse.database, view, None)
                    shown = preview(view.table)
                except InputsMissing as error:
                    failed.append(error)
                except duckdb.DataError as error:  # the text may hold what people wrote
                    why = f"{view.table.label} cannot be computed ({type(error).__name__}); mend {view.path}"
                    failed.append(NotComputed(why))
                else:
                    if shown:  # not with the result: Dagster would write it twice, as of an output and of an asset
                        context.add_asset_metadata(shown, asset_key=key)
                    yield dg.MaterializeResult(asset_key=key)
        if failed:
            raise type(failed[0])("; ".join(map(str, failed)))

    plain_keys = {spec.key: names.key(view.schema, view.name) for view, spec in zip(views, specs, strict=True)}
    renamed = {plain: key for plain, key in plain_keys.items() if plain != key}
    return [define.with_attributes(asset_key_replacements=renamed) if renamed else define]

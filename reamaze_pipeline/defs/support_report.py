"""The asset `reports/support_report`: the HTML page of the last 30 stored days, made anew by every run.

What is on the page is decided in `reamaze_pipeline.report`.
"""

import base64
from pathlib import Path

import dagster as dg

from reamaze_pipeline.defs.naming import ALONE, Naming, tags_of
from reamaze_pipeline.instance.retention import forget_old_runs
from reamaze_pipeline.models.model import Project
from reamaze_pipeline.report.charts.renderer import Renderer
from reamaze_pipeline.state.promises import broken
from reamaze_pipeline.warehouse.io_manager import DuckDBWarehouse

KEY = dg.AssetKey(["reports", "support_report"])


def _forgetting(keep_runs_days: int) -> dg.HookDefinition:
    """The last step of a run that went well is when old records may go. A failing hook is told and fails no run."""

    @dg.success_hook
    def forget_what_is_old(context: dg.HookContext) -> None:
        forget_old_runs(context.instance, keep_runs_days)

    return forget_what_is_old


def support_report(
    project: Project,
    timezone: str,
    path: Path,
    keep_runs_days: int,
    names: Naming = ALONE,
    brand: str | None = None,
    links: str | None = None,
) -> dg.AssetsDefinition:
    """The asset that writes the report of `project`'s metrics to `path`, for `brand`, with `links` to conversations."""

    @dg.asset(
        key=names.plain_key(*KEY.path),
        deps=[names.key(model.schema, model.name) for model in project.models if model.schema == "metrics"],
        group_name=names.group_of("reports"),
        kinds={"python", "html"},
        tags=tags_of("reports"),
        description="How fast the team answers, who carries the load, when people write, what waits: one HTML page.",
        hooks={_forgetting(keep_runs_days)} if names.own else set(),
        io_manager_key=names.resource("warehouse"),
    )
    @names.asking
    def support_report(
        context: dg.AssetExecutionContext,
        warehouse: dg.ResourceParam[DuckDBWarehouse],
        renderer: dg.ResourceParam[Renderer],
    ) -> dg.MaterializeResult[None]:
        from reamaze_pipeline.report.build import build_report, write_report  # noqa: PLC0415 no other asset needs it

        found = broken(warehouse.database)
        failed = [one.in_words for one in found if one.severity == "error"]
        report = build_report(
            warehouse.database,
            timezone=timezone,
            project=project,
            failed_checks=failed,
            warnings=[one.in_words for one in found if one.severity != "error"],
            brand=brand,
            links=links,
            renderer=renderer,
        )
        written = write_report(report, path)
        picture = base64.b64encode(report.preview_png).decode()
        # Not with the result: Dagster would write the picture twice, as of an output and of an asset.
        context.add_asset_metadata(
            {
                "report": dg.MetadataValue.path(written.absolute()),
                "key_numbers": dg.MetadataValue.md(report.preview_markdown),
                "picture": dg.MetadataValue.md(f"![Volume and response times](data:image/png;base64,{picture})"),
                "failed_checks": len(failed),
                "warnings": len(found) - len(failed),
            }
        )
        return dg.MaterializeResult()

    return names.keyed(support_report, *KEY.path)

"""What stands over several brands: views of every table of all of them, and one page that leads to each one's report.

One brand, what it stores and tells, is the business of its `Deployment`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.report.build import build_report, write_page, write_report
from reamaze_pipeline.report.charts.renderer import Renderer
from reamaze_pipeline.report.overview import BrandPage, render_overview
from reamaze_pipeline.settings.brands import VIEWS
from reamaze_pipeline.state.promises import broken
from reamaze_pipeline.state.union import BrandFile, define_union
from reamaze_pipeline.warehouse.lake.location import folder_beside, is_there

NAME = "all_brands"


@dataclass(frozen=True, slots=True)
class AllBrands:
    """`views` is the file of the views, None where no brand is stored in a file; `missing` are brands not in it."""

    page: Path
    views: Path | None
    tables: int
    missing: Sequence[str]


def write_all_brands(deployments: Sequence[Deployment]) -> AllBrands:
    """Each brand's report, the page over all, and the views of all; beside the first brand's database.

    Raises as reading a warehouse does.
    """
    folder = folder_beside(deployments[0].database)
    files = [
        BrandFile(each.brand or "", each.database, each.storage.snapshot, each.project)
        for each in deployments
        if isinstance(each.database, Path) and is_there(each.database)
    ]
    missing = [each.brand or "" for each in deployments if each.brand not in {file.brand for file in files}]
    views = folder / VIEWS
    tables = define_union(views, files) if files else []
    with Renderer() as renderer:
        pages = [_page(each, folder, renderer) for each in deployments]
    note = f"Not in the views of all brands: {', '.join(missing)}." if missing else ""
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    page = write_page(render_overview(pages, built_at=now, note=note), folder / f"support_report_{NAME}.html")
    return AllBrands(page, views if files else None, len(tables), missing)


def _page(deployment: Deployment, folder: Path, renderer: Renderer) -> BrandPage:
    name, path = deployment.brand or "", deployment.report_path
    if not is_there(deployment.database):
        return BrandPage(name, path.name, {})
    found = broken(deployment.database)
    built = build_report(
        deployment.database,
        timezone=deployment.calendar.timezone,
        project=deployment.project,
        failed_checks=[one.in_words for one in found if one.severity == "error"],
        warnings=[one.in_words for one in found if one.severity != "error"],
        brand=deployment.address.brand,
        links=deployment.links,
        renderer=renderer,
    )
    write_report(built, path)
    beside = path.parent.absolute() == folder.absolute()
    return BrandPage(name, path.name if beside else path.absolute().as_uri(), built.headline)

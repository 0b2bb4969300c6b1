"""`report`: the support report, written to a file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from reamaze_pipeline.commands.arguments import as_json_option, as_of_option, day_type, examples
from reamaze_pipeline.commands.console import Output
from reamaze_pipeline.errors import PipelineError, UsageRefused
from reamaze_pipeline.runs.loading import uncollected


@click.command(
    epilog=examples(
        "reamaze-pipeline report",
        "reamaze-pipeline report --from 2026-03-02 --to 2026-03-08 --out week.html",
        "reamaze-pipeline report --origin Email --out email.html",
    )
)
@click.option("--from", "first", type=day_type, help="First day; without it the last 30 stored days.")
@click.option("--to", "last", type=day_type, help="Last day, included.")
@click.option("--sender", help="Only what this staff sender answered: an email, or a name.")
@click.option("--category", help="Only this inbox: its slug or name.")
@click.option("--origin", help="Only this channel: its name or code, such as Email or 1.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The file; beside the database.")
@click.option("--open", "open_it", is_flag=True, help="Open it in the browser.")
@as_of_option
@as_json_option
def report(
    first: dt.datetime | None,
    last: dt.datetime | None,
    sender: str | None,
    category: str | None,
    origin: str | None,
    out: Path | None,
    open_it: bool,
    as_of: dt.datetime | None,
    as_json: bool,
) -> None:
    """Write the support report: one HTML page that needs nothing else."""
    from reamaze_pipeline.report.charts.renderer import Renderer
    from reamaze_pipeline.settings.brands import chosen, known_brands

    output = Output(as_json=as_json)
    if chosen() is None and known_brands():
        _over_all(output, asked=bool(first or last or sender or category or origin or out or as_of), open_it=open_it)
        return
    with Renderer() as renderer:
        with uncollected():
            from reamaze_pipeline.deployment import Deployment
            from reamaze_pipeline.report.build import build_report, write_report
            from reamaze_pipeline.report.numbers.narrowing import Narrowing
            from reamaze_pipeline.state.moved import moves
            from reamaze_pipeline.state.promises import broken
            from reamaze_pipeline.state.provision import bring_up_to_date
            from reamaze_pipeline.warehouse.connection import reading
        deployment = Deployment.from_environment()
        with reading(deployment.database) as connection:
            moved = moves(connection, deployment.project)
        if moved:  # an earlier version's warehouse, not run upon since
            bring_up_to_date(deployment.database, deployment.project)
        found = broken(deployment.database)
        shown = deployment.redaction.email(sender) if sender and "@" in sender else sender
        built = build_report(
            deployment.database,
            first=first.date() if first else None,
            last=last.date() if last else None,
            timezone=deployment.calendar.timezone,
            project=deployment.project,
            failed_checks=[one.in_words for one in found if one.severity == "error"],
            warnings=[one.in_words for one in found if one.severity != "error"],
            brand=deployment.address.brand,
            links=deployment.links,
            narrowing=Narrowing(shown, category, origin),
            renderer=renderer,
            as_of=as_of.replace(tzinfo=dt.UTC) if as_of else None,
        )
    if not built.headline["days_stored"]:
        raise PipelineError(_not_stored(first.date() if first else None, last.date() if last else None))
    path = write_report(built, out or deployment.report_path)
    output.say(f"The report is {path}.")
    if missing := int(built.headline["days_missing"]):
        output.say(f"{missing:,} of its days {'is' if missing == 1 else 'are'} not stored.")
    output.result({"ok": True, "path": str(path), **built.headline})
    if open_it:
        click.launch(path.absolute().as_uri())


def _over_all(output: Output, *, asked: bool, open_it: bool) -> None:
    """Each brand's report, and one page over all."""
    from reamaze_pipeline.across import write_all_brands
    from reamaze_pipeline.deployment import every_deployment

    if asked:
        raise UsageRefused("days and files are those of one brand; say which with --brand")
    done = write_all_brands(every_deployment())
    output.say(f"The report over all brands is {done.page}, and leads to that of each.")
    if done.views is not None:
        output.say(f"{done.tables} tables of all brands, with a column brand, are in {done.views}.")
    for brand in done.missing:
        output.say(f"{brand} is not in these: it has no database file yet, or a lake.")
    output.result({"ok": True, "path": str(done.page), "views": str(done.views) if done.views else None})
    if open_it:
        click.launch(done.page.absolute().as_uri())


def _not_stored(first: dt.date | None, last: dt.date | None) -> str:
    """An empty page in place of a report would be taken for a quiet month, so none is written."""
    from reamaze_pipeline.settings.typed import typed

    if first is None and last is None:
        return f"no day is stored yet; {typed('backfill --from DAY --to DAY')} stores some"
    begin, end = first or last, last or first
    return (
        f"no day from {begin} to {end} is stored, so no report was written;"
        f" {typed(f'backfill --from {begin} --to {end}')} stores them"
    )

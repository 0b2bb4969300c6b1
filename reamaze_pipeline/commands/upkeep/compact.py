"""`compact`: a lake's small files merged, its old states let go."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict

import click

from reamaze_pipeline.commands.arguments import as_json_option, examples
from reamaze_pipeline.commands.console import Output

KEEP_DAYS = 7


@click.command(epilog=examples("reamaze-pipeline compact", "reamaze-pipeline compact --keep-days 30"))
@click.option(
    "--keep-days",
    type=click.IntRange(min=0),
    default=KEEP_DAYS,
    show_default=True,
    help="How far back the lake stays readable with --as-of.",
)
@as_json_option
def compact(keep_days: int, as_json: bool) -> None:
    """Merge a lake's small files and let go of its old states; writers wait meanwhile."""
    from reamaze_pipeline import settings
    from reamaze_pipeline.warehouse.lake.upkeep import keep_up

    output = Output(as_json=as_json)
    settings.load_environment()
    done = keep_up(settings.read(settings.Warehouse).database, dt.timedelta(days=keep_days))
    output.say(
        f"The tables lie in {done.files_after:,} files (before: {done.files_before:,});"
        f" {done.states_let_go:,} states older than {keep_days} days were let go."
    )
    output.result({"ok": True, **asdict(done)})

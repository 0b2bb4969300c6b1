"""`backfill`: what is missing of some days, materialized in one run."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict

import click

from reamaze_pipeline.commands.arguments import as_json_option, day_type, examples
from reamaze_pipeline.commands.console import Output
from reamaze_pipeline.errors import SettingsError
from reamaze_pipeline.runs.loading import uncollected


@click.command(
    epilog=examples(
        "reamaze-pipeline backfill --from 2026-03-02 --to 2026-03-08",
        "reamaze-pipeline backfill --from 2026-03-08 --to 2026-03-08 --refresh",
    )
)
@click.option("--from", "first", type=day_type, required=True, help="First day, YYYY-MM-DD.")
@click.option("--to", "last", type=day_type, required=True, help="Last day, included.")
@click.option(
    "--select",
    help="Only these assets, in Dagster's selection syntax, such as metrics/night_owls.",
)
@click.option("--refresh", is_flag=True, help="Fetch all of the days anew.")
@as_json_option
def backfill(first: dt.datetime, last: dt.datetime, refresh: bool, select: str | None, as_json: bool) -> None:
    """Materialize what is missing or stale of every table, for all days from --from to --to, in one run."""
    from reamaze_pipeline import settings

    with uncollected():
        from reamaze_pipeline.crawl.progress import StoredDay
        from reamaze_pipeline.deployment import Deployment
        from reamaze_pipeline.runs.backfill import backfill as materialize

    out = Output(as_json=as_json)
    settings.load_environment()
    if wrong := settings.problems(
        settings.Login, settings.Calendar, settings.Warehouse, settings.Records, settings.Metrics, settings.Trust
    ):
        raise SettingsError("; ".join(wrong))
    deployment = Deployment.from_environment()
    days = (last.date() - first.date()).days + 1
    with out.counting(days, "days") as count:
        count(f"{days:,} day{'s' * (days != 1)}: looking at what is stored and at what Re:amaze holds", False)
        outcome = materialize(
            deployment,
            first.date(),
            last.date(),
            refresh=refresh,
            select=select,
            announce=lambda told: count(told.in_words, isinstance(told, StoredDay)),
        )
    out.say(outcome.in_words)
    out.result({"ok": True, **asdict(outcome)})

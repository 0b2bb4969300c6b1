"""`status`: is all stored that should be, and what mends it if not. For people, cron and monitors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from reamaze_pipeline.commands.arguments import as_json_option, examples
from reamaze_pipeline.commands.console import Output
from reamaze_pipeline.runs.loading import uncollected

if TYPE_CHECKING:
    from datetime import date

    from reamaze_pipeline.deployment import Deployment
    from reamaze_pipeline.runs.health import Health
    from reamaze_pipeline.runs.surroundings import Surroundings
    from reamaze_pipeline.warehouse.lake.location import Location


@click.command(epilog=examples("reamaze-pipeline status", "reamaze-pipeline status --json"))
@click.option("--rows", is_flag=True, help="Show the rows that break a promise, the first twenty of each.")
@as_json_option
def status(rows: bool, as_json: bool) -> int:
    """Is every day stored and up to date, and what mends it if not? Ends with 0 if healthy, with 1 if not."""
    with uncollected():
        from reamaze_pipeline.deployment import Deployment
        from reamaze_pipeline.runs.health import read_health
        from reamaze_pipeline.state.broken_rows import broken_rows

    out = Output(as_json=as_json)
    deployment = Deployment.from_environment()
    health = read_health(deployment)
    _say(out, health)
    told = health.as_json
    if rows:
        told["rows"] = broken_rows(_asked(deployment, health), deployment.project, deployment.tests)
        for line, table in told["rows"].items():
            out.say(f"\n{line}\n{table}")
    out.result(told)
    return 0 if health.healthy else 1


def _asked(deployment: Deployment, health: Health) -> Location:
    """What answered: the warehouse, or its copy while another program holds it."""
    copy = deployment.storage.snapshot
    return copy if health.answered_by and copy else deployment.database


def _say(out: Output, health: Health) -> None:
    out.say("Healthy." if health.healthy else "Not healthy.")
    if health.answered_by:
        out.say(f"This is what is known from {health.answered_by}.")
    whole = health.newest_whole or "not over yet"
    behind = f", {health.behind:,} day{'s' * (health.behind != 1)} behind" if health.behind else ""
    out.say(f"Newest stored day: {health.newest or 'none'}{behind}; the newest whole day is {whole}.")
    out.say(f"Last good night: {f'{health.last_good:%Y-%m-%d %H:%M} UTC' if health.last_good else 'none'}.")
    if health.around is not None:
        _say_around(out, health.around)
    for name, days in (("missing", health.missing), ("stale", health.stale), ("unproven", health.unproven)):
        if days:
            out.say(f"{len(days):,} {'day is' if len(days) == 1 else 'days are'} {name}: {_in_words(days)}")
    told = {
        "Because": health.reasons,
        "Broken": health.failed_checks,
        "Warned": health.warnings,
        "Unknown code": [f"{code} ({count:,} messages)" for code, count in health.oddities.unknown_codes.items()],
        "Counted by no metric": [f"{count:,} messages {why}" for why, count in health.oddities.left_out.items()],
    }
    for name, lines in told.items():
        for line in lines:
            out.say(f"{name}: {line}")
    for trouble, command in health.troubles.items():
        out.say(f"{trouble[:1].upper()}{trouble[1:]}. To mend it: {command}")


def _say_around(out: Output, around: Surroundings) -> None:
    from reamaze_pipeline.settings.typed import typed

    if around.running:
        out.say(f"{around.running} run{'s are' if around.running > 1 else ' is'} on.")
    if around.next_night is None:
        out.say(f"The schedule is off; switch it on in the UI ({typed('ui')}).")
    else:
        out.say(f"Next night: {around.next_night:%Y-%m-%d %H:%M %Z}.")
    sizes = {"The database": around.database_bytes, "Dagster's records": around.records_bytes}
    told = [
        f"{name} {'has' if name.startswith('The') else 'have'} {size / 1e6:,.1f} MB"
        for name, size in sizes.items()
        if size
    ]
    if told:
        out.say(f"{'; '.join(told)}.")


def _in_words(days: Sequence[date]) -> str:
    return str(days[0]) if len(days) == 1 else f"{days[0]} to {days[-1]}"

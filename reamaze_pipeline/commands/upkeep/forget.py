"""`forget`: a person erased from everything that is stored, and the proof of it."""

from __future__ import annotations

from dataclasses import asdict

import click

from reamaze_pipeline.commands.arguments import as_json_option, examples
from reamaze_pipeline.commands.console import Output
from reamaze_pipeline.runs.loading import uncollected


@click.command(epilog=examples("reamaze-pipeline forget cleo@example.com"))
@click.argument("email")
@as_json_option
def forget(email: str, as_json: bool) -> None:
    """Erase whoever has EMAIL from every table, page, record and copy, and search all files for what is left.

    Their messages stay counted, without name, address and words. Delete them in Re:amaze first: a day that is fetched
    anew holds what Re:amaze holds. Exports you made are yours to delete.
    """
    with uncollected():
        from reamaze_pipeline.deployment import Deployment
        from reamaze_pipeline.runs.forgetting import forget as erase

    out = Output(as_json=as_json)
    done = erase(Deployment.from_environment(), email)
    where = f"{done.pages:,} pages of {done.days:,} days and {done.records:,} places in Dagster's records"
    out.say(f"Erased from {where}; {done.files_searched:,} files and every column were searched: nothing is left.")
    out.result({"ok": True, **asdict(done)})

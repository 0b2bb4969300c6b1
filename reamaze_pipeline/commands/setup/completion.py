"""`completion`: the script that makes a shell complete commands, options and tables."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import CompletionItem, get_completion_class

from reamaze_pipeline.commands.arguments import examples
from reamaze_pipeline.errors import PipelineError

PROGRAM = "reamaze-pipeline"
VARIABLE = "_REAMAZE_PIPELINE_COMPLETE"
SHELLS = ["bash", "zsh", "fish"]


@click.command(epilog=examples('eval "$(reamaze-pipeline completion bash)"'))
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that makes SHELL complete commands, options and tables; for the shell's start-up file."""
    kind = get_completion_class(shell)
    if kind is None:
        raise PipelineError(f"this version of click knows no completion for {shell}")
    click.echo(kind(context.find_root().command, {}, PROGRAM, VARIABLE).source())


def tables(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """The tables that a name may go on to, by the files of the models: nothing is opened, so a shell does not wait."""
    from reamaze_pipeline.shipped import shipped

    own = os.environ.get("REAMAZE_MODELS")
    folders = [shipped("dbt_like_sql"), *([Path(own)] if own else [])]
    models = {f"{path.parent.name}.{path.stem}" for folder in folders for path in folder.glob("[cm]*/*.sql")}
    seeds = {f"seeds.{path.stem}" for folder in folders for path in folder.glob("seeds/*.csv")}
    known = {table for table in models if not table.startswith("macros.")} | seeds | {"raw.message_pages"}
    return [CompletionItem(table) for table in sorted(known) if table.startswith(begun.lower())]

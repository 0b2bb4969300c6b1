"""`export`: a table, or some days of it, as CSV or Parquet."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from reamaze_pipeline.commands.arguments import as_json_option, as_of_option, day_type, examples
from reamaze_pipeline.commands.console import Output
from reamaze_pipeline.commands.setup.completion import tables


@click.command(
    epilog=examples(
        "reamaze-pipeline export metrics.staff_response_counts",
        "reamaze-pipeline export core.messages --format parquet --from 2026-03-02 --to 2026-03-08",
    )
)
@click.argument("table", shell_complete=tables)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["csv", "parquet"]),
    default="csv",
    show_default=True,
    help="What the file is.",
)
@click.option("--from", "first", type=day_type, help="First day.")
@click.option("--to", "last", type=day_type, help="Last day, included.")
@click.option("--out", type=click.Path(path_type=Path), help="The file, else SCHEMA.TABLE.FORMAT; - is stdout.")
@as_of_option
@as_json_option
def export(
    table: str,
    kind: str,
    first: dt.datetime | None,
    last: dt.datetime | None,
    out: Path | None,
    as_of: dt.datetime | None,
    as_json: bool,
) -> None:
    """Write TABLE (schema.name), or some days of it, as a file that other programs read."""
    from reamaze_pipeline import settings
    from reamaze_pipeline.warehouse.files.permissions import keep_private
    from reamaze_pipeline.warehouse.files.table_file import export_table

    output = Output(as_json=as_json)
    settings.load_environment()
    keep_private(group_reads=settings.read(settings.Storage).group_read)
    result = export_table(
        settings.read(settings.Warehouse).database,
        table,
        format="parquet" if kind == "parquet" else "csv",
        first=first.date() if first else None,
        last=last.date() if last else None,
        out=out,
        as_of=as_of.replace(tzinfo=dt.UTC) if as_of else None,
    )
    if result.path is not None:
        verb = "row is" if result.rows == 1 else "rows are"
        output.say(f"{result.rows:,} {verb} in {result.path}.")
    output.result({"ok": True, "rows": result.rows, "path": str(result.path) if result.path else None})

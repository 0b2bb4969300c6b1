"""`demo`: the whole pipeline on the embedded API, its results printed."""

from __future__ import annotations

from dataclasses import asdict

import click

from reamaze_pipeline.commands.arguments import UI_PORT, as_json_option, examples, port_type
from reamaze_pipeline.commands.console import Output


@click.command(epilog=examples("reamaze-pipeline demo", "reamaze-pipeline demo --days 7 --ui"))
@click.option(
    "--days", type=click.IntRange(1, 365), default=60, show_default=True, help="So many days, up to yesterday."
)
@click.option("--ui", is_flag=True, help="Then serve the Dagster UI on the demo's data, until Ctrl-C.")
@click.option("--port", type=port_type, default=UI_PORT, show_default=True, help="Port of the UI on 127.0.0.1.")
@as_json_option
def demo(days: int, ui: bool, port: int, as_json: bool) -> None:
    """The whole pipeline with nothing to configure: embedded API, 60 days materialized, results printed."""
    from reamaze_pipeline.runs.demonstration import demo

    out = Output(as_json=as_json)
    if ui:
        from reamaze_pipeline.instance.webserver import refuse_taken

        refuse_taken(port)
    out.say("An embedded Re:amaze API is serving a year of made-up messages on loopback.")
    with out.counting(days, "days") as count, demo(announce=lambda told: count(*told), days=days) as result:
        out.table("Tables", ["table", "rows"], list(result.tables.items()))
        out.table("Staff responses", ["sender", "name", "responses", "notes"], result.senders)
        out.table("Messages per origin", ["origin", "messages", "staff", "customers"], result.origins)
        out.say(result.outcome.in_words)
        database = result.deployment.database
        out.say(f"The database is {database}; query it with DuckDB 1.4 or later.")
        out.say(f"The report is {result.deployment.report_path}; open it in a browser.")
        out.result(
            {
                "ok": True,
                **asdict(result.outcome),
                "database": str(database),
                "report": str(result.deployment.report_path),
                "tables": result.tables,
            }
        )
        if ui:
            from reamaze_pipeline.instance.webserver import serve_ui

            serve_ui(
                database, port, lambda: out.say(f"The Dagster UI is at http://127.0.0.1:{port}; stop with Ctrl-C.")
            )

"""What a person types: `reamaze-pipeline demo | check | backfill | report | export | sandbox | ui`.

Thin: options in, one call, words or JSON out. Exit codes: 0 done, 1 failed, 2 wrong usage or settings; an error
is one line on stderr, with a traceback only under `--debug`.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from reamaze_pipeline import settings
from reamaze_pipeline.api.client import ReamazeClient
from reamaze_pipeline.api.crawl import look
from reamaze_pipeline.api.errors import ReamazeError
from reamaze_pipeline.console import Output, print_error
from reamaze_pipeline.errors import BackfillFailed, NoSuchDays, UiFailed
from reamaze_pipeline.loading import uncollected
from reamaze_pipeline.report.errors import DrawingFailed
from reamaze_pipeline.report.renderer import Renderer
from reamaze_pipeline.warehouse.errors import ModelError, UsageRefused, WarehouseError

DONE, FAILED, MISUSED = 0, 1, 2
UI_PORT = 3000
MISUSE = (settings.SettingsError, NoSuchDays, ModelError, UsageRefused)
FAILURES = (ReamazeError, WarehouseError, BackfillFailed, DrawingFailed, UiFailed)

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print a machine-readable last line.")
day_type = click.DateTime(formats=["%Y-%m-%d"])


@click.group(epilog="With --debug anywhere on the line, an error shows its traceback.")
@click.version_option(package_name="reamaze-pipeline")
def app() -> None:
    """Every Re:amaze message in a DuckDB warehouse, day by day, exactly once."""


@app.command()
@as_json_option
def check(as_json: bool) -> None:
    """Is the login right, how many messages are there, which revision of the API answers?"""
    out = Output(as_json=as_json)
    settings.load_environment()
    login = settings.read(settings.Login)
    with ReamazeClient(
        str(login.root),
        login.email,
        login.api_token.get_secret_value(),
        requests_per_minute=login.requests_per_minute,
        concurrency=login.concurrency,
    ) as client:
        seen = look(client)
        requests = client.traffic.requests
    out.say(f"The login works at {login.root}.")
    out.say(f"Messages: {seen.total_count:,}, from {_instant(seen.oldest)} to {_instant(seen.newest)} (UTC).")
    out.say(f"start_date and end_date are {_in_words(seen.dates_honoured, 'honoured', 'ignored')}.")
    out.say(f'user["staff?"] is {_in_words(seen.staff_flag, "present", "absent")}.')
    out.result({"ok": True, "requests": requests, **asdict(seen)})


@app.command(name="demo")
@click.option("--ui", is_flag=True, help="Then serve the Dagster UI on the demo's data, until Ctrl-C.")
@click.option("--port", default=UI_PORT, show_default=True, help="Port of the UI on 127.0.0.1.")
@as_json_option
def demo_command(ui: bool, port: int, as_json: bool) -> None:
    """The whole pipeline with nothing to configure: embedded API, 30 days materialized, results printed."""
    from reamaze_pipeline.demo import DAYS, demo  # noqa: PLC0415

    out = Output(as_json=as_json)
    out.say("An embedded Re:amaze API is serving a year of made-up messages on loopback.")
    with out.counting(DAYS, "days") as count, demo(announce=lambda day: count(day.in_words)) as result:
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
            from reamaze_pipeline.ui import serve_ui  # noqa: PLC0415 Dagster takes seconds to import

            out.say(f"The Dagster UI is at http://127.0.0.1:{port}; stop with Ctrl-C.")
            serve_ui(database, port)


@app.command(name="ui")
@click.option("--port", default=UI_PORT, show_default=True, help="Port on 127.0.0.1.")
@as_json_option
def ui_command(port: int, as_json: bool) -> None:
    """Serve the Dagster UI with its schedules on loopback, until Ctrl-C."""
    from reamaze_pipeline.ui import serve_ui  # noqa: PLC0415

    out = Output(as_json=as_json)
    settings.load_environment()
    settings.read(settings.Calendar)
    database = settings.read(settings.Warehouse).database
    url = f"http://127.0.0.1:{port}"
    out.say(f"The Dagster UI is at {url}; stop with Ctrl-C.")
    out.result({"ok": True, "url": url})
    serve_ui(database, port)


@app.command(name="backfill")
@click.option("--from", "first", type=day_type, required=True, help="First day, YYYY-MM-DD.")
@click.option("--to", "last", type=day_type, required=True, help="Last day, included.")
@click.option("--refresh", is_flag=True, help="Fetch all of the days anew.")
@as_json_option
def backfill_command(first: dt.datetime, last: dt.datetime, refresh: bool, as_json: bool) -> None:
    """Materialize what is missing or failed of every asset, for all days from --from to --to, in one run."""
    with uncollected():
        from reamaze_pipeline.backfill import backfill  # noqa: PLC0415 Dagster takes seconds to import
        from reamaze_pipeline.deployment import Deployment  # noqa: PLC0415

    out = Output(as_json=as_json)
    deployment = Deployment.from_environment()
    settings.read(settings.Login)
    days = (last.date() - first.date()).days + 1
    with out.counting(days, "days") as count:
        outcome = backfill(
            deployment,
            first.date(),
            last.date(),
            refresh=refresh,
            announce=lambda day: count(day.in_words),
        )
    out.say(outcome.in_words)
    out.result({"ok": True, **asdict(outcome)})


@app.command(name="report")
@click.option("--from", "first", type=day_type, help="First day; without it the last 30 stored days.")
@click.option("--to", "last", type=day_type, help="Last day, included.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The file; beside the database.")
@click.option("--open", "open_it", is_flag=True, help="Open it in the browser.")
@as_json_option
def report_command(
    first: dt.datetime | None, last: dt.datetime | None, out: Path | None, open_it: bool, as_json: bool
) -> None:
    """Write the support report: one HTML page that needs nothing else."""
    output = Output(as_json=as_json)
    with Renderer() as renderer:
        with uncollected():
            from reamaze_pipeline.defs.checks import broken_promises, promised  # noqa: PLC0415 Dagster takes seconds
            from reamaze_pipeline.deployment import Deployment  # noqa: PLC0415
            from reamaze_pipeline.instance import open_instance  # noqa: PLC0415
            from reamaze_pipeline.report.build import build_report, write_report  # noqa: PLC0415
        deployment = Deployment.from_environment()
        with open_instance(deployment.database) as instance:
            failed = broken_promises(instance, promised(deployment.project, deployment.tests))
        report = build_report(
            deployment.database,
            first=first.date() if first else None,
            last=last.date() if last else None,
            timezone=deployment.calendar.timezone,
            project=deployment.project,
            failed_checks=failed,
            renderer=renderer,
        )
    path = write_report(report, out or deployment.report_path)
    output.say(f"The report is {path}.")
    output.result({"ok": True, "path": str(path), **report.headline})
    if open_it:
        click.launch(path.absolute().as_uri())


@app.command(name="export")
@click.argument("table")
@click.option("--format", "kind", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True)
@click.option("--from", "first", type=day_type, help="First day.")
@click.option("--to", "last", type=day_type, help="Last day, included.")
@click.option("--out", type=click.Path(path_type=Path), help="The file; - is stdout. Default: SCHEMA.TABLE.FORMAT.")
@as_json_option
def export_command(
    table: str, kind: str, first: dt.datetime | None, last: dt.datetime | None, out: Path | None, as_json: bool
) -> None:
    """Write TABLE (schema.name), or some days of it, as a file that other programs read."""
    from reamaze_pipeline.export import export_table  # noqa: PLC0415 DuckDB, for this alone

    output = Output(as_json=as_json)
    settings.load_environment()
    result = export_table(
        settings.read(settings.Warehouse).database,
        table,
        format="parquet" if kind == "parquet" else "csv",
        first=first.date() if first else None,
        last=last.date() if last else None,
        out=out,
    )
    if result.path is not None:
        output.say(f"{result.rows:,} rows are in {result.path}.")
    output.result({"ok": True, "rows": result.rows, "path": str(result.path) if result.path else None})


@app.command()
@click.option("--messages", default=20_000, show_default=True, help="Size of the history, up to 1,000,000.")
@click.option("--days", default=365, show_default=True, help="Days that the history spans, up to today.")
@click.option("--seed", default=7, show_default=True, help="The same seed and size give the same history.")
@click.option("--port", default=8080, show_default=True, help="Port on 127.0.0.1; 0 takes a free one.")
@click.option("--dates-honoured/--dates-ignored", default=False, help="Do start_date and end_date filter?")
@click.option("--staff-flag/--no-staff-flag", default=True, help='Do users carry "staff?"?')
@click.option("--origin-id/--no-origin-id", default=True, help="Do messages carry origin_id?")
@click.option("--latency-ms", default=0.0, show_default=True, help="An answer takes this long, its own work included.")
@click.option("--requests-per-minute", type=int, help="More than these are answered 429.")
@as_json_option
def sandbox(port: int, as_json: bool, **options: Any) -> None:
    """Serve the embedded Re:amaze API on loopback, until Ctrl-C, and print how to reach it."""
    from reamaze_pipeline.sandbox import Sandbox, SandboxOptions, serve_forever  # noqa: PLC0415 a web server

    out = Output(as_json=as_json)
    try:
        wanted = SandboxOptions(**options)
    except ValueError as error:
        raise click.UsageError(str(error)) from None

    def ready(serving: Sandbox) -> None:
        start = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=wanted.days)
        variables = {
            "REAMAZE_API_URL": serving.url,
            "REAMAZE_EMAIL": serving.email,
            "REAMAZE_API_TOKEN": serving.token,
            "REAMAZE_START_DATE": start.isoformat(),
        }
        out.say(f"{wanted.messages:,} messages at {serving.url}; stop with Ctrl-C. To reach them from elsewhere:")
        for name, value in variables.items():
            out.say(f"export {name}={value}")
        out.result({"ok": True, "url": serving.url, "messages": wanted.messages, "environment": variables})

    serve_forever(wanted, port=port, on_ready=ready)


def _instant(instant: dt.datetime | None) -> str:
    return "–" if instant is None else instant.strftime("%Y-%m-%d %H:%M:%S")


def _in_words(known: bool | None, yes: str, no: str) -> str:
    return "not to be told from what there is" if known is None else yes if known else no


def main() -> None:
    """The entry point: every way to end has its exit code, and every error its one line."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; returns its exit code. `--debug` may stand anywhere on the line."""
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    debug, as_json = "--debug" in arguments, "--json" in arguments
    try:
        ended = app([argument for argument in arguments if argument != "--debug"], standalone_mode=False)
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except click.ClickException as error:
        error.show()
        return MISUSED
    except BaseException as error:
        if debug:
            traceback.print_exc()
        return _failed(error, as_json=as_json)
    return ended if isinstance(ended, int) else DONE


def _failed(error: BaseException, *, as_json: bool) -> int:
    if isinstance(error, KeyboardInterrupt | click.Abort):
        line = "stopped; days that were stored stay stored, and the same command goes on from there"
    elif isinstance(error, (*MISUSE, *FAILURES)):
        line = str(error)
    else:
        line = f"unexpected {type(error).__name__}; run again with --debug to see where"
    print_error(line)
    if as_json:
        Output(as_json=True).result({"ok": False, "error": line})
    return MISUSED if isinstance(error, MISUSE) else FAILED


if __name__ == "__main__":
    main()

"""`ui`: the Dagster UI and its daemon, on loopback."""

from __future__ import annotations

import webbrowser

import click

from reamaze_pipeline.commands.arguments import UI_PORT, as_json_option, examples, port_type
from reamaze_pipeline.commands.console import Output, print_error


@click.command(epilog=examples("reamaze-pipeline ui"))
@click.option("--port", type=port_type, default=UI_PORT, show_default=True, help="Port on 127.0.0.1.")
@click.option("--open", "open_it", is_flag=True, help="Open it in the browser, once it answers.")
@as_json_option
def ui(port: int, open_it: bool, as_json: bool) -> None:
    """Serve the Dagster UI with its schedules on loopback, until Ctrl-C."""
    from reamaze_pipeline import settings
    from reamaze_pipeline.instance.webserver import load_errors, serve_ui
    from reamaze_pipeline.settings.brands import known_brands
    from reamaze_pipeline.warehouse.files.permissions import keep_private

    out = Output(as_json=as_json)
    settings.load_environment()
    keep_private(group_reads=settings.read(settings.Storage).group_read)
    if not known_brands():
        settings.read(settings.Calendar)
    database = settings.read(settings.Warehouse).database
    url = f"http://127.0.0.1:{port}"

    def answers() -> None:
        out.say(f"The Dagster UI is at {url}; stop with Ctrl-C.")
        for why in (broken := load_errors(port)):
            print_error(f"nothing can run: {why}; then press Reload under Deployment")
        out.result({"ok": not broken, "url": url})
        if open_it and not webbrowser.open(url):
            out.say("There is no browser to open it in; BROWSER names one.")

    serve_ui(database, port, answers)
    out.say("The Dagster UI has ended, and the schedules with it.")

"""`sandbox`: the embedded Re:amaze API by itself, to develop against."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click

from reamaze_pipeline.commands.arguments import as_json_option, examples
from reamaze_pipeline.commands.console import Output
from reamaze_pipeline.errors import PortTaken


@click.command(
    epilog=examples(
        "reamaze-pipeline sandbox",
        "reamaze-pipeline sandbox --messages 1000 --days 30 --dates-honoured",
    )
)
@click.option("--messages", default=20_000, show_default=True, help="Size of the history, up to 1,000,000.")
@click.option("--days", default=365, show_default=True, help="Days that the history spans, up to today.")
@click.option("--seed", default=7, show_default=True, help="The same seed and size give the same history.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="On 127.0.0.1; 0 is any.")
@click.option("--dates-honoured/--dates-ignored", default=False, help="Do start_date and end_date filter?")
@click.option("--staff-flag/--no-staff-flag", default=True, help='Do users carry "staff?"?')
@click.option("--origin-id/--no-origin-id", default=True, help="Do messages carry origin_id?")
@click.option("--latency-ms", default=0.0, show_default=True, help="An answer takes this long, its own work included.")
@click.option("--requests-per-minute", type=int, help="More than these are answered 429.")
@as_json_option
def sandbox(port: int, as_json: bool, **options: Any) -> None:
    """Serve the embedded Re:amaze API on loopback, until Ctrl-C, and print how to reach it."""
    from reamaze_pipeline.sandbox import Sandbox, SandboxOptions, serve_forever

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
        many = f"{wanted.messages:,} {'message' if wanted.messages == 1 else 'messages'}"
        out.say(f"{many} at {serving.url}; stop with Ctrl-C. To reach them from elsewhere:")
        for name, value in variables.items():
            out.say(f"export {name}={value}")
        out.result({"ok": True, "url": serving.url, "messages": wanted.messages, "environment": variables})

    try:
        serve_forever(wanted, port=port, on_ready=ready)
    except OSError as error:
        raise PortTaken(
            f"port {port} on 127.0.0.1 cannot be had ({error.strerror}); name another with --port"
        ) from error

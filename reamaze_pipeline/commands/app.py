"""The command itself: which there are, what their exit codes mean, and the one line that an error ends in."""

from __future__ import annotations

import os
import signal
import sys
import traceback

import click

from reamaze_pipeline.commands.backfill import backfill
from reamaze_pipeline.commands.check import check
from reamaze_pipeline.commands.console import Output, print_error
from reamaze_pipeline.commands.demo import demo
from reamaze_pipeline.commands.export import export
from reamaze_pipeline.commands.report import report
from reamaze_pipeline.commands.sandbox import sandbox
from reamaze_pipeline.commands.ui import ui
from reamaze_pipeline.errors import MisuseError, PipelineError

DONE, FAILED, MISUSED = 0, 1, 2


@click.group(epilog="With --debug anywhere on the line, an error shows its traceback.")
@click.version_option(package_name="reamaze-pipeline")
def app() -> None:
    """Every Re:amaze message in a DuckDB warehouse, day by day, exactly once."""


for command in (backfill, check, demo, export, report, sandbox, ui):
    app.add_command(command)


def main() -> None:
    """The entry point: every way to end has its exit code, and every error its one line."""
    for ending in (signal.SIGTERM, signal.SIGHUP):  # asked to end, we say the same as at Ctrl-C
        signal.signal(ending, signal.default_int_handler)
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
    from reamaze_pipeline.runs.failure import failure_of

    error = failure_of(error) or error
    if isinstance(error, KeyboardInterrupt | click.Abort):
        line = "stopped; days that were stored stay stored, and the same command goes on from there"
    elif isinstance(error, PipelineError):
        line = str(error)
    else:
        line = f"unexpected {type(error).__name__}; run again with --debug to see where"
    print_error(line)
    if as_json:
        Output(as_json=True).result({"ok": False, "error": line})
    return MISUSED if isinstance(error, MisuseError) else FAILED

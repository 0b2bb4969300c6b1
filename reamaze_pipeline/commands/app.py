"""The command itself: which there are, what their exit codes mean, and the one line that an error ends in."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from difflib import get_close_matches

import click

from reamaze_pipeline.commands.arguments import examples, with_brand
from reamaze_pipeline.commands.asking.audit import audit
from reamaze_pipeline.commands.asking.messages import messages
from reamaze_pipeline.commands.asking.status import status
from reamaze_pipeline.commands.backfill import backfill
from reamaze_pipeline.commands.check import check
from reamaze_pipeline.commands.console import Output, print_error
from reamaze_pipeline.commands.demo import demo
from reamaze_pipeline.commands.export import export
from reamaze_pipeline.commands.report import report
from reamaze_pipeline.commands.sandbox import sandbox
from reamaze_pipeline.commands.setup.completion import completion
from reamaze_pipeline.commands.setup.init import init
from reamaze_pipeline.commands.ui import ui
from reamaze_pipeline.commands.upkeep.compact import compact
from reamaze_pipeline.commands.upkeep.forget import forget
from reamaze_pipeline.errors import MisuseError, PipelineError

DONE, FAILED, MISUSED = 0, 1, 2


class Commands(click.Group):
    """The commands, each summary whole, and the one that was probably meant for one that is none."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, self.commands[name].get_short_help_str(limit=1_000)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = super().get_command(ctx, cmd_name)
        if found is None and not ctx.resilient_parsing and not cmd_name.startswith("-"):
            alike = get_close_matches(cmd_name, self.commands, n=1)
            hint = f"did you mean {alike[0]}?" if alike else f"there is {', '.join(sorted(self.commands))}"
            ctx.fail(f"There is no command {cmd_name!r}; {hint}")
        return found


@click.group(
    cls=Commands,
    context_settings={"max_content_width": 120, "help_option_names": ["--help", "-h"]},
    epilog=f"{examples('reamaze-pipeline demo', 'reamaze-pipeline init')}"
    "\n\nWith --debug anywhere on the line, an error shows its traceback.",
)
@click.version_option(package_name="reamaze-pipeline")
def app() -> None:
    """Every Re:amaze message in a DuckDB warehouse, day by day, exactly once."""


OURS = (audit, backfill, check, compact, completion, demo, export, forget, init, messages, report, sandbox, status, ui)

WITHOUT_BRAND = (completion, demo, init, sandbox, ui)
"""Those that `settings.typed` names: about no stored brand, or about all; `init` takes the name of one that is new."""

for command in OURS:
    app.add_command(command if command in WITHOUT_BRAND else with_brand(command, needed=command is not report))


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

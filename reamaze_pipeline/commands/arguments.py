"""Options that several commands share, and how their values and examples are written."""

from __future__ import annotations

import datetime as dt
import re

import click

UI_PORT = 3000


class Day(click.DateTime):
    """A day, `YYYY-MM-DD`. What is almost one is answered with the day that was probably meant; it is never taken."""

    def __init__(self) -> None:
        super().__init__(formats=["%Y-%m-%d"])

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:  # noqa: ARG002
        return "YYYY-MM-DD"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> dt.datetime:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            meant = _meant(str(value))
            hint = f"; did you mean {meant}?" if meant else ""
            self.fail(f"{str(value)!r} is no day written YYYY-MM-DD{hint}", param, ctx)


def examples(*lines: str) -> str:
    """The end of a command's help: lines that can be typed as they stand."""
    return "\b\nExamples:\n" + "\n".join(f"  $ {line}" for line in lines)


def _meant(text: str) -> dt.date | None:
    """The day that begins with a year, whatever stands between its numbers; days that begin otherwise are ambiguous."""
    numbers = re.fullmatch(r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})(?:[T ].*)?", text.strip())
    try:
        return dt.date(*(int(number) for number in numbers.groups())) if numbers else None
    except ValueError:
        return None


def with_brand(command: click.Command, *, needed: bool) -> click.Command:
    """The command with `--brand`, for a deployment of several; `needed` unless it can be about all of them."""

    def choose(context: click.Context, _parameter: click.Parameter, name: str | None) -> None:
        if not context.resilient_parsing:
            from reamaze_pipeline.settings import brands

            brands.choose(name, needed=needed)

    option = click.Option(
        ["--brand"], expose_value=False, callback=choose, help="One of the brands in the file REAMAZE_BRANDS."
    )
    command.params.insert(max(len(command.params) - 1, 0), option)
    return command


as_json_option = click.option("--json", "as_json", is_flag=True, help="Print a machine-readable last line.")
port_type = click.IntRange(1, 65535)
day_type = Day()
as_of_option = click.option(
    "--as-of",
    type=click.DateTime(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    help="Read what was stored at this time (UTC); only a lake knows.",
)

"""What the command line prints: progress while it works, tables, one JSON line, one-line errors.

People's output goes to stdout, or to stderr when `--json` reserves stdout for the machine-readable last line.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.text import Text

Cell = str | int | float | dt.date | None


class Output:
    """Where words go, and whether the last line is JSON."""

    def __init__(self, *, as_json: bool, stream: TextIO | None = None) -> None:
        from rich.console import Console

        self.as_json = as_json
        self.console = Console(file=stream, stderr=as_json, highlight=False, soft_wrap=True)
        self.progress = Console(stderr=True, highlight=False, soft_wrap=True)

    def say(self, line: str = "") -> None:
        self.console.print(line, markup=False)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        """A small table: numbers to the right, with separators."""
        from rich.table import Table

        table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
        for position, column in enumerate(columns):
            numeric = bool(rows) and all(isinstance(row[position], int | float) for row in rows)
            table.add_column(column, justify="right" if numeric else "left")
        for row in rows:
            table.add_row(*(_cell(value) for value in row))
        self.console.print(table)
        self.say()

    def result(self, values: Mapping[str, Any]) -> None:
        """The machine-readable last line, under `--json`."""
        if self.as_json:
            sys.stdout.write(json.dumps(values, default=str) + "\n")
            sys.stdout.flush()

    @contextmanager
    def counting(self, total: int, what: str) -> Iterator[Callable[[str, bool], None]]:
        """Progress over `total` steps: a bar on a terminal, else lines. Call it with each and whether it is a step."""
        if not self.progress.is_terminal:
            yield lambda step, _: self.progress.print(step, markup=False)
            return
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
        )

        columns = (
            SpinnerColumn(),
            TextColumn(what),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[step]}", markup=False),
        )
        with Progress(*columns, console=self.progress, transient=True) as progress:
            task = progress.add_task(what, total=total, step="")
            yield lambda step, counts: progress.update(task, advance=int(counts), step=step)


def print_error(message: str) -> None:
    """One line on stderr, whatever the message holds."""
    sys.stderr.write(f"error: {' '.join(message.split())}\n")


def _cell(value: Cell) -> Text:
    """As plain text: names come from the data, and must neither mark up nor steer the terminal."""
    from rich.text import Text

    if value is None:
        return Text("–")
    if isinstance(value, int | float):
        return Text(f"{value:,}")
    return Text("".join(character if character.isprintable() else "\ufffd" for character in str(value)))

"""How a command of ours is typed: the one place that knows which brand of several has to be named with it.

Whatever prints a command (a status, an alert, a check, an error, a page) has it from here. A process of the command
line is about the brand that it was told; a process of Dagster is about all, and each step says which one its work is
about.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from reamaze_pipeline.settings.brands import chosen

PROGRAM = "reamaze-pipeline"
OF_NO_BRAND = frozenset({"completion", "demo", "init", "sandbox", "ui"})
"""Commands that are about no stored brand, or about all; `init` takes the name of one that is new."""

_about: ContextVar[str | None] = ContextVar("brand", default=None)


def typed(command: str) -> str:
    """The command (`backfill --from 2026-03-02`) as it has to be typed, with its `--brand` if there are several."""
    first, _, rest = command.partition(" ")
    named = chosen()
    brand = _about.get() or (named.name if named else None)
    told = [f"--brand {brand}"] if brand and first not in OF_NO_BRAND else []
    return " ".join([PROGRAM, first, *told, rest]).rstrip()


@contextmanager
def about(brand: str | None) -> Iterator[None]:
    """Within the block commands are those of this brand; with None, of whichever the process is about."""
    before = _about.set(brand)
    try:
        yield
    finally:
        _about.reset(before)

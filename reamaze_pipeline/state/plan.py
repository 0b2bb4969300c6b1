"""The fewest runs that mend what is wrong: ranges of days, oldest first, each with the tables to touch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from reamaze_pipeline.settings.typed import typed
from reamaze_pipeline.state.days import WarehouseState
from reamaze_pipeline.state.promises import Broken

NEAR = timedelta(days=7)
"""Days no further apart are mended in one run: a run costs more than to pass over a few days that need nothing."""


@dataclass(frozen=True, slots=True)
class Work:
    """One run: the days from ``first`` to ``last``, both included, and the labels of the tables to touch."""

    first: date
    last: date
    tables: frozenset[str]


def one_run(state: WarehouseState, unannounced: Mapping[str, Collection[date]] | None = None) -> Work | None:
    """All that is wrong, in one run; None if nothing is. ``unannounced`` days are passed over by a run as well.

    Days that are tried to be proven again may come out fuller, so what is computed from them belongs to the run.
    """
    due = {label: {*found, *(unannounced or {}).get(label, ())} for label, found in state.troubles.items()}
    days = set().union(*due.values()) if due else set()
    if not days:
        return None
    touched = due if state.of_kind("unproven") else {label for label, found in due.items() if found}
    return Work(min(days), max(days), frozenset(touched))


def nightly_work(state: WarehouseState, newest: date, again: date, *, most_days: int) -> list[Work]:
    """What a night does: all that is wrong, oldest first, bounded; and in any case the days from ``again`` on.

    The last days are of the last run, even where the bound leaves a gap before them.
    """
    due = {day for found in state.troubles.values() for day in found if day < again}
    tables = frozenset(state.troubles)
    together = set(state.of_another_zone)  # stored beside each other, old and new would hold messages twice
    older = ranges({*sorted(due)[:most_days], *(day for day in together if day < again)})
    last = (max(again, state.days[0]), newest)
    if older and last[0] - older[-1][1] <= NEAR:
        last = (older.pop()[0], newest)
    return [Work(first, end, tables) for first, end in (*older, last)]


def commands(state: WarehouseState) -> list[str]:
    """What a person types to mend all that is wrong: a command for each range of days."""
    wrong = {day for found in state.troubles.values() for day in found}
    return [typed(f"backfill --from {first} --to {last}") for first, last in ranges(wrong)]


def mending(broken: Broken) -> str:
    """What a person types about a broken promise: its days fetched and computed anew, or where they are many and far
    apart, or the rows of no day, what shows the rows.
    """
    found = ranges(broken.days)
    if len(found) != 1:
        return typed("status --rows")
    ((first, last),) = found
    return typed(f"backfill --refresh --from {first} --to {last}")


def ranges(days: Iterable[date], near: timedelta = NEAR) -> list[tuple[date, date]]:
    """Days as ranges with both ends included; those no further apart than ``near`` are of one range."""
    found: list[tuple[date, date]] = []
    for day in sorted(set(days)):
        if found and day - found[-1][1] <= near:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found

"""What there is to tell: of the newest run, the last good one and what was told already, at most one message."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["failed", "late"]


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A run that ended by itself; ``days`` are those it was about, ``steps`` those that failed. Times are aware."""

    run_id: str
    good: bool
    ended: dt.datetime
    days: tuple[dt.date, ...] = ()
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known from before: since when it is watched, and what incident is open (it was told)."""

    began: dt.datetime
    open: Kind | None = None
    last_good: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A subject of one line and the text below it."""

    subject: str
    text: str


def next_message(
    memory: Memory, newest: EndedRun | None, last_good: dt.datetime | None, now: dt.datetime, hours: float
) -> tuple[Message | None, Memory]:
    """What to send now, and what to remember once it is sent."""
    good_at = max(filter(None, (memory.last_good, last_good)), default=None)
    known = replace(memory, last_good=good_at)
    recovered = newest is not None and newest.good
    late = now - max(filter(None, (memory.began, good_at))) > dt.timedelta(hours=hours)
    if memory.open and recovered and not late:
        return _recovered(newest), replace(known, open=None)
    if memory.open:
        return None, known
    if newest is not None and not newest.good:
        return _failed(newest), replace(known, open="failed")
    if late:
        return _late(good_at, hours), replace(known, open="late")
    return None, known


def _failed(run: EndedRun) -> Message:
    steps = f" at {', '.join(run.steps)}" if run.steps else ""
    return Message(
        f"reamaze-pipeline: a run over {_of(run.days)} failed",
        f"The run {run.run_id} failed{steps} at {run.ended:%Y-%m-%d %H:%M} UTC. What was stored stays stored.\n"
        f"To mend it: {_mending(run.days)}",
    )


def _recovered(run: EndedRun | None) -> Message:
    what = f" The run {run.run_id} over {_of(run.days)} is good." if run else ""
    return Message("reamaze-pipeline: good again", f"The trouble that was told is over.{what}")


def _late(last_good: dt.datetime | None, hours: float) -> Message:
    since = f"the last one ended at {last_good:%Y-%m-%d %H:%M} UTC" if last_good else "there was none yet"
    return Message(
        f"reamaze-pipeline: no good night for {hours:g} hours",
        f"No run has ended well for {hours:g} hours; {since}. Is the process that runs the schedule alive?\n"
        "To see: reamaze-pipeline ui",
    )


def _of(days: Sequence[dt.date]) -> str:
    if not days:
        return "no day in particular"
    return str(days[0]) if len(days) == 1 else f"{days[0]} to {days[-1]}"


def _mending(days: Sequence[dt.date]) -> str:
    if not days:
        return "reamaze-pipeline ui shows what failed"
    return f"reamaze-pipeline backfill --from {days[0]} --to {days[-1]}"

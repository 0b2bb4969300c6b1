"""What there is to tell: of the runs that ended, the state of the days and what was told already, at most one message.

A failed run is an incident until its days are as they should be and a later run was good: a good night over other days
mends nothing of what it left behind.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from reamaze_pipeline.settings.typed import typed

Kind = Literal["failed", "late"]
NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A run that ended by itself; ``days`` are all it was about, ``steps`` those that failed. Times are aware."""

    run_id: str
    good: bool
    ended: dt.datetime
    days: tuple[dt.date, ...] = ()
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """What the state says: days that are ``wrong``, commands that mend them, when the last good night ended (aware)."""

    wrong: frozenset[dt.date] = frozenset()
    mend: tuple[str, ...] = ()
    last_good: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """What was told; ``days`` are those of its failed runs, the last of which ended at ``ended``."""

    kind: Kind
    days: frozenset[dt.date] = frozenset()
    ended: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known from before: since when it is watched, until when runs were judged, and what incident is open."""

    began: dt.datetime
    judged: dt.datetime = NEVER
    open: Incident | None = None
    last_good: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A subject of one line and the text below it."""

    subject: str
    text: str


def next_message(
    memory: Memory, runs: Sequence[EndedRun], standing: Standing | None, now: dt.datetime, hours: float
) -> tuple[Message | None, Memory]:
    """What to send now, and what to remember once it is sent. ``standing`` is None where the state cannot be read."""
    last_good = (standing.last_good if standing else None) or memory.last_good
    known = replace(memory, last_good=last_good)
    late = now - (last_good or memory.began) > dt.timedelta(hours=hours)
    unmended = [
        run for run in runs if not run.good and run.ended > memory.judged and not _mended(run.days, run, runs, standing)
    ]
    if memory.open is not None:
        incident = _grown(memory.open, unmended)
        if late and incident.kind != "late":
            return _late(last_good, hours, standing), replace(known, open=replace(incident, kind="late"))
        if late or not _over(incident, runs, standing):
            return None, replace(known, open=incident)
        return _recovered(incident, standing), replace(known, open=None, judged=_newest(runs, memory))
    if unmended:
        return _failed(unmended, standing), replace(known, open=_grown(Incident("failed"), unmended))
    if late:
        return _late(last_good, hours, standing), replace(known, open=Incident("late"))
    return None, replace(known, judged=_newest(runs, memory))


def _newest(runs: Sequence[EndedRun], memory: Memory) -> dt.datetime:
    return max((run.ended for run in runs), default=memory.judged)


def _mended(
    days: Sequence[dt.date] | frozenset[dt.date], failed: EndedRun, runs: Sequence[EndedRun], standing: Standing | None
) -> bool:
    good_since = any(run.good and run.ended > failed.ended for run in runs)
    return good_since and standing is not None and standing.wrong.isdisjoint(days)


def _over(incident: Incident, runs: Sequence[EndedRun], standing: Standing | None) -> bool:
    if standing is None:
        return False
    good_since = incident.ended is None or any(run.good and run.ended > incident.ended for run in runs)
    return good_since and standing.wrong.isdisjoint(incident.days)


def _grown(incident: Incident, failed: Sequence[EndedRun]) -> Incident:
    ended = max(filter(None, (incident.ended, *(run.ended for run in failed))), default=None)
    return replace(incident, days=incident.days.union(*(run.days for run in failed)), ended=ended)


def _failed(runs: Sequence[EndedRun], standing: Standing | None) -> Message:
    days = sorted({day for run in runs for day in run.days})
    lines = [
        f"The run {run.run_id} over {_of(run.days)} failed{' at ' * bool(run.steps)}{', '.join(run.steps)}"
        f" at {run.ended:%Y-%m-%d %H:%M} UTC."
        for run in runs
    ]
    what = "a run" if len(runs) == 1 else f"{len(runs)} runs"
    lines.append("What was stored stays stored; the next night tries again.")
    return Message(f"reamaze-pipeline: {what} over {_of(days)} failed", "\n".join([*lines, *_wrong(standing, days)]))


def _recovered(incident: Incident, standing: Standing | None) -> Message:
    what = f" {_of(sorted(incident.days))} {'is' if len(incident.days) == 1 else 'are'} whole." if incident.days else ""
    rest = _wrong(standing, []) if standing and standing.wrong else []
    return Message(
        "reamaze-pipeline: good again", "\n".join([f"The trouble that was told is over.{what}", *rest]).strip()
    )


def _late(last_good: dt.datetime | None, hours: float, standing: Standing | None) -> Message:
    since = f"the last good one ended {last_good:%Y-%m-%d %H:%M} UTC" if last_good else "there was none yet"
    return Message(
        f"reamaze-pipeline: no good night for {hours:g} hours",
        "\n".join(
            [
                f"No night has brought a whole day for {hours:g} hours; {since}."
                " Is the process that runs the schedule alive?",
                f"To see: {typed('status')}",
                *_wrong(standing, []),
            ]
        ),
    )


def _wrong(standing: Standing | None, days: Sequence[dt.date]) -> list[str]:
    """What is missing or stale, and the commands that mend it; of the days alone where the state says nothing."""
    if standing is not None and standing.wrong:
        wrong = sorted(standing.wrong)
        return [f"Missing or stale now: {_counted(wrong)}.", *(f"To mend it: {command}" for command in standing.mend)]
    if days:
        return [f"To mend it: {typed(f'backfill --from {days[0]} --to {days[-1]}')}"]
    return [] if standing is not None else [f"To mend it: {typed('status')} says how"]


def _counted(days: Sequence[dt.date]) -> str:
    return _of(days) if len(days) == 1 else f"{len(days):,} days, {_of(days)}"


def _of(days: Sequence[dt.date]) -> str:
    if not days:
        return "no day in particular"
    return str(days[0]) if len(days) == 1 else f"{days[0]} to {days[-1]}"

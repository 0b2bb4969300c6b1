"""The health of a deployment in one value: what its state says of every day up to now, and what is around it.

Nothing is decided here: what is missing or stale is `state`'s to say, what is broken is remembered there as well. While
another program holds the database, the newest snapshot answers in its place; without one, nobody can tell.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from reamaze_pipeline.defs.partitions import all_days, last_whole_day
from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.errors import DatabaseLocked
from reamaze_pipeline.runs.surroundings import Surroundings, read_surroundings
from reamaze_pipeline.settings import clock
from reamaze_pipeline.settings.typed import typed
from reamaze_pipeline.state.oddities import Oddities, read_oddities
from reamaze_pipeline.state.plan import commands, mending, ranges
from reamaze_pipeline.state.promises import broken, broken_promises
from reamaze_pipeline.warehouse.connection import patient

PATIENCE = 5.0
"""Seconds that a locked file is waited for: a run of ours holds it for less than one."""


@dataclass(frozen=True, slots=True)
class Health:
    """Days oldest first; ``last_good`` (aware UTC) is when the night ended that brought the ``newest`` whole day.

    ``mend`` are commands, each of which mends a part, ``mend_checks`` those of the failed checks. ``answered_by`` is
    empty, or whence this is known.
    """

    newest_whole: dt.date | None
    newest: dt.date | None
    last_good: dt.datetime | None
    missing: Sequence[dt.date]
    stale: Sequence[dt.date]
    unproven: Sequence[dt.date]
    reasons: Sequence[str]
    failed_checks: Sequence[str]
    warnings: Sequence[str]
    mend: Sequence[str]
    oddities: Oddities = field(default_factory=lambda: Oddities({}, {}))
    around: Surroundings | None = None
    answered_by: str = ""
    mend_checks: Mapping[str, str] = field(default_factory=dict)

    @property
    def healthy(self) -> bool:
        """Nothing is missing, stale, unproven or broken; a warning is no illness."""
        return not (self.missing or self.stale or self.unproven or self.failed_checks)

    @property
    def behind(self) -> int | None:
        """Days that are over and came after the newest whole one; None if no day is whole or over."""
        return (self.newest_whole - self.newest).days if self.newest and self.newest_whole else None

    @property
    def troubles(self) -> Mapping[str, str]:
        """Each trouble in words, and the one command that mends it."""
        found: dict[str, str] = {}
        for name, days in (("missing", self.missing), ("stale", self.stale), ("unproven", self.unproven)):
            for first, last in ranges(days):
                some = [day for day in days if first <= day <= last]
                found[f"{_counted(some)} {name}"] = typed(f"backfill --from {first} --to {last}")
        if self.failed_checks:
            found |= {f"broken: {line}": self.mend_checks[line] for line in self.failed_checks}
        if self.around and self.around.failed_runs:
            runs = len(self.around.failed_runs)
            line = (
                f"{runs} failed run{'s' * (runs != 1)} since the last good one, the newest {self.around.failed_runs[0]}"
            )
            found[line] = self.mend[0] if self.mend else typed("ui")
        if self.around and self.around.next_night and not self.around.daemon_alive:
            found["no daemon is alive, so no night will come"] = typed("ui")
        return found

    @property
    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "healthy": self.healthy,
            "newest_day": self.newest,
            "newest_whole_day": self.newest_whole,
            "last_good": self.last_good.isoformat() if self.last_good else None,
            "days_behind": self.behind,
            "missing_days": [str(day) for day in self.missing],
            "stale_days": [str(day) for day in self.stale],
            "unproven_days": [str(day) for day in self.unproven],
            "reasons": list(self.reasons),
            "failed_checks": list(self.failed_checks),
            "warnings": list(self.warnings),
            "unknown_codes": self.oddities.unknown_codes,
            "left_out": self.oddities.left_out,
            **(_as_json(self.around) if self.around else {}),
            "answered_by": self.answered_by or None,
            "troubles": [{"trouble": trouble, "mend": command} for trouble, command in self.troubles.items()],
            "mend": list(self.mend),
        }


def read_health(deployment: Deployment, now: dt.datetime | None = None) -> Health:
    """Of every day from `REAMAZE_START_DATE` to the newest that is over. Raises as reading the warehouse does."""
    around = read_surroundings(deployment, now or clock.now())
    try:
        with patient(PATIENCE):
            return replace(_read(deployment), around=around)
    except DatabaseLocked as error:
        snapshot = deployment.storage.snapshot
        if snapshot is None or not snapshot.exists():
            raise DatabaseLocked(
                f"{error} Nobody can tell what is stored meanwhile; with REAMAZE_SNAPSHOT the copy is asked."
            ) from error
        with patient(PATIENCE):
            found = _read(replace(deployment, database=snapshot))
        return replace(found, around=around, answered_by=_copy(snapshot, error))


def _copy(snapshot: Path, error: DatabaseLocked) -> str:
    made = dt.datetime.fromtimestamp(snapshot.stat().st_mtime, dt.UTC)
    return f"the snapshot of {made:%Y-%m-%d %H:%M} UTC, because {str(error).partition('; waited')[0]}"


def _read(deployment: Deployment) -> Health:
    newest_whole = last_whole_day(deployment.partitions)
    days = all_days(deployment.partitions, newest_whole) if newest_whole else []
    state = deployment.state(days)
    failed = [one for one in broken(deployment.database) if one.severity == "error"]
    return Health(
        newest_whole=newest_whole,
        newest=state.newest_whole,
        last_good=state.last_good_night,
        missing=state.of_kind("missing"),
        stale=state.of_kind("stale"),
        unproven=state.of_kind("unproven"),
        reasons=[
            *(f"{reason} ({count:,} days)" for reason, count in state.reasons.items()),
            *(f"{day}: {why}" for day, why in list(state.unproven.items())[-1:]),
        ],
        failed_checks=[one.line for one in failed],
        mend_checks={one.line: mending(one) for one in failed},
        warnings=broken_promises(deployment.database, "warn"),
        mend=list(dict.fromkeys([*commands(state), *map(mending, failed)])),
        oddities=read_oddities(deployment.database, deployment.project),
    )


def _as_json(around: Surroundings) -> dict[str, Any]:
    told = asdict(around)
    for name in ("last_good_run", "next_night"):
        told[name] = told[name].isoformat() if told[name] else None
    return told


def _counted(days: Sequence[dt.date]) -> str:
    first, last = days[0], days[-1]
    return f"{first} is" if len(days) == 1 else f"{len(days):,} days, {first} to {last}, are"

"""The health of a deployment in one value: what its state says of every day up to now, and when a run was last good.

Nothing is decided here: what is missing or stale is `state`'s to say, what is broken is remembered there as well.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from reamaze_pipeline.defs.partitions import all_days, last_whole_day
from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.instance.home import open_instance
from reamaze_pipeline.settings.brands import typed
from reamaze_pipeline.state.plan import ranges
from reamaze_pipeline.state.promises import broken_promises


@dataclass(frozen=True, slots=True)
class Health:
    """Days oldest first; ``last_good`` is aware UTC; ``mend`` are commands, each of which mends a part."""

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

    @property
    def healthy(self) -> bool:
        """Nothing is missing, stale, unproven or broken; a warning is no illness."""
        return not (self.missing or self.stale or self.unproven or self.failed_checks)

    @property
    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "healthy": self.healthy,
            "newest_day": self.newest,
            "newest_whole_day": self.newest_whole,
            "last_good": self.last_good.isoformat() if self.last_good else None,
            "missing_days": [str(day) for day in self.missing],
            "stale_days": [str(day) for day in self.stale],
            "unproven_days": [str(day) for day in self.unproven],
            "reasons": list(self.reasons),
            "failed_checks": list(self.failed_checks),
            "warnings": list(self.warnings),
            "mend": list(self.mend),
        }


def read_health(deployment: Deployment) -> Health:
    """Of every day from `REAMAZE_START_DATE` to the newest that is over. Raises as reading the warehouse does."""
    newest_whole = last_whole_day(deployment.partitions)
    days = all_days(deployment.partitions, newest_whole) if newest_whole else []
    state = deployment.state(days)
    wrong = sorted({day for found in state.troubles.values() for day in found})
    fetched = set(days) - set(state.troubles[deployment.pages.table.label])
    return Health(
        newest_whole=newest_whole,
        newest=max(fetched, default=None),
        last_good=_last_good(deployment),
        missing=state.of_kind("missing"),
        stale=state.of_kind("stale"),
        unproven=state.of_kind("unproven"),
        reasons=[f"{reason} ({count:,} days)" for reason, count in state.reasons.items()],
        failed_checks=broken_promises(deployment.database, "error"),
        warnings=broken_promises(deployment.database, "warn"),
        mend=[typed(f"backfill --from {first} --to {last}") for first, last in ranges(wrong)],
    )


def _last_good(deployment: Deployment) -> dt.datetime | None:
    """When the newest run that succeeded ended."""
    with open_instance(deployment.database) as instance:
        good = dg.RunsFilter(job_name=deployment.names.job_alone, statuses=[dg.DagsterRunStatus.SUCCESS])
        ends = [record.end_time for record in instance.get_run_records(good, limit=1) if record.end_time]
    return dt.datetime.fromtimestamp(ends[0], dt.UTC) if ends else None

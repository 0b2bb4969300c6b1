"""Saying whom a run waits for: those that ask with one login go one after another, each in the one slot of a pool.

Dagster makes the step wait and says so in its records alone; here whoever typed the command is told.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass

import dagster as dg

from reamaze_pipeline.instance.running import PROCESS_TAG

PATIENCE = 2.0
"""Seconds before the first line; a slot that is free is had in less."""
EVERY = 60.0
"""Seconds between two lines."""


@dataclass(frozen=True, slots=True)
class HeldUp:
    """``holder`` is the run that has the slot; ``seconds`` since it was waited for."""

    holder: str
    seconds: float

    @property
    def in_words(self) -> str:
        """One line for people."""
        since = f" for {self.seconds / 60:.0f} min" if self.seconds >= 60 else ""
        return f"waiting{since}: {self.holder} is asking Re:amaze; runs of one login ask one after another"


@contextmanager
def telling_whom(
    instance: dg.DagsterInstance, pool: str, run_id: str, tell: Callable[[HeldUp], None]
) -> Iterator[None]:
    """For the block, a line whenever the run waits for the pool's slot: after a moment, then once a minute."""
    ended = threading.Event()
    watching = threading.Thread(target=_watch, args=(instance, pool, run_id, tell, ended), daemon=True)
    watching.start()
    try:
        yield
    finally:
        ended.set()
        watching.join()


def _watch(
    instance: dg.DagsterInstance, pool: str, run_id: str, tell: Callable[[HeldUp], None], ended: threading.Event
) -> None:
    waited, pause = 0.0, PATIENCE
    while not ended.wait(pause):
        waited += pause
        slots = instance.event_log_storage.get_concurrency_info(pool)
        if run_id in slots.active_run_ids:
            return  # from here on it asks; it is not made to wait again
        if run_id in slots.pending_run_ids and slots.active_run_ids:
            tell(HeldUp(_in_words(instance, slots.active_run_ids), waited))
            pause = EVERY


def _in_words(instance: dg.DagsterInstance, run_ids: Set[str]) -> str:
    """The newest of the runs that hold a slot: which, over what days, in which process."""
    runs = instance.get_runs(dg.RunsFilter(run_ids=sorted(run_ids)), limit=1)
    if not runs:
        return f"the run {min(run_ids)}"
    (run,) = runs
    ends = [
        run.tags.get(f"dagster/asset_partition_range_{end}") or run.tags.get("dagster/partition")
        for end in ("start", "end")
    ]
    days = "" if ends[0] is None else f" over {ends[0]}" if ends[0] == ends[1] else f" over {ends[0]} to {ends[1]}"
    process = f" (process {run.tags[PROCESS_TAG].rpartition(':')[2]})" if PROCESS_TAG in run.tags else ""
    return f"the run {run.run_id[:8]} of {run.job_name}{days}{process}"

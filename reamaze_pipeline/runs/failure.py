"""Why something failed, as one error with one line: the sentence of the room that raised it, without what wraps it.

Dagster keeps the text of an exception that was raised in a step, so both are read here: exceptions, and what Dagster
kept of them. What is printed, and the exit code, belong to `commands`.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reamaze_pipeline.errors import BackfillFailed, DiskFull, PipelineError, RecordsUnavailable
from reamaze_pipeline.settings.typed import typed

if TYPE_CHECKING:
    from dagster import ExecuteInProcessResult
    from dagster_shared.error import SerializableErrorInfo

_INTERRUPTIONS = {"KeyboardInterrupt", "DagsterExecutionInterruptedError"}
_BROKEN_BY_ONE = "ClientClosed"
LITTLE_ROOM = 1 << 20
"""Bytes below which SQLite cannot write its log."""
_FULL = re.compile(r"disk is full|No space left on device|Disk quota exceeded", re.IGNORECASE)
_SQLITE = re.compile(r"\(sqlite3\.\w+\)\s*(?P<reason>[^\n\[]+)")


@dataclass(frozen=True, slots=True)
class Link:
    """One error of a chain: the name of its class, and its text."""

    kind: str
    text: str


def failure_of_run(result: ExecuteInProcessResult) -> BaseException:
    """Why a run failed: an interruption, or a `PipelineError`."""
    for event in result.all_events:
        if event.is_step_failure and event.step_failure_data.error is not None:
            links = list(_kept(event.step_failure_data.error))
            found = known_reason(links)
            if found is None:
                return BackfillFailed(" ".join(links[-1].text.split()) or links[-1].kind)
            return BackfillFailed(str(found)) if isinstance(found, PipelineError) else found
        if event.event_type_value == "ASSET_CHECK_EVALUATION":
            check = event.asset_check_evaluation_data
            if check.blocking and not check.passed:
                promise = f"{check.asset_key.to_user_string()} does not keep a promise ({check.check_name})"
                return BackfillFailed(f"{promise}: {check.description}; what is downstream was not built")
    return BackfillFailed(f"the run failed; open it in the Dagster UI ({typed('ui')}) to see why")


def failure_of(error: BaseException) -> BaseException | None:
    """Why a command failed: an interruption, or a `PipelineError`; None if nothing in its chain is known here."""
    at: BaseException | None = error
    links: list[Link] = []
    seen: set[int] = set()
    while at is not None and id(at) not in seen:
        interrupted = bool(_INTERRUPTIONS & {link.kind for link in links})
        if isinstance(at, PipelineError) and type(at).__name__ != _BROKEN_BY_ONE and not interrupted:
            return at
        seen.add(id(at))
        links.append(Link(type(at).__name__, str(at)))
        at = at.__cause__ or at.__context__
    return known_reason(links)


def known_reason(links: list[Link]) -> BaseException | None:
    """What a chain comes to, outermost link first.

    An interruption wherever it stands: what it broke is no reason. Then the first sentence of ours, because the room
    that raised it has read what is below it.
    """
    if _INTERRUPTIONS & {link.kind for link in links}:
        return KeyboardInterrupt()
    ours = _names_of_ours()
    for link in links:
        if link.kind in ours and link.kind != _BROKEN_BY_ONE:
            return BackfillFailed(" ".join(link.text.split()))
    return next(filter(None, map(_of_disk, links)), None)


def _of_disk(link: Link) -> PipelineError | None:
    """Of Dagster's records, which are SQLite's, or of any other file."""
    if sqlite := _SQLITE.search(link.text):
        reason, home = sqlite["reason"].strip(), os.environ.get("DAGSTER_HOME", "DAGSTER_HOME")
        full = _FULL.search(reason) or _has_no_room(Path(home))  # a log that cannot grow is an I/O error to SQLite
        mend = "free some space" if full else "see that the folder and its files can be written"
        return RecordsUnavailable(f"Dagster's records in {home}: {reason}; {mend}, then run the same command again")
    if _FULL.search(link.text):
        return DiskFull("a disk is full; free some space, then run the same command again")
    return None


def _has_no_room(folder: Path) -> bool:
    return folder.is_dir() and shutil.disk_usage(folder).free < LITTLE_ROOM


def _kept(error: SerializableErrorInfo | None) -> Iterator[Link]:
    while error is not None:
        yield Link(error.cls_name or "", error.message.strip().partition(": ")[2] or error.message.strip())
        error = error.cause or error.context


def _names_of_ours() -> set[str]:
    found, waiting = set(), [PipelineError]
    while waiting:
        kind = waiting.pop()
        found.add(kind.__name__)
        waiting += kind.__subclasses__()
    return found

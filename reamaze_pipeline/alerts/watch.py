"""One look: Dagster's records and the state are read, a message is sent if there is one, and what was told is kept.

Who cannot be reached now is tried again at the next look; who was told is not told twice.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import dagster as dg

from reamaze_pipeline.alerts.channels import to_mail, to_webhook
from reamaze_pipeline.alerts.incident import NEVER, EndedRun, Incident, Memory, Message, Standing, next_message
from reamaze_pipeline.errors import AlertNotSent, PipelineError
from reamaze_pipeline.settings import Alerts
from reamaze_pipeline.warehouse.files.permissions import make_private

_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
_JUDGED_AT_ONCE = 200
"""Runs of a look at most, the newest: a daemon that was away for months tells of what is, not of each night."""


def look(
    instance: dg.DagsterInstance,
    home: Path,
    settings: Alerts,
    now: dt.datetime,
    standing: Callable[[], Standing] = Standing,
    *,
    job: str | None = None,
    but: str | None = None,
) -> list[str]:
    """Send what there is to send; returns a line for each channel that could not be reached. ``now`` is aware.

    Of all runs, or of those of one `job`; not of runs with the tag `but`. ``standing`` reads the state; it may raise a
    `PipelineError`.
    """
    channels = _channels(settings)
    if not channels:
        return []
    file = home / (f"alerts_{job}.json" if job else "alerts.json")
    memory, unsent = _remembered(file, now)
    problems: list[str] = []
    stands: Standing | None = None
    try:
        stands = standing()
    except PipelineError as error:
        problems.append(f"the state cannot be read: {error}")
    message, after = next_message(memory, _runs(instance, memory, job, but), stands, now, settings.alert_after_hours)
    if message is not None:
        unsent = {name: asdict(message) for name in channels}
    for name in [each for each in unsent if each in channels]:
        try:
            channels[name](Message(**unsent[name]))
            del unsent[name]
        except AlertNotSent as error:
            problems.append(str(error))
    _remember(file, after, unsent)
    return problems


def _channels(settings: Alerts) -> dict[str, Callable[[Message], None]]:
    found: dict[str, Callable[[Message], None]] = {}
    if settings.alert_webhook is not None:
        url = settings.alert_webhook.get_secret_value()
        found["webhook"] = lambda message: to_webhook(url, message)
    if settings.alert_email and settings.smtp_url is not None:
        server = settings.smtp_url.get_secret_value()
        found["mail"] = lambda message: to_mail(server, settings.alert_email, message)
    return found


def _runs(instance: dg.DagsterInstance, memory: Memory, job: str | None, but: str | None) -> list[EndedRun]:
    """Those that ended since the last look that found nothing, and since the open incident; oldest first."""
    opened = memory.open.ended if memory.open else None
    since = min(memory.judged, opened or memory.judged)
    wanted = dg.RunsFilter(job_name=job, statuses=_ENDED, updated_after=since if since.year > 1 else None)
    records = instance.get_run_records(wanted, limit=_JUDGED_AT_ONCE, order_by="update_timestamp")
    return [_ended(instance, record) for record in reversed(records) if but not in record.dagster_run.tags]


def _ended(instance: dg.DagsterInstance, record: dg.RunRecord) -> EndedRun:
    run = record.dagster_run
    good = run.status == dg.DagsterRunStatus.SUCCESS
    steps = () if good else _broken_steps(instance, run.run_id)
    ended = record.update_timestamp.replace(tzinfo=dt.UTC)
    return EndedRun(run.run_id, good, ended, _days(run.tags), steps)


def _broken_steps(instance: dg.DagsterInstance, run_id: str) -> tuple[str, ...]:
    failed = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records
    events = [record.event_log_entry.dagster_event for record in failed]
    return tuple(sorted({event.step_key for event in events if event is not None and event.step_key}))


def _days(tags: Mapping[str, str]) -> tuple[dt.date, ...]:
    """All days that a run was about; the tags are Dagster's."""
    ends = [
        tags.get(f"dagster/asset_partition_range_{end}") or tags.get("dagster/partition") for end in ("start", "end")
    ]
    first, last = (dt.date.fromisoformat(day) if day else None for day in ends)
    if first is None or last is None:
        return ()
    return tuple(first + dt.timedelta(n) for n in range((last - first).days + 1))


def _remembered(file: Path, now: dt.datetime) -> tuple[Memory, dict[str, dict[str, str]]]:
    """What was kept. Where the clock was set back since, no time of it is later than ``now``, and runs are judged anew:
    those that failed meanwhile would be taken for judged.
    """
    try:
        kept = json.loads(file.read_text())
        began, judged, good = (_instant(kept.get(name)) for name in ("began", "judged", "last_good"))
        memory = Memory(min(began or now, now), judged or now, _incident(kept["open"]), good)
        unsent = kept["unsent"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Memory(now), {}
    if memory.judged > now:
        memory = replace(memory, judged=NEVER)
    if memory.open is not None and memory.open.ended is not None and memory.open.ended > now:
        memory = replace(memory, open=replace(memory.open, ended=now))
    return memory, unsent


def _instant(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


def _incident(kept: Mapping[str, Any] | None) -> Incident | None:
    if kept is None:
        return None
    days = frozenset(dt.date.fromisoformat(day) for day in kept["days"])
    return Incident(kept["kind"], days, _instant(kept["ended"]))


def _remember(file: Path, memory: Memory, unsent: Mapping[str, Any]) -> None:
    written = file.with_name(f".{file.name}.part")
    written.write_text(json.dumps({**asdict(memory), "unsent": unsent}, default=_as_json))
    make_private(written)
    written.replace(file)


def _as_json(value: object) -> object:
    return sorted(map(str, value)) if isinstance(value, Sequence | frozenset) else str(value)

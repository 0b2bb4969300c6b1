"""One look: Dagster's records are read, a message is sent if there is one, and that it was sent is kept in a file.

Who cannot be reached now is tried again at the next look; who was told is not told twice.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import dagster as dg

from reamaze_pipeline.alerts.channels import to_mail, to_webhook
from reamaze_pipeline.alerts.incident import EndedRun, Memory, Message, next_message
from reamaze_pipeline.errors import AlertNotSent
from reamaze_pipeline.settings import Alerts
from reamaze_pipeline.warehouse.files.permissions import make_private

FILE = "alerts.json"
_STATUSES = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]


def look(instance: dg.DagsterInstance, home: Path, settings: Alerts, now: dt.datetime) -> list[str]:
    """Send what there is to send; returns a line for each channel that could not be reached. ``now`` is aware."""
    channels = _channels(settings)
    if not channels:
        return []
    file = home / FILE
    memory, unsent = _remembered(file, now)
    message, after = next_message(memory, _newest(instance), _ended_well(instance), now, settings.alert_after_hours)
    if message is not None:
        unsent = {name: asdict(message) for name in channels}
    problems = []
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


def _newest(instance: dg.DagsterInstance) -> EndedRun | None:
    return next(iter(_runs(instance, _STATUSES)), None)


def _ended_well(instance: dg.DagsterInstance) -> dt.datetime | None:
    return next((run.ended for run in _runs(instance, [dg.DagsterRunStatus.SUCCESS])), None)


def _runs(instance: dg.DagsterInstance, statuses: Sequence[dg.DagsterRunStatus]) -> list[EndedRun]:
    records = instance.get_run_records(dg.RunsFilter(statuses=list(statuses)), limit=1, order_by="update_timestamp")
    return [_ended(instance, record) for record in records]


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
    """The first and last of its days; the tags are Dagster's."""
    ends = [
        tags.get(f"dagster/asset_partition_range_{end}") or tags.get("dagster/partition") for end in ("start", "end")
    ]
    return tuple(sorted({dt.date.fromisoformat(day) for day in ends if day}))


def _remembered(file: Path, now: dt.datetime) -> tuple[Memory, dict[str, dict[str, str]]]:
    try:
        kept = json.loads(file.read_text())
        at = {name: dt.datetime.fromisoformat(kept[name]) if kept[name] else None for name in ("began", "last_good")}
        return Memory(at["began"] or now, kept["open"], at["last_good"]), kept["unsent"]
    except (OSError, ValueError, KeyError, TypeError):
        return Memory(now), {}


def _remember(file: Path, memory: Memory, unsent: dict[str, dict[str, str]]) -> None:
    written = file.with_name(f".{file.name}.part")
    written.write_text(json.dumps({**asdict(memory), "unsent": unsent}, default=str))
    make_private(written)
    written.replace(file)

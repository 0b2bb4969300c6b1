"""What goes of Dagster's records when they are old, and what stays for ever: the newest word on everything.

A night's run is the last to have stored its day, so its materializations are never too old: they say that the day is
there. What goes is the rest of such a run (steps, log lines, checks that later runs have looked at again), and the
whole of a run about which nothing new is left to say.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import dagster as dg
from sqlalchemy import Connection, text

from reamaze_pipeline.instance.event_log import SingleFileEventLog

THINNED_TAG = "reamaze_pipeline/thinned"
FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]

_STORED = "'ASSET_MATERIALIZATION', 'ASSET_OBSERVATION', 'ASSET_FAILED_TO_MATERIALIZE'"
_NEWEST_CHECKS = """
    SELECT max(id) AS id FROM asset_check_executions GROUP BY asset_key, check_name, partition, execution_status
"""
# Of each kind and partition the newest event; what was only planned, unless that has come about since.
_NEWEST_EVENTS = f"""
    SELECT max(id) AS id FROM event_logs WHERE dagster_event_type IN ({_STORED}) AND asset_key IS NOT NULL
    GROUP BY dagster_event_type, asset_key, partition
    UNION
    SELECT planned.id FROM (
        SELECT max(id) AS id, asset_key, partition FROM event_logs
        WHERE dagster_event_type = 'ASSET_MATERIALIZATION_PLANNED' GROUP BY asset_key, partition
    ) AS planned
    WHERE NOT EXISTS (
        SELECT 1 FROM event_logs AS stored WHERE stored.dagster_event_type = 'ASSET_MATERIALIZATION'
        AND stored.asset_key = planned.asset_key AND stored.partition IS planned.partition AND stored.id > planned.id
    )
    UNION
    SELECT evaluation_event_storage_id FROM asset_check_executions WHERE id IN ({_NEWEST_CHECKS})
"""
_HOLDERS = f"""
    SELECT run_id FROM event_logs WHERE id IN ({_NEWEST_EVENTS})
    UNION SELECT run_id FROM asset_check_executions WHERE id IN ({_NEWEST_CHECKS})
"""
# Of a run's own story it keeps when it began and how it ended.
_SUPERSEDED = f"""
    run_id = :run AND coalesce(dagster_event_type, '') NOT LIKE 'PIPELINE%' AND id NOT IN ({_NEWEST_EVENTS})
"""


def forget_old_runs(instance: dg.DagsterInstance, keep_days: int, now: dt.datetime | None = None) -> int:
    """Forget what is superseded of the runs that were begun more than `keep_days` ago; returns how many were touched.

    The newest materialization of every asset and partition stays, and the newest result of every check. Where Dagster's
    records are elsewhere, in PostgreSQL say, runs that hold one of those are left whole.
    """
    before = (now or dt.datetime.now(dt.UTC)) - dt.timedelta(days=keep_days)
    old = instance.get_run_ids(dg.RunsFilter(statuses=FINISHED, created_before=before))
    if not old:
        return 0
    log = instance.event_log_storage
    if not isinstance(log, SingleFileEventLog):
        return _forget(instance, [run for run in old if not _holds_newest(instance, run)])
    with log.index_connection() as connection:
        holders: set[str] = set(connection.execute(text(_HOLDERS)).scalars())
    forgotten = _forget(instance, set(old) - holders)
    thinned = set(instance.get_run_ids(dg.RunsFilter(tags={THINNED_TAG: "true"})))
    to_thin = [run for run in old if run in holders and run not in thinned]
    for run in to_thin:
        with log.index_connection() as connection:
            _thin(connection, run)
        log.forget_own_file(run)
        _forget_output(instance, run)
        instance.add_run_tags(run, {THINNED_TAG: "true"})
    if forgotten or to_thin:
        log.shrink()
    return forgotten + len(to_thin)


def _forget(instance: dg.DagsterInstance, runs: Iterable[str]) -> int:
    count = 0
    for run in runs:
        instance.delete_run(run)
        _forget_output(instance, run)
        count += 1
    return count


def _forget_output(instance: dg.DagsterInstance, run: str) -> None:
    """What the run's steps printed."""
    instance.compute_log_manager.delete_logs(prefix=[run])


def _thin(connection: Connection, run: str) -> None:
    connection.execute(
        text(f"DELETE FROM asset_event_tags WHERE event_id IN (SELECT id FROM event_logs WHERE {_SUPERSEDED})"),
        {"run": run},
    )
    connection.execute(text(f"DELETE FROM event_logs WHERE {_SUPERSEDED}"), {"run": run})
    connection.execute(
        text(f"DELETE FROM asset_check_executions WHERE run_id = :run AND id NOT IN ({_NEWEST_CHECKS})"), {"run": run}
    )


def _holds_newest(instance: dg.DagsterInstance, run: str) -> bool:
    """Whether the run made the newest materialization of anything, asked of storages that are not ours."""
    made = instance.get_records_for_run(run, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION).records
    for event in (record.event_log_entry for record in made):
        what = event.asset_materialization
        if what is None:
            continue
        wanted = dg.AssetRecordsFilter(what.asset_key, asset_partitions=[what.partition] if what.partition else None)
        newest = instance.fetch_materializations(wanted, limit=1).records
        if newest and newest[0].run_id == run:
            return True
    return False

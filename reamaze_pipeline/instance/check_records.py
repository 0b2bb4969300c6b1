"""What Dagster's records say of promises: which were broken when each was last looked at."""

from __future__ import annotations

from collections.abc import Set

import dagster as dg

RUNS_LOOKED_AT = 50
"""How many runs back the last look at a promise is searched for."""


def broken_promises(instance: dg.DagsterInstance, promises: Set[dg.AssetCheckKey]) -> list[str]:
    """Those found broken when each was last looked at, as `schema/table: promise`, warnings included.

    A run of some assets looks at theirs alone; so runs are gone through from the newest back, 50 at most.
    """
    newest: dict[dg.AssetCheckKey, dg.AssetCheckEvaluation] = {}
    for run in instance.get_runs(limit=RUNS_LOOKED_AT):
        newest = _evaluations(instance, run.run_id) | newest
        if promises <= newest.keys():
            break
    return sorted(
        f"{key.asset_key.to_user_string()}: {check.description or check.check_name}"
        for key, check in newest.items()
        if key in promises and not check.passed
    )


def _evaluations(instance: dg.DagsterInstance, run_id: str) -> dict[dg.AssetCheckKey, dg.AssetCheckEvaluation]:
    found = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION).records
    events = [record.event_log_entry.dagster_event for record in found]
    evaluations = [event.asset_check_evaluation_data for event in events if event is not None]
    return {evaluation.asset_check_key: evaluation for evaluation in evaluations}

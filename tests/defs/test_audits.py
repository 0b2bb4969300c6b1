"""The audit as Dagster shows it: red on the days that differ, asked for by its own job alone, green once mended."""

from __future__ import annotations

import datetime as dt
from math import ceil, log2

import dagster as dg
import pytest

from reamaze_pipeline.definitions import build_defs
from reamaze_pipeline.defs.message_pages import KEY as PAGES
from reamaze_pipeline.defs.trust.audits import CHECK, JOB, SCHEDULE
from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.instance.home import open_instance
from reamaze_pipeline.runs.backfill import backfill
from reamaze_pipeline.sandbox import Sandbox
from reamaze_pipeline.warehouse.connection import reading
from tests.conftest import FIRST, LAST, Deploy

DIFFERS = FIRST + dt.timedelta(3)


def evaluated(result: dg.ExecuteInProcessResult) -> dg.AssetCheckEvaluation:
    (found,) = [each for each in result.get_asset_check_evaluations() if each.check_name == CHECK]
    return found


def audit(deployment: Deployment) -> dg.AssetCheckEvaluation:
    with open_instance(deployment.database) as instance:
        return evaluated(build_defs(deployment).resolve_job_def(JOB).execute_in_process(instance=instance))


def days(evaluation: dg.AssetCheckEvaluation) -> object:
    metadata = evaluation.metadata.get("days")
    return metadata.value if metadata is not None else None


def test_red_on_the_day_that_differs_until_it_is_fetched_again(sandbox: Sandbox, stored: Deployment) -> None:
    assert audit(stored).passed
    pages = ceil(len(sandbox.history) / sandbox.options.page_size)
    assert len(sandbox.requests) <= 20 + pages + 2 + ceil(log2(pages)), "counted, and these few days read in full"
    place = next(n for n, row in enumerate(sandbox.truth()) if row.created_at.date() == DIFFERS)
    sandbox.history.delete(place)
    found = audit(stored)
    assert not found.passed
    assert found.severity == dg.AssetCheckSeverity.ERROR
    assert not found.blocking
    assert list(days(found)) == [str(DIFFERS)]  # type: ignore[call-overload]
    assert str(DIFFERS) in str(found.metadata["mend"].value)
    assert found.description == f"Other messages than Re:amaze holds: {DIFFERS}"
    with reading(stored.database) as connection:
        kept = connection.execute("SELECT kind, day FROM meta.audits WHERE day IS NOT NULL ORDER BY kind").fetchall()
    assert kept == [("counts", DIFFERS), ("days", DIFFERS)]

    sandbox.reset_requests()
    job = build_defs(stored).resolve_job_def("daily_messages")
    with open_instance(stored.database) as instance:
        result = job.execute_in_process(
            instance=instance,
            partition_key=str(LAST),
            asset_selection=[PAGES],
            tags={".dagster/reamaze_missing_only": "true"},
        )
    assert not evaluated(result).passed, "what is known stays said"
    assert sandbox.requests == [], "and costs no request"

    backfill(stored, DIFFERS, DIFFERS, refresh=True)
    sandbox.reset_requests()
    with open_instance(stored.database) as instance:
        result = job.execute_in_process(
            instance=instance,
            partition_key=str(LAST),
            asset_selection=[PAGES],
            tags={".dagster/reamaze_missing_only": "true"},
        )
    assert evaluated(result).passed
    assert sandbox.requests == []


def test_what_no_count_tells_is_found_in_time(
    sandbox: Sandbox, stored: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An edit: as many messages as before, and one of them says something else."""
    monkeypatch.setattr("reamaze_pipeline.audit.rotation.NEWEST", 1)
    monkeypatch.setattr("reamaze_pipeline.audit.rotation.MOST_DAYS", 2)
    place, row = next((n, row) for n, row in enumerate(sandbox.truth()) if row.created_at.date() == DIFFERS)
    sandbox.history.delete(place)
    sandbox.history.insert({**row.message, "body": "edited"}, at=row.created_at)
    weeks = 0
    while (found := audit(stored)).passed:
        weeks += 1
        assert weeks < 7, "each of the seven older days has its turn"
    assert list(days(found)) == [str(DIFFERS)]  # type: ignore[call-overload]


def test_nothing_stored_is_no_failure(sandbox: Sandbox, deploy: Deploy) -> None:
    found = audit(deploy(sandbox, name="empty"))
    assert found.passed
    assert found.metadata["last_audit"].value == "never"
    assert sandbox.requests == []


@pytest.mark.parametrize("on", [True, False])
def test_it_is_on_with_the_nights(sandbox: Sandbox, deploy: Deploy, on: bool) -> None:
    schedule = build_defs(deploy(sandbox, REAMAZE_SCHEDULE=str(int(on)))).resolve_schedule_def(SCHEDULE)
    assert (schedule.default_status == dg.DefaultScheduleStatus.RUNNING) is on
    assert schedule.job_name == JOB

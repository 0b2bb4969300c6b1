"""Checks in Dagster's eyes: red for any stored day that breaks a promise, in the way only for days of the run."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import dagster as dg
import pytest

from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.errors import BackfillFailed
from reamaze_pipeline.instance.home import open_instance
from reamaze_pipeline.runs.backfill import backfill
from reamaze_pipeline.sandbox import Sandbox
from reamaze_pipeline.state.promises import broken_promises
from tests.conftest import MESSAGES, Deploy

DAY, NEXT = dt.date(2026, 3, 4), dt.date(2026, 3, 5)
KEY = dg.AssetCheckKey(dg.AssetKey(["core", "messages"]), "the_fourth_is_empty")


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A promise that one day breaks."""
    tests = tmp_path / "models" / "tests" / "core" / "messages"
    tests.mkdir(parents=True)
    text = "-- On the fourth nobody writes.\nselect day, message_id from {{ ref('messages') }} where day = '2026-03-04'"
    (tests / "the_fourth_is_empty.sql").write_text(text)
    return tmp_path / "models"


def last_look(deployment: Deployment) -> dg.AssetCheckEvaluation:
    with open_instance(deployment.database) as instance:
        (run, *_) = instance.get_runs(limit=1)
        records = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION).records
    events = [record.event_log_entry.dagster_event for record in records]
    looked = [event.asset_check_evaluation_data for event in events if event is not None]
    return next(look for look in looked if look.asset_check_key == KEY)


def test_a_day_stored_earlier_keeps_the_check_red(sandbox: Sandbox, deploy: Deploy, models: Path) -> None:
    deployment = deploy(sandbox, REAMAZE_MODELS=str(models))
    with pytest.raises(BackfillFailed, match="the_fourth_is_empty"):
        backfill(deployment, DAY, DAY, select=MESSAGES)
    backfill(deployment, NEXT, NEXT, select=MESSAGES)  # its own days keep the promise, so nothing stops it
    look = last_look(deployment)
    assert not look.passed
    assert look.severity == dg.AssetCheckSeverity.WARN
    assert list(look.metadata["days"].value) == [str(DAY)]  # type: ignore[arg-type]
    assert (look.description or "").endswith(f"rows on {DAY} break it: On the fourth nobody writes.")
    assert f"| {DAY} |" in str(look.metadata["rows"].value)
    (told,) = [line for line in broken_promises(deployment.database) if "fourth" in line]
    assert told.startswith("core/messages: On the fourth nobody writes. (")
    assert told.endswith(f"rows on {DAY})")


def test_a_promise_that_is_new_is_looked_at_on_all_stored_days(sandbox: Sandbox, deploy: Deploy, models: Path) -> None:
    backfill(deploy(sandbox), DAY, DAY, select=MESSAGES)
    deployment = deploy(sandbox, REAMAZE_MODELS=str(models))
    backfill(deployment, NEXT, NEXT, select=MESSAGES)
    assert list(last_look(deployment).metadata["days"].value) == [str(DAY)]  # type: ignore[arg-type]


def test_a_mended_day_turns_the_check_green(sandbox: Sandbox, deploy: Deploy, models: Path) -> None:
    deployment = deploy(sandbox, REAMAZE_MODELS=str(models))
    with pytest.raises(BackfillFailed):
        backfill(deployment, DAY, DAY, select=MESSAGES)
    sandbox.history.delete(0)
    start = dt.datetime.combine(DAY, dt.time(), dt.UTC)
    for row in sandbox.truth(start, start + dt.timedelta(1)):
        sandbox.history.delete_conversation(row.message["conversation"]["slug"])
    backfill(deployment, DAY, DAY, refresh=True, select=MESSAGES)
    assert last_look(deployment).passed
    assert not [line for line in broken_promises(deployment.database) if "fourth" in line]

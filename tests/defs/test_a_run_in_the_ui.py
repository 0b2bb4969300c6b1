"""What Dagster's pages show of a run of the command line: its place in the timeline, its days, how far its crawl is."""

from __future__ import annotations

import datetime as dt

import dagster as dg
import pytest

from reamaze_pipeline.crawl import crawl_log
from reamaze_pipeline.instance.home import open_instance
from reamaze_pipeline.instance.running import PROCESS_TAG
from reamaze_pipeline.runs.backfill import backfill
from reamaze_pipeline.sandbox import Sandbox
from tests.conftest import Deploy

DAY = dt.date(2026, 3, 4)
PAGES = 'key:"raw/message_pages"'


def test_a_run_of_the_command_line_is_one_of_the_location_and_tells_how_far_it_is(
    sandbox: Sandbox, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crawl_log, "SECONDS", 0.01)
    deployment = deploy(sandbox)
    sandbox.faults.latency_ms = 50
    sandbox.faults.failures = ["503"]
    backfill(deployment, DAY, DAY, select=PAGES)
    with open_instance(deployment.database) as instance:
        (run,) = instance.get_runs()
        records = instance.get_records_for_run(run.run_id).records
        found = instance.get_runs(dg.RunsFilter(tags={".dagster/repository": "__repository__@reamaze_pipeline"}))
    assert [one.run_id for one in found] == [run.run_id]
    assert run.remote_job_origin is not None
    assert (run.remote_job_origin.location_name, run.remote_job_origin.job_name) == (
        "reamaze_pipeline",
        "daily_messages",
    )
    assert PROCESS_TAG in run.tags
    assert all(tag.startswith((".dagster/", "dagster/")) for tag in run.tags)
    lines = [record.event_log_entry.user_message for record in records]
    assert any("asked again in" in line and "(try 2 of" in line for line in lines)
    assert any(line.startswith("0 of 1 day stored: 0 messages;") for line in lines)
    (told,) = [line for line in lines if line.startswith("1 of 1 day stored") and "requests so far" in line][-1:]
    assert f"{DAY} last" in told
    assert "1 of them again" in told
    assert sandbox.token not in "".join(lines)

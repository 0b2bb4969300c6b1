"""A backfill that waits for another run says for whom, and goes on by itself."""

from __future__ import annotations

import os

import dagster as dg
import pytest

from reamaze_pipeline.crawl.progress import Building, StoredDay
from reamaze_pipeline.defs.message_pages import POOL
from reamaze_pipeline.defs.partitions import range_tags
from reamaze_pipeline.instance.home import open_instance
from reamaze_pipeline.instance.running import process_tag
from reamaze_pipeline.runs.backfill import backfill
from reamaze_pipeline.runs.waiting import HeldUp
from reamaze_pipeline.sandbox import Sandbox
from tests.conftest import FIRST, LAST, MESSAGES, Deploy


@dg.job
def daily_messages() -> None:
    pass


def test_who_has_the_slot_is_told_until_it_is_free(
    sandbox: Sandbox, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other run holds the slot as a process in the middle of its crawl does, and lets go after the second line."""
    monkeypatch.setattr("reamaze_pipeline.runs.waiting.PATIENCE", 0.2)
    monkeypatch.setattr("reamaze_pipeline.runs.waiting.EVERY", 0.3)
    deployment = deploy(sandbox)
    heard: list[StoredDay | Building | HeldUp] = []
    with open_instance(deployment.database) as instance:
        tags = {**range_tags(FIRST, LAST), **process_tag()}
        other = instance.create_run_for_job(daily_messages, status=dg.DagsterRunStatus.STARTED, tags=tags)
        slots = instance.event_log_storage
        slots.initialize_concurrency_limit_to_default(POOL)
        assert slots.claim_concurrency_slot(POOL, other.run_id, "raw__message_pages").is_claimed

        def hear(told: StoredDay | Building | HeldUp) -> None:
            heard.append(told)
            if sum(isinstance(each, HeldUp) for each in heard) == 2:
                slots.free_concurrency_slots_for_run(other.run_id)

        outcome = backfill(deployment, FIRST, FIRST, select=MESSAGES, announce=hear)
    assert outcome.fetched_days == 1
    first, second, *_ = [each.in_words for each in heard if isinstance(each, HeldUp)]
    whom = f"the run {other.run_id[:8]} of daily_messages over {FIRST} to {LAST} (process {os.getpid()})"
    assert first == f"waiting: {whom} is asking Re:amaze; runs of one login ask one after another"
    assert whom in second
    assert not any(isinstance(each, HeldUp) for each in heard[heard.index(_stored(heard)[0]) :])


def _stored(heard: list[StoredDay | Building | HeldUp]) -> list[StoredDay]:
    return [each for each in heard if isinstance(each, StoredDay)]

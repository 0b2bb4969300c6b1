"""What is missing, stale or in the way of a day, and the runs that mend it: asked of a real warehouse."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reamaze_pipeline.definitions import build_defs
from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.errors import InputsMissing, UsageRefused
from reamaze_pipeline.runs.backfill import backfill
from reamaze_pipeline.sandbox import Sandbox
from reamaze_pipeline.state.days import Trouble, WarehouseState
from reamaze_pipeline.state.plan import NEAR, nightly_work, one_run, ranges
from reamaze_pipeline.warehouse.connection import reading, writing
from tests.conftest import FIRST, LAST, Deploy

DAYS = [FIRST + dt.timedelta(n) for n in range(8)]
ADDED = "select day, count(*) as messages from {{ ref('messages') }} group by day"


def stored_at(deployment: Deployment) -> dict[str, set[dt.datetime]]:
    with reading(deployment.database) as connection:
        found = connection.execute("select schema_name || '.' || table_name, loaded_at from meta.partitions").fetchall()
    at: dict[str, set[dt.datetime]] = {}
    for label, loaded_at in found:
        at.setdefault(label, set()).add(loaded_at)
    return at


def test_of_what_is_stored_nothing_is_wrong(stored: Deployment) -> None:
    state = stored.state(DAYS)
    assert {label: dict(found) for label, found in state.troubles.items() if found} == {}
    assert one_run(state) is None
    assert stored.state([*DAYS, LAST + dt.timedelta(1)]).of_kind("missing") == [LAST + dt.timedelta(1)]


def test_one_metric_more_computes_that_metric_alone(
    sandbox: Sandbox, stored: Deployment, deploy: Deploy, tmp_path: Path
) -> None:
    (tmp_path / "own" / "metrics").mkdir(parents=True)
    (tmp_path / "own" / "metrics" / "added.sql").write_text(ADDED)
    before = stored_at(stored)
    deployment = deploy(sandbox, name="stored", REAMAZE_MODELS=str(tmp_path / "own"))
    outcome = backfill(deployment, FIRST, LAST)
    after = stored_at(deployment)
    assert outcome.built == {"metrics.added": 8}
    assert not sandbox.requests
    assert {label: at for label, at in after.items() if label not in {"metrics.added", "meta.promises"}} == {
        label: at for label, at in before.items() if label != "meta.promises"
    }


def test_another_time_zone_makes_every_day_stale_and_says_so(
    sandbox: Sandbox, stored: Deployment, deploy: Deploy
) -> None:
    moved = deploy(sandbox, name="stored", REAMAZE_TIMEZONE="America/Los_Angeles")
    state = moved.state(DAYS)
    assert state.of_kind("stale") == DAYS
    assert "raw.message_pages was cut into days of UTC, not of America/Los_Angeles" in state.reasons
    with pytest.raises(UsageRefused, match=f"backfill --from {FIRST} --to {LAST}"):
        backfill(moved, FIRST, DAYS[3])
    outcome = backfill(moved, FIRST, LAST)
    assert "cut into days of UTC" in outcome.in_words
    with reading(moved.database) as connection:
        doubled = connection.execute(
            "select count(*) from (select message_id from core.messages group by 1 having count(*) > 1)"
        ).fetchall()
    assert doubled == [(0,)]
    assert moved.state(DAYS).of_kind("stale") == []


def test_days_before_a_later_start_are_told(sandbox: Sandbox, stored: Deployment, deploy: Deploy) -> None:
    later = deploy(sandbox, name="stored", start=str(DAYS[2]))
    outcome = backfill(later, DAYS[2], LAST)
    assert f"2 stored days are before REAMAZE_START_DATE {DAYS[2]}" in outcome.in_words
    assert not sandbox.requests


def test_a_view_changed_by_a_setting_is_defined_anew_without_a_fetch(
    sandbox: Sandbox, stored: Deployment, deploy: Deploy, tmp_path: Path
) -> None:
    hours = tmp_path / "hours.yml"
    hours.write_text('timezone: UTC\nweek:\n  monday: ["00:00-24:00"]\n  tuesday: ["00:00-24:00"]\n')
    counted = "select count(business_seconds) from metrics.reply_turns"
    with reading(stored.database) as connection:
        assert connection.execute(counted).fetchall() == [(0,)]
    deployment = deploy(sandbox, name="stored", REAMAZE_BUSINESS_HOURS=str(hours))
    outcome = backfill(deployment, FIRST, LAST)
    assert "metrics.reply_turns" in outcome.views
    assert "metrics.reply_turns" in outcome.in_words
    assert not sandbox.requests
    with reading(deployment.database) as connection:
        assert connection.execute(counted).fetchall()[0][0] > 0


@pytest.mark.parametrize("name", ["core/messages", "metrics/messages_per_origin", "metrics/reply_turns"])
def test_nothing_is_computed_from_days_that_are_not_stored(sandbox: Sandbox, deploy: Deploy, name: str) -> None:
    deployment = deploy(sandbox)
    job = build_defs(deployment).resolve_job_def("daily_messages")
    result = job.execute_in_process(
        partition_key=str(DAYS[0]), asset_selection=[dg.AssetKey(name.split("/"))], raise_on_error=False
    )
    (failure,) = result.filter_events(lambda event: event.is_step_failure)
    said = failure.step_failure_data.error.cause.message  # type: ignore[union-attr]
    assert not result.success
    assert InputsMissing.__name__ in said
    assert "reamaze-pipeline backfill" in said
    assert deployment.state(DAYS).of_kind("missing") == DAYS


def test_a_later_day_without_pages_is_named_and_nothing_changes(stored: Deployment) -> None:
    with writing(stored.database) as connection:
        connection.execute("delete from meta.partitions where table_name = 'message_pages' and day = ?", [DAYS[3]])
    before = stored_at(stored)
    job = build_defs(stored).resolve_job_def("daily_messages")
    selection = [dg.AssetKey(["core", "messages"])]
    tags = {
        "dagster/asset_partition_range_start": str(DAYS[2]),
        "dagster/asset_partition_range_end": str(DAYS[4]),
    }
    result = job.execute_in_process(tags=tags, asset_selection=selection, raise_on_error=False)
    (failure,) = result.filter_events(lambda event: event.is_step_failure)
    assert f"--from {DAYS[3]} --to {DAYS[3]}" in failure.step_failure_data.error.cause.message  # type: ignore[union-attr]
    assert stored_at(stored) == before


def _missing(days: list[dt.date], calendar: list[dt.date]) -> WarehouseState:
    return WarehouseState(tuple(calendar), {"raw.pages": {day: Trouble("missing", "") for day in days}})


def test_a_night_mends_the_hole_that_an_earlier_night_left() -> None:
    calendar = [dt.date(2026, 1, 1) + dt.timedelta(n) for n in range(90)]
    newest, again = calendar[-1], calendar[-3]
    work = nightly_work(_missing([calendar[4], calendar[5], newest], calendar), newest, again, most_days=366)
    assert [(each.first, each.last) for each in work] == [(calendar[4], calendar[5]), (again, newest)]
    bounded = nightly_work(_missing(calendar, calendar), newest, again, most_days=30)
    assert [(each.first, each.last) for each in bounded] == [(calendar[0], calendar[29]), (again, newest)]
    assert [(each.first, each.last) for each in nightly_work(_missing([], calendar), newest, newest, most_days=9)] == [
        (newest, newest)
    ]


def test_the_last_good_night_ended_when_the_newest_whole_day_was_stored_at_most_a_day_after_it_was_over() -> None:
    calendar = [dt.date(2026, 3, 1) + dt.timedelta(n) for n in range(5)]
    newest = calendar[2]
    missing = _missing(calendar[3:], calendar)

    def ended(stored: dt.datetime, timezone: str = "UTC") -> dt.datetime | None:
        return replace(missing, stored_at={newest: stored.replace(tzinfo=None)}, timezone=timezone).last_good_night

    night = dt.datetime(2026, 3, 4, 0, 21, tzinfo=dt.UTC)
    assert ended(night) == night
    later = dt.datetime(2026, 3, 9, 12, tzinfo=dt.UTC)
    assert ended(later) == dt.datetime(2026, 3, 5, tzinfo=dt.UTC), "fetched again later, it makes no night good"
    assert ended(later, "America/Los_Angeles") == dt.datetime(2026, 3, 5, 8, tzinfo=dt.UTC)
    assert _missing(calendar, calendar).last_good_night is None


@given(st.sets(st.integers(0, 400)))
def test_ranges_hold_every_day_and_pass_over_few(numbers: set[int]) -> None:
    days = [dt.date(2026, 1, 1) + dt.timedelta(n) for n in numbers]
    found = ranges(days)
    assert all(any(first <= day <= last for first, last in found) for day in days)
    for (_, last), (first, _) in pairwise(found):
        assert first - last > NEAR
    assert {day for first, last in found for day in (first, last)} <= set(days)

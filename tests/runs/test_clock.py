"""The clock is wrong, and is set right: no day is stored before it is over, none is lost, none goes stale."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator

import pytest

from reamaze_pipeline.commands.app import run
from reamaze_pipeline.defs.partitions import days_between, last_whole_day
from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.runs.health import read_health
from reamaze_pipeline.sandbox import Sandbox, SandboxOptions
from reamaze_pipeline.warehouse.connection import reading
from tests.conftest import FIRST, LAST, MESSAGES, Deploy
from tests.runs.nights import asked_for, days_of, night_after

DAY = dt.timedelta(1)
TABLES = ["raw/message_pages", "core/messages"]
Moved = Callable[[dt.timedelta], None]


@pytest.fixture
def moved() -> Iterator[Moved]:
    """Sets this machine's clock, ours and Dagster's, so much ahead, or back; the API has its own."""
    with pytest.MonkeyPatch.context() as patch:

        def move(by: dt.timedelta) -> None:
            patch.undo()
            patch.setattr("reamaze_pipeline.settings.clock.now", lambda: dt.datetime.now(dt.UTC) + by)
            patch.setattr("dagster._time._mockable_get_current_datetime", lambda: dt.datetime.now(dt.UTC) + by)
            patch.setattr("dagster._time._mockable_get_current_timestamp", lambda: time.time() + by.total_seconds())

        yield move


def counts(deployment: Deployment) -> dict[dt.date, int]:
    with reading(deployment.database) as connection:
        return dict(connection.execute("select day, count(*) from core.messages group by day").fetchall())


def test_ahead_no_day_is_stored_before_it_is_over_and_the_next_night_has_all(deploy: Deploy, moved: Moved) -> None:
    today = dt.datetime.now(dt.UTC).date()
    with Sandbox(SandboxOptions(messages=200, days=4, end=dt.datetime.now(dt.UTC), seed=5)) as brand:
        deployment = deploy(brand, start=str(today - 2 * DAY))
        moved(2 * DAY)
        assert last_whole_day(deployment.partitions) == today + DAY
        command = ["backfill", "--from", str(today - 2 * DAY), "--to", str(today + DAY), "--select", MESSAGES]
        assert run(command) == 1
        state = deployment.state(days_between(today - 2 * DAY, today + DAY))
        assert set(state.troubles["raw.message_pages"]) == {today, today + DAY}, "what was over is stored"
        moved(dt.timedelta())
        assert set(night_after(deployment, today - DAY, TABLES).values()) == {True}
        there = [row.created_at.date() for row in brand.truth()]
        assert counts(deployment) == {day: there.count(day) for day in (today - 2 * DAY, today - DAY)}


def test_ahead_the_error_says_by_how_much(deploy: Deploy, moved: Moved, capsys: pytest.CaptureFixture[str]) -> None:
    today = dt.datetime.now(dt.UTC).date()
    with Sandbox(SandboxOptions(messages=20, days=2, end=dt.datetime.now(dt.UTC), seed=5)) as brand:
        deploy(brand, start=str(today))
        moved(DAY)
        assert run(["backfill", "--from", str(today), "--to", str(today), "--select", MESSAGES]) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert f"not over yet: {today}; this machine's clock is 24.0 h ahead" in line


def test_back_nothing_goes_stale_and_what_comes_late_is_stored(
    sandbox: Sandbox, stored: Deployment, deploy: Deploy, moved: Moved
) -> None:
    """The clock is behind the newest stored day by three days, and by months behind when all of it was stored."""
    deployment = deploy(sandbox, name="stored", start=str(FIRST))
    newest, before = LAST - 3 * DAY, counts(deployment)
    moved(dt.datetime.combine(newest + DAY, dt.time(12), dt.UTC) - dt.datetime.now(dt.UTC))
    assert last_whole_day(deployment.partitions) == newest
    health = read_health(deployment)
    assert (health.newest, health.missing, health.stale) == (newest, [], [])
    (request,) = asked_for(deployment, newest)
    assert days_of(request) == (str(newest - 2 * DAY), str(newest))

    late = newest - DAY
    sandbox.history.insert_late(dt.datetime.combine(late, dt.time(12), dt.UTC))
    assert set(night_after(deployment, newest, TABLES).values()) == {True}
    assert counts(deployment) == {**before, late: before[late] + 1}
    assert run(["backfill", "--refresh", "--from", str(late), "--to", str(late), "--select", MESSAGES]) == 0
    assert counts(deployment)[late] == before[late] + 1

    moved(dt.timedelta())
    state = deployment.state(days_between(FIRST, LAST))
    assert [state.troubles[label] for label in ("raw.message_pages", "core.messages")] == [{}, {}]

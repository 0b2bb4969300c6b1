"""What nights do, by the schedule's own answers and real runs over HTTP: look back cheaply, leave no hole."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from dataclasses import replace
from math import ceil
from pathlib import Path

import pytest

from reamaze_pipeline.defs.partitions import days_between
from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.sandbox import Sandbox, SandboxOptions
from reamaze_pipeline.warehouse.connection import reading
from tests.alerts.receivers import webhook
from tests.conftest import FIRST, LAST, Deploy
from tests.runs.nights import asked_for, days_of, night_after, run_as_asked, sensor_says

NEXT = LAST + dt.timedelta(1)
PAGES = ["raw/message_pages"]


@pytest.fixture(params=[True, False], ids=["dates honoured", "dates ignored"])
def brand(request: pytest.FixtureRequest, history: SandboxOptions) -> Iterator[Sandbox]:
    with Sandbox(replace(history, dates_honoured=request.param)) as serving:
        yield serving


@pytest.fixture
def looking(brand: Sandbox, stored_once: Path, deploy: Deploy, tmp_path: Path) -> Deployment:
    """The days up to `LAST` stored, whichever revision answers now."""
    shutil.copytree(stored_once, tmp_path / "stored")
    return deploy(brand, name="stored", start=str(FIRST))


def pages_of(brand: Sandbox, day: dt.date) -> int:
    """Pages that hold a message of the day, where dates are ignored; about as many where they are honoured."""
    size = brand.options.page_size
    places = [n // size for n, row in enumerate(brand.truth()) if row.created_at.date() == day]
    return max(len(set(places)), ceil(len(places) / size))


def stored_counts(deployment: Deployment) -> dict[dt.date, int]:
    with reading(deployment.database) as connection:
        found = connection.execute(
            "select day, sum(len(kept_rows))::integer from raw.message_pages group by day"
        ).fetchall()
    return dict(found)


def test_a_day_that_did_not_change_costs_no_page(brand: Sandbox, looking: Deployment) -> None:
    assert night_after(looking, NEXT, PAGES) == {(str(LAST - dt.timedelta(1)), str(NEXT)): True}
    looked_back = pages_of(brand, LAST) + pages_of(brand, LAST - dt.timedelta(1))
    for_the_day = pages_of(brand, NEXT) + (2 if brand.options.dates_honoured else 4)
    assert looked_back > 4
    assert len(brand.requests) <= for_the_day + 2
    assert stored_counts(looking)[NEXT] > 0


def test_a_night_without_news_asks_once_or_a_few_times(brand: Sandbox, looking: Deployment) -> None:
    assert night_after(looking, LAST, PAGES) == {(str(LAST - dt.timedelta(2)), str(LAST)): True}
    assert len(brand.requests) <= (1 if brand.options.dates_honoured else 4)


def test_a_message_that_came_late_is_found(brand: Sandbox, looking: Deployment) -> None:
    before = stored_counts(looking)
    late = LAST - dt.timedelta(1)
    brand.history.insert_late(dt.datetime.combine(late, dt.time(12), dt.UTC))
    assert list(night_after(looking, NEXT, [*PAGES, "core/messages"]).values()) == [True]
    after = stored_counts(looking)
    assert after == {**before, late: before[late] + 1, NEXT: after[NEXT]}
    with reading(looking.database) as connection:
        found = connection.execute("select count(*) from core.messages where day = ?", [late]).fetchall()
    assert found == [(after[late],)]


def test_a_hole_that_a_night_leaves_is_told_and_mended_by_the_next(
    sandbox: Sandbox, stored_once: Path, deploy: Deploy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run that catches up finds its login revoked, the night's own run is good; nobody types a command."""
    shutil.copytree(stored_once, tmp_path / "stored")
    last, hole = LAST + dt.timedelta(2), (dt.date(2026, 2, 25), dt.date(2026, 3, 1))
    days = days_between(hole[0], last)
    monkeypatch.setattr("reamaze_pipeline.defs.nights.sensors.last_whole_day", lambda *_: last)
    with webhook() as (url, told):
        deployment = deploy(
            sandbox,
            name="stored",
            start=str(hole[0]),
            REAMAZE_ALERT_WEBHOOK=url,
            REAMAZE_ALERT_AFTER_HOURS="1000000",
        )
        catching_up, night = asked_for(deployment, last)
        assert days_of(catching_up) == tuple(map(str, hole))
        sandbox.faults.failure_probability, sandbox.faults.failure_kinds = 1.0, ["401"]
        tables = [*PAGES, *(table.label.replace(".", "/") for table in deployment.daily_models)]
        assert not run_as_asked(deployment, catching_up, tables)
        sandbox.faults.clear()
        assert run_as_asked(deployment, night, tables)
        assert deployment.state(days).of_kind("missing") == days_between(*hole)
        for _ in range(2):
            assert "was told" in sensor_says(deployment, "alerts")
        (message,) = told
        assert "a run over 2026-02-25 to 2026-03-01 failed" in message["text"]
        assert "raw__message_pages" in message["text"]
        assert "reamaze-pipeline backfill --from 2026-02-25 --to 2026-03-01" in message["text"]
        assert sandbox.token not in message["text"]

        assert set(night_after(deployment, last, tables)) >= {tuple(map(str, hole))}
        assert deployment.state(days).of_kind("missing") == []
        sensor_says(deployment, "alerts")
        assert "good again" in told[1]["text"]
        assert len(told) == 2

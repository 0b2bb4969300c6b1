"""The main job over real HTTP into a real database: exact, repeatable, and the same in every revision of the API."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.errors import BackfillFailed, NoSuchDays, UsageRefused
from reamaze_pipeline.instance.home import open_instance
from reamaze_pipeline.runs.backfill import backfill
from reamaze_pipeline.sandbox import Sandbox, SandboxOptions
from reamaze_pipeline.warehouse.connection import reading, writing
from tests.conftest import FIRST, LAST, MESSAGES, STORED, Deploy, revisions

CORE = 'key:"raw/message_pages" or key:"core/*"'


def contents(
    deployment: Deployment, *, without: tuple[str, ...] = (), schema: str | None = None
) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every stored model (of one schema, if it is named), in an order of its own."""
    tables: dict[str, list[tuple[Any, ...]]] = {}
    with reading(deployment.database) as connection:
        for model in deployment.project.models:
            if not model.partitioned or schema not in {None, model.schema}:
                continue
            columns = ", ".join(f'"{name}"' for name in model.table.column_names if name not in without)
            rows = connection.execute(f"select {columns} from {model.table.qualified} order by all").fetchall()
            tables[model.table.label] = rows
    return tables


def test_every_message_of_the_days_is_stored_once(sandbox: Sandbox, deploy: Deploy) -> None:
    deployment = deploy(sandbox)
    outcome = backfill(deployment, FIRST, LAST, select=MESSAGES)
    start = dt.datetime.combine(FIRST, dt.time(), dt.UTC)
    end = dt.datetime.combine(LAST + dt.timedelta(1), dt.time(), dt.UTC)
    truth = Counter(
        (row.created_at.replace(tzinfo=None), row.is_staff, (row.message.get("conversation") or {}).get("slug"))
        for row in sandbox.truth(start, end)
    )
    with reading(deployment.database) as connection:
        rows = connection.execute("select created_at, is_staff, conversation_slug from core.messages").fetchall()
        ids = connection.execute("select count(distinct message_id) from core.messages").fetchall()[0][0]
    assert Counter(rows) == truth
    assert outcome.messages == ids == truth.total() > 300
    assert outcome.days == outcome.fetched_days == 8


@pytest.mark.parametrize("name", ["metrics", "dagster"])
def test_the_database_may_be_named_like_what_lies_in_or_beside_it(
    sandbox: Sandbox, deploy: Deploy, tmp_path: Path, name: str
) -> None:
    deployment = deploy(sandbox, REAMAZE_DATABASE=str(tmp_path / name))
    assert backfill(deployment, LAST, LAST, select="+metrics/messages_per_origin").messages > 20
    assert (tmp_path / name).is_file()
    with reading(deployment.database) as connection:
        assert connection.execute("select count(*) > 0 from metrics.messages_per_origin").fetchall() == [(True,)]


def test_all_revisions_of_the_api_give_equal_tables(history: SandboxOptions, deploy: Deploy) -> None:
    """Those of core: whatever else there is, is made of these."""
    found = []
    for number, options in enumerate(revisions(history)):
        with Sandbox(options) as serving:
            deployment = deploy(serving, name=f"revision{number}")
            backfill(deployment, FIRST, dt.date(2026, 3, 3), select=CORE)
            found.append(contents(deployment, without=("origin_id",), schema="core"))
    assert found[0]["core.messages"]
    for tables in found[1:]:
        assert tables == found[0]


def test_each_day_of_a_metric_shows_its_rows_in_the_ui(stored: Deployment) -> None:
    days = [(FIRST + dt.timedelta(n)).isoformat() for n in range(8)]
    name = "messages_per_origin"
    with reading(stored.database) as connection:
        counted = connection.execute(f"select day::varchar, count(*) from metrics.{name} group by 1").fetchall()
    rows_by_day = dict(counted)
    with open_instance(stored.database) as instance:
        key = dg.AssetKey(["metrics", name])
        assert instance.get_materialized_partitions(key) == set(days)
        found = instance.fetch_materializations(key, limit=100).records
    shown = {record.partition_key: record.asset_materialization for record in found}
    assert sorted(filter(None, shown)) == days
    for day, event in shown.items():
        assert event is not None
        assert day is not None
        rows = rows_by_day.get(day, 0)
        assert event.metadata["dagster/partition_row_count"].value == rows, (name, day)
        preview = str(event.metadata["preview"].value)
        assert f"**{rows:,} row" in preview
        assert f"{dt.date.fromisoformat(day):%-d %B %Y}" in preview


def test_a_view_is_announced_once_with_its_newest_day(stored: Deployment) -> None:
    with open_instance(stored.database) as instance:
        for name in ("reply_turns", "awaiting_reply"):
            (record,) = instance.fetch_materializations(dg.AssetKey(["metrics", name]), limit=100).records
            assert record.partition_key is None
            assert record.asset_materialization is not None
            assert f"{LAST:%-d %B %Y}" in str(record.asset_materialization.metadata["preview"].value)


def test_a_stored_day_is_announced_once(stored: Deployment) -> None:
    with open_instance(stored.database) as instance:
        found = instance.fetch_materializations(dg.AssetKey(["raw", "message_pages"]), limit=100).records
    assert sorted(str(record.partition_key) for record in found) == [str(FIRST + dt.timedelta(n)) for n in range(8)]


def test_a_selection_builds_what_it_names_and_no_more(sandbox: Sandbox, deploy: Deploy) -> None:
    deployment = deploy(sandbox)
    outcome = backfill(deployment, FIRST, LAST, select=MESSAGES)
    assert outcome.built == {"raw.message_pages": 8, "core.messages": 8}
    outcome = backfill(deployment, FIRST, LAST, select="metrics/messages_per_origin")
    assert outcome.built == {"metrics.messages_per_origin": 8}
    assert backfill(deploy(sandbox, name="other"), LAST, LAST, select="+metrics/messages_per_origin").built == {
        "raw.message_pages": 1,
        "core.messages": 1,
        "metrics.messages_per_origin": 1,
    }
    with pytest.raises(UsageRefused, match="--select metrics/no_such"):
        backfill(deployment, FIRST, LAST, select="metrics/no_such")


def test_a_second_backfill_asks_for_nothing_and_changes_nothing(sandbox: Sandbox, stored: Deployment) -> None:
    before = contents(stored)
    outcome = backfill(stored, FIRST, LAST)
    assert not sandbox.requests
    assert (outcome.requests, outcome.fetched_days, outcome.days) == (0, 0, 8)
    assert contents(stored) == before


def test_refresh_fetches_anew_and_drops_what_was_deleted(sandbox: Sandbox, stored: Deployment) -> None:
    before = contents(stored)["core.messages"]
    start = dt.datetime.combine(FIRST, dt.time(), dt.UTC)
    slug = next(row.message["conversation"]["slug"] for row in sandbox.truth(start, start + dt.timedelta(1)))
    gone = sandbox.history.delete_conversation(slug)
    after = backfill(stored, FIRST, LAST, refresh=True, select=MESSAGES)
    with reading(stored.database) as connection:
        left = connection.execute("select count(*) from core.messages where conversation_slug = ?", [slug]).fetchall()
    assert gone
    assert left == [(0,)]
    assert 0 < after.messages < len(before)
    assert after.fetched_days == 8


def test_only_missing_days_are_asked_for(sandbox: Sandbox, deploy: Deploy, stored: Deployment) -> None:
    deployment = deploy(sandbox)
    backfill(deployment, dt.date(2026, 3, 4), dt.date(2026, 3, 6), select=CORE)
    outcome = backfill(deployment, FIRST, LAST, select=CORE)
    assert outcome.fetched_days == 5
    assert contents(deployment, schema="core") == contents(stored, schema="core")


def test_what_is_lost_downstream_is_rebuilt_without_the_api(sandbox: Sandbox, stored: Deployment) -> None:
    """Even from pages of an earlier version, which did not keep the times that the crawl had read."""
    before = contents(stored)
    with writing(stored.database) as connection:
        connection.execute("alter table raw.message_pages drop column kept_created_at")
        connection.execute("alter table raw.message_pages drop column kept_conversation_created_at")
        connection.execute("drop table core.messages")
        connection.execute("delete from meta.partitions where schema_name = 'core' and table_name = 'messages'")
    backfill(stored, FIRST, LAST, select=STORED)
    assert not sandbox.requests
    assert contents(stored) == before


def test_an_empty_history_is_stored_as_zero_days(deploy: Deploy) -> None:
    with Sandbox(SandboxOptions(messages=0)) as serving:
        deployment = deploy(serving)
        outcome = backfill(deployment, FIRST, dt.date(2026, 3, 3))
        serving.reset_requests()
        again = backfill(deployment, FIRST, dt.date(2026, 3, 3))
        assert not serving.requests
    assert (outcome.messages, outcome.days, again.requests) == (0, 2, 0)


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Kolkata", "Pacific/Apia"])
def test_a_day_is_a_day_of_the_configured_zone(sandbox: Sandbox, deploy: Deploy, zone: str) -> None:
    deployment = deploy(sandbox, REAMAZE_TIMEZONE=zone)
    backfill(deployment, dt.date(2026, 3, 7), dt.date(2026, 3, 9), select=MESSAGES)
    with reading(deployment.database) as connection:
        wrong = connection.execute(
            "select count(*) from core.messages"
            " where (created_at at time zone 'UTC' at time zone ?)::date <> day or day not between ? and ?",
            [zone, dt.date(2026, 3, 7), dt.date(2026, 3, 9)],
        ).fetchall()
        stored = connection.execute("select count(*) from core.messages").fetchall()[0][0]
    assert wrong == [(0,)]
    assert stored > 50


def test_days_without_a_partition_are_refused(sandbox: Sandbox, deploy: Deploy) -> None:
    deployment = deploy(sandbox)
    for first, last, why in (
        (LAST, FIRST, "after"),
        (dt.date(2026, 2, 27), LAST, "before REAMAZE_START_DATE"),
        (FIRST, dt.datetime.now(dt.UTC).date(), "not over yet"),
    ):
        with pytest.raises(NoSuchDays, match=why):
            backfill(deployment, first, last)
    assert not sandbox.requests
    assert not Path(deployment.database).exists()


def test_a_refused_login_fails_in_one_line_and_stores_nothing(
    sandbox: Sandbox, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = deploy(sandbox)
    monkeypatch.setenv("REAMAZE_API_TOKEN", "not-the-token-at-all")
    with pytest.raises(BackfillFailed, match="refused the login") as failure:
        backfill(deployment, FIRST, LAST)
    assert "\n" not in str(failure.value)
    assert "not-the-token-at-all" not in str(failure.value)

"""What APIs send besides what is documented, over real HTTP into every table: each oddity on a day of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from reamaze_pipeline.runs.backfill import backfill
from reamaze_pipeline.warehouse.connection import reading
from tests.conftest import deployment_at
from tests.served_rows import row, served

ANN = {"name": "Ann", "email": "ann@acme.test", "staff": True, "slug": "case"}
ROWS = [
    # The 5th: what is no whole number.
    row("numbers", "2026-03-05T12:00:00Z", slug="numbers", attachments=[
        {"file_file_name": str(size), "file_file_size": size} for size in (10.7, "10.7", "1_000", "1e3", 1000, "12")
    ]),
    # The 4th: blank keys, beside keys of both sides.
    row("by two", "2026-03-04T12:20:00Z", name="Bo", email="", staff=True, slug=""),
    row("by one", "2026-03-04T12:10:00Z", name="Ann", email=" ", staff=True, slug="blank"),
    row("again", "2026-03-04T12:09:00Z", name="Bo", email=None, staff=True, slug="blank"),
    row("a stranger", "2026-03-04T12:05:00Z", name="Kim", email="\t", slug="blank"),
    row("another", "2026-03-04T12:00:00Z", name="Lou", email="", slug=" "),
    # The 3rd: one email in three spellings, and a conversation younger than its first message.
    row("second", "2026-03-03T12:20:00Z", **{**ANN, "email": " Ann@Acme.test "}),
    row("more", "2026-03-03T12:15:00Z", slug="case", email="Cleo@Example.com"),
    row("first", "2026-03-03T12:10:00Z", **ANN),
    row("question", "2026-03-03T12:00:00Z", slug="case"),
    row("young reply", "2026-03-03T09:10:00Z", **{**ANN, "slug": "young"}, began="2026-03-03T09:30:00Z"),
    row("young question", "2026-03-03T09:00:00Z", slug="young", began="2026-03-03T09:30:00Z"),
    # The 2nd: one instant after another, each written in another way.
    row("words", "2026-03-02 23:50:00 UTC", slug="times"),
    row("seconds", int(dt.datetime(2026, 3, 2, 20, tzinfo=dt.UTC).timestamp()), slug="times", staff=True),
    row("ruby", "2026-03-02 09:10:00 -0700", slug="times", began="Mon, 02 Mar 2026 16:00:00 GMT"),
]  # fmt: skip


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse after one backfill of `ROWS`; an address is left out in capitals."""
    with served(ROWS) as url, pytest.MonkeyPatch.context() as monkeypatch:
        folder = tmp_path_factory.mktemp("odd")
        deployment = deployment_at(url, folder, monkeypatch, REAMAZE_EXCLUDE_SENDERS="NOBODY@acme.test")
        assert backfill(deployment, dt.date(2026, 3, 1), dt.date(2026, 3, 5)).messages == len(ROWS)
        with reading(deployment.database) as connection:
            yield connection


def rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return connection.execute(sql).fetchall()


def test_times_written_in_any_way_are_in_their_day(stored: duckdb.DuckDBPyConnection) -> None:
    found = rows(stored, "select day, created_at, body from core.messages where conversation_slug = 'times' order by 2")
    day = dt.date(2026, 3, 2)
    assert found == [
        (day, dt.datetime.combine(day, time), body)
        for time, body in ((dt.time(16, 10), "ruby"), (dt.time(20), "seconds"), (dt.time(23, 50), "words"))
    ]
    assert rows(stored, "select count(*) from core.messages where created_at is null") == [(0,)]
    assert rows(stored, "select seconds from metrics.reply_turns where conversation_slug = 'times'") == [(13800.0,)]
    began = "select created_at from core.conversations where conversation_slug = 'times'"
    assert rows(stored, began) == [(dt.datetime.combine(day, dt.time(16)),)]


def test_one_email_is_one_sender_however_it_is_spelt(stored: duckdb.DuckDBPyConnection) -> None:
    day = "day = '2026-03-03'"
    counts = f"select sender_email, sender_key, response_count from metrics.staff_response_counts where {day}"
    assert rows(stored, counts) == [("Ann@Acme.test", "ann@acme.test", 3)]
    assert rows(stored, f"select sender_key, turn_count from metrics.response_times_by_sender where {day}") == [
        ("ann@acme.test", 3)
    ]
    effort = f"select staff_count, customer_emails from intermediate.replied_conversations where {day} order by all"
    assert rows(stored, effort) == [(1, ["cleo@example.com"])] * 2
    assert rows(stored, f"select handoff_share from metrics.conversation_effort_daily where {day}") == [(0.0,)]
    sent = "select distinct sender_email from core.messages where is_staff and day = '2026-03-03' order by all"
    assert rows(stored, sent) == [(" Ann@Acme.test ",), ("ann@acme.test",)]


def test_blank_is_no_key(stored: duckdb.DuckDBPyConnection) -> None:
    counts = "select sender_email, sender_name, response_count from metrics.staff_response_counts"
    assert rows(stored, f"{counts} where day = '2026-03-04' order by 2") == [(None, "Ann", 1), (None, "Bo", 2)]
    effort = "select conversation_slug, staff_count, customer_emails from intermediate.replied_conversations"
    assert rows(stored, f"{effort} where day = '2026-03-04'") == [("blank", 2, [])]
    assert rows(stored, "select count(*) from core.conversations where trim(conversation_slug) = ''") == [(0,)]
    volume = "select unthreaded_message_count, customers_helped from metrics.conversation_volume_daily"
    assert rows(stored, f"{volume} where day = '2026-03-04'") == [(2, 0)]
    sent = "select sender_email, conversation_slug from core.messages where body = 'another'"
    assert rows(stored, sent) == [("", " ")]


def test_a_conversation_is_not_younger_than_what_is_said_in_it(stored: duckdb.DuckDBPyConnection) -> None:
    first = "select seconds, conversation_created_at from metrics.first_reply_times where conversation_slug = 'young'"
    assert rows(stored, first) == [(600.0, dt.datetime.combine(dt.date(2026, 3, 3), dt.time(9)))]
    early = "select day, early_message_count from intermediate.stored_days where early_message_count > 0"
    assert rows(stored, early) == [(dt.date(2026, 3, 3), 2)]


def test_a_size_is_a_whole_number_or_nothing(stored: duckdb.DuckDBPyConnection) -> None:
    sizes = "select file_name, file_size from core.message_attachments order by position"
    assert rows(stored, sizes) == [
        ("10.7", None), ("10.7", None), ("1_000", None), ("1e3", None), ("1000", 1000), ("12", 12)
    ]  # fmt: skip


def test_no_duration_is_negative(stored: duckdb.DuckDBPyConnection) -> None:
    columns = rows(
        stored,
        "select table_schema, table_name, column_name from information_schema.columns"
        " where column_name similar to '(.*_)?seconds(_.*)?' and table_schema not in ('meta', 'main')",
    )
    assert len(columns) > 10
    for schema, table, column in columns:
        assert rows(stored, f'select count(*) from {schema}.{table} where "{column}" < 0') == [(0,)], (table, column)

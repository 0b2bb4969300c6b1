"""What the SQL makes of pages: every kept row once, whatever is odd about it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reamaze_pipeline.models.model import Project
from reamaze_pipeline.models.singular_tests import load_singular_tests
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.table import Select
from tests.stored_pages import DAY, SHIPPED, Warehouse, message, page


def test_a_documented_message(warehouse: Warehouse) -> None:
    attached = {"file_file_name": "a.png", "file_content_type": "image/png", "file_file_size": 69892}
    attached |= {"url": "https://e/x", "thumb_url": "https://e/t", "image?": True}
    warehouse.run({DAY: [page(DAY, [message(21, attachments=[attached])], staff=[True])]})
    columns = (
        "created_at, day, conversation_slug, sender_name, sender_email, is_staff, origin, origin_name, visibility,"
        " visibility_name, body, origin_id, recipient_count, attachment_count, channel"
    )
    assert warehouse.rows(f"SELECT {columns} FROM core.messages") == [
        (
            *(
                datetime.fromisoformat("2026-03-02T04:00:00.286"),
                DAY,
                "do-you-read-me-0",
                "HAL",
                "hal@example.com",
                True,
            ),
            *(1, "Email", 0, "Regular", "body 21", "21", 1, 1, 16),
        )
    ]
    assert warehouse.rows("SELECT * EXCLUDE (message_id) FROM core.message_recipients") == [
        (DAY, 1, "Dave", "dave@example.com")
    ]
    assert warehouse.rows("SELECT * EXCLUDE (message_id) FROM core.message_attachments") == [
        (DAY, 1, "a.png", "image/png", 69892, "https://e/x", "https://e/t", True)
    ]


ODD: list[Any] = [
    None,
    "text",
    7,
    [],
    {},
    message(1, user=None),
    message(2, created_at=None),
    message(3, created_at="yesterday"),
    message(4, created_at="infinity"),
    message(5, conversation=None),
    message(6, visibility="x", origin=1.5),
    message(7, origin=5, visibility=9),
    message(8, recipients=None, attachments=None),
    message(9, recipients=[None, "x", {"name": None}], attachments=[{"file_file_size": "big", "image?": "maybe"}]),
    message(10, body={"not": "text"}, origin_id=1234567890),
    message(11, user="someone"),
    message(12, body="right-to-left \u200f and \ufffd and 🛰 and <b>&amp;</b>"),
]


def test_every_odd_row_is_kept_once(warehouse: Warehouse) -> None:
    warehouse.run({DAY: [page(DAY, ODD, staff=[None] * len(ODD))]})
    assert warehouse.rows("SELECT count(*), count(DISTINCT message_id) FROM core.messages") == [(len(ODD), len(ODD))]
    names = warehouse.rows("SELECT origin, origin_name, visibility, visibility_name FROM core.messages ORDER BY ALL")
    assert (None, "Unknown (1.5)", None, "Unknown (x)") in names
    assert (5, "Unknown (5)", 9, "Unknown (9)") in names
    assert (None, "Unknown", None, "Unknown") in names
    counted = "SELECT sum(recipient_count), sum(attachment_count) FROM core.messages"
    children = "SELECT (SELECT count(*) FROM core.message_recipients), (SELECT count(*) FROM core.message_attachments)"
    assert warehouse.rows(counted) == warehouse.rows(children)


def test_only_kept_rows_count_and_a_missing_side_is_unknown(warehouse: Warehouse) -> None:
    row = page(DAY, [message(n) for n in range(5)], kept=[1, 3, 9], staff=[True])
    warehouse.run({DAY: [row]})
    assert warehouse.rows("SELECT body, is_staff FROM core.messages ORDER BY ALL") == [
        ("body 1", True),
        ("body 3", None),
        (None, None),
    ]


def test_twins_are_two_messages_with_stable_ids(warehouse: Warehouse, project: Project, tmp_path: Path) -> None:
    twin, other = message(1), message(1, origin_id="2")
    warehouse.run({DAY: [page(DAY, [twin, other, twin])]})
    swapped = Warehouse(tmp_path / "swapped.duckdb", project)
    swapped.run({DAY: [page(DAY, [twin]), page(DAY, [twin, other], number=2)]})
    ids = "SELECT message_id, origin_id FROM core.messages ORDER BY ALL"
    assert len({found for found, _ in warehouse.rows(ids)}) == 3
    assert warehouse.rows(ids) == swapped.rows(ids)


def test_ids_do_not_depend_on_the_revision_of_the_api_or_on_what_may_change(warehouse: Warehouse) -> None:
    ids = []
    changed = message(1)
    changed["conversation"] |= {"subject": "renamed", "category": None}
    changed |= {"created_at": "2026-03-01T08:00:00.286Z", "user": {"name": "H. A. L.", "email": "hal@example.com"}}
    del changed["origin_id"]
    for version in (message(1), changed):
        warehouse.run({DAY: [page(DAY, [version])]})
        ids.append(warehouse.rows("SELECT message_id FROM core.messages"))
    assert ids[0] == ids[1]


def test_undated_messages_of_different_days_are_different(warehouse: Warehouse) -> None:
    later = DAY + timedelta(days=1)
    warehouse.run({day: [page(day, [message(1, created_at=None)])] for day in (DAY, later)})
    assert warehouse.rows("SELECT count(DISTINCT message_id) FROM core.messages") == [(2,)]


def test_conversations_do_not_depend_on_the_order_of_days(
    warehouse: Warehouse, project: Project, tmp_path: Path
) -> None:
    later = DAY + timedelta(days=1)
    newest = message(2, created_at="2026-03-02T10:00:00-07:00")
    newest["conversation"] = {**newest["conversation"], "subject": "renamed", "category": None}
    pages = {DAY: [page(DAY, [message(2), message(5)])], later: [page(later, [newest])]}
    warehouse.run(pages)
    backwards = Warehouse(tmp_path / "backwards.duckdb", project)
    for day in (later, DAY):
        backwards.run({day: pages[day]})
    assert warehouse.table("core.conversations") == backwards.table("core.conversations")
    assert warehouse.rows("SELECT subject, category_slug, message_count, last_message_at FROM core.conversations") == [
        ("renamed", None, 3, datetime.fromisoformat("2026-03-02T17:00"))
    ]


@pytest.mark.parametrize("name", ["core.messages", "core.message_recipients", "core.message_attachments"])
def test_an_empty_day_makes_tables_without_rows(warehouse: Warehouse, name: str) -> None:
    warehouse.run({DAY: []})
    assert warehouse.table(name) == []
    table = name.removeprefix("core.")
    assert warehouse.rows(f"SELECT day, row_count FROM meta.partitions WHERE table_name = '{table}'") == [(DAY, 0)]


OFFSETS = st.sampled_from(["Z", "-07:00", "-06:00", "+05:30"])
TEXT = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc?", max_size=4), inner, max_size=3),
    max_leaves=5,
)
FIELDS = st.sampled_from(
    ["body", "visibility", "origin", "origin_id", "created_at", "user", "recipients", "conversation"]
)


@st.composite
def messages(draw: st.DrawFn) -> Any:
    at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(milliseconds=draw(st.integers(0, 86_399_999)))
    made = message(draw(st.integers(0, 3)), body=draw(TEXT), created_at=at.isoformat(timespec="milliseconds"))
    made |= draw(st.dictionaries(FIELDS, ANYTHING, max_size=2))
    return draw(st.just(made) | ANYTHING)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(listed=st.lists(messages(), max_size=12), repeats=st.integers(0, 2))
def test_any_json_gives_one_row_each(warehouse: Warehouse, listed: list[Any], repeats: int) -> None:
    rows = listed + listed[:repeats]
    warehouse.run({DAY: [page(DAY, rows)]})
    found = warehouse.rows("SELECT count(*), count(DISTINCT message_id) FROM core.messages")
    assert found == [(len(rows), len(rows))]
    bodies = warehouse.rows("SELECT body FROM core.messages WHERE body IS NOT NULL")
    written = [row["body"] for row in rows if isinstance(row, dict) and isinstance(row.get("body"), str)]
    assert not set(written) - {body for (body,) in bodies}


def test_payloads_without_messages_keep_their_rows(warehouse: Warehouse) -> None:
    row = page(DAY, [], kept=[0])
    for payload in ("{}", '{"messages": null}', json.dumps({"messages": "x"})):
        warehouse.run({DAY: [{**row, "payload": payload}]})
        assert warehouse.rows("SELECT day FROM core.messages") == [(date(2026, 3, 1),)]


def test_a_message_under_two_days_is_found_whichever_day_is_stored_last(warehouse: Warehouse, project: Project) -> None:
    """As after a change of the time zone; `unique` alone looks at the days of the run."""
    later = DAY + timedelta(days=1)
    promise = next(t for t in load_singular_tests([SHIPPED], project) if t.name == "messages_are_of_one_day")
    warehouse.run({DAY: [page(DAY, [message(1)])], later: [page(later, [message(2)])]})
    for day in (DAY, later):
        assert _failing(warehouse, promise.failing_rows([day])) == 0
    warehouse.run({later: [page(later, [message(1), message(2)])]})
    for day in (DAY, later):
        assert _failing(warehouse, promise.failing_rows([day])) == 1


def _failing(warehouse: Warehouse, select: Select) -> int:
    with reading(warehouse.path) as connection:
        return len(connection.execute(select.sql, dict(select.parameters)).fetchall())

"""A page is read strictly in its envelope and generously in its rows; text that breaks loaders is replaced."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reamaze_pipeline.api.page import Page, read_page
from reamaze_pipeline.api.text import clean_json_text
from reamaze_pipeline.errors import UnexpectedAnswer

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def message(created_at: object = "2024-03-01T10:00:00.123-07:00", **fields: object) -> dict[str, Any]:
    return {
        "body": "Hello",
        "visibility": 0,
        "origin": 1,
        "created_at": created_at,
        "user": {"name": "HAL", "email": "hal@example.com", "staff?": True},
        "conversation": {"slug": "do-you-read-me"},
        **fields,
    }


def envelope(*rows: object, **fields: object) -> dict[str, Any]:
    return {"page_size": 30, "page_count": 1, "total_count": len(rows), "messages": list(rows), **fields}


def read(document: object, number: int = 1) -> Page:
    return read_page(json.dumps(document).encode(), audience="all", number=number, fetched_at=NOW)


def test_a_row_is_told_by_instant_flag_and_identity() -> None:
    (row,) = read(envelope(message())).rows
    assert row.created_at == datetime(2024, 3, 1, 17, 0, 0, 123_000, tzinfo=UTC)
    assert (row.index, row.is_staff) == (0, True)


def test_identity_does_not_change_with_what_may_change() -> None:
    plain = read(envelope(message())).rows[0]
    same_instant = message("2024-03-01T11:00:00.123-06:00")
    renamed = message(user={"name": "Hal 9000", "email": "hal@example.com"}, recipients=[])
    assert {read(envelope(m)).rows[0].identity for m in (same_instant, renamed)} == {plain.identity}
    others = [message(body="Bye"), message(origin_id="7"), message(visibility=1), message(user=None)]
    assert plain.identity not in {read(envelope(m)).rows[0].identity for m in others}


@pytest.mark.parametrize(
    "row",
    [
        message(created_at=None), message(created_at="yesterday"), message(created_at=17),
        message(created_at="0001-01-01T00:00:00+23:00"), message(user=None), message(user="HAL"),
        message(conversation=None), message(user={"staff?": "yes"}), {}, None, 7, "text", [], [[]],
    ],
)  # fmt: skip
def test_whatever_is_odd_about_a_message_it_stays_a_row(row: object) -> None:
    page = read(envelope(message(), row, message()))
    assert [r.index for r in page.rows] == [0, 1, 2]


def test_an_undated_row_has_no_instant_and_does_not_break_the_order() -> None:
    page = read(envelope(message("2024-03-02"), message(None), message("2024-03-01T00:00:00Z")))
    assert [r.created_at is None for r in page.rows] == [False, True, False]
    assert page.newest == datetime(2024, 3, 2, tzinfo=UTC)
    assert page.oldest == datetime(2024, 3, 1, tzinfo=UTC)


def broken(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    document = envelope(message(), message())
    change(document)
    return document


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (broken(lambda d: d.pop("page_size")), "page_size"),
        (broken(lambda d: d.update(page_size="30")), "page_size"),
        (broken(lambda d: d.update(page_size=0, page_count=0)), "page_size"),
        (broken(lambda d: d.update(page_size=True)), "page_size"),
        (broken(lambda d: d.update(total_count=-1)), "total_count"),
        (broken(lambda d: d.update(total_count=3)), "3 rows are promised"),
        (broken(lambda d: d.update(page_count=2)), "page_count"),
        (broken(lambda d: d.update(messages=None)), "messages"),
        (broken(lambda d: d["messages"].append(message())), "2 rows are promised"),
        (broken(lambda d: d["messages"][1].update(created_at="2025-01-01T00:00:00Z")), "newest first"),
        ({"error": "no\nsuch   thing"}, "no such thing"),
        ({"errors": {"filter": ["is wrong"]}}, "filter is wrong"),
        ([], "not a JSON object"),
    ],
)
def test_a_broken_promise_is_told_in_one_line(document: object, said: str) -> None:
    with pytest.raises(UnexpectedAnswer, match=said) as caught:
        read(document)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("body", [b"", b"<html>", b"NaN", b'{"page_size": NaN}', b"[" * 100_000])
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(UnexpectedAnswer, match="not JSON"):
        read_page(body, audience="all", number=1, fetched_at=NOW)


def test_pages_behind_the_end_and_an_empty_list_are_empty() -> None:
    behind = read(envelope(page_size=2, page_count=1, total_count=2), number=5)
    assert behind.rows == ()
    assert behind.is_last
    assert [read(envelope(page_count=count)).rows for count in (0, 1)] == [(), ()]


def test_the_documented_example_is_abbreviated_and_so_refused() -> None:
    example = next(
        path
        for path in (resources.files("reamaze_pipeline.sandbox") / "examples").iterdir()
        if path.name.endswith(".json")
    )
    with pytest.raises(UnexpectedAnswer, match="10 rows are promised"):
        read(json.loads(example.read_text()))


def test_the_repr_shows_no_message() -> None:
    assert "Hello" not in repr(read(envelope(message())))


@pytest.mark.parametrize(
    ("body", "text", "count"),
    [
        (rb'"\ud83d\ude00"', r'"\ud83d\ude00"', 0),
        (rb'"\ud83d"', r'"\ufffd"', 1),
        (rb'"\ude00\ud83d"', r'"\ufffd\ufffd"', 2),
        (rb'"\ud83d\ud83d\ude00"', r'"\ufffd\ud83d\ude00"', 1),
        (rb'"\\ud83d"', r'"\\ud83d"', 0),
        (rb'"\\\ud83d"', r'"\\\ufffd"', 1),
        (rb'"a\u0000b"', r'"a\ufffdb"', 1),
        (rb'"\\u0000"', r'"\\u0000"', 0),
        (b'"\x00"', '"\ufffd"', 1),
        (b'"\xff"', '"\ufffd"', 1),
        ('"\ufffd😀"'.encode(), '"\ufffd😀"', 0),
        (b"\xef\xbb\xbf1", "1", 0),
    ],
)
def test_only_what_breaks_loaders_is_replaced(body: bytes, text: str, count: int) -> None:
    assert clean_json_text(body) == (text, count)


@given(st.text(st.characters(), max_size=30), st.booleans())
def test_cleaned_text_is_json_with_valid_unicode_and_else_the_same(said: str, ascii_only: bool) -> None:
    body = json.dumps({"body": said}, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    text, replaced = clean_json_text(body)
    read_back = json.loads(text)["body"]
    read_back.encode()
    assert "\x00" not in read_back
    if replaced == 0:
        assert read_back == said


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists, max_leaves=5))
def test_a_message_of_any_shape_is_a_row(row: object) -> None:
    assert len(read(envelope(row)).rows) == 1

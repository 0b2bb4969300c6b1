"""One look at the API: never more than two requests, and nothing told that the answers do not tell."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reamaze_pipeline.api.client import ReamazeClient
from reamaze_pipeline.crawl.crawl import look
from reamaze_pipeline.sandbox import Sandbox, SandboxOptions
from tests.crawl.histories import Message, MovingList, at, newest_first

END = datetime(2026, 3, 12, tzinfo=UTC)


@given(
    minutes=st.lists(st.integers(0, 40), min_size=1, max_size=40),
    size=st.integers(1, 9),
    honoured=st.booleans(),
    inclusive=st.booleans(),
    flag=st.booleans(),
)
def test_what_one_look_tells_is_true(
    minutes: list[int], size: int, honoured: bool, inclusive: bool, flag: bool
) -> None:
    messages = newest_first(Message(n, at(minute), str(n)) for n, minute in enumerate(minutes))
    source = MovingList(messages, size, dates_honoured=honoured, staff_flag=flag, end_inclusive=inclusive)
    seen = look(source)
    assert len(source.asked) == 2
    assert (seen.total_count, seen.newest) == (len(messages), messages[0].created_at)
    assert (seen.dates_honoured, seen.staff_flag) == (honoured, flag)
    assert seen.oldest in {messages[-1].created_at, None}
    last_page = messages[(len(messages) - 1) // size * size :]
    crowd = sum(m.created_at == messages[0].created_at for m in messages)
    if not honoured or len(messages) <= size or crowd < len(last_page):
        assert seen.oldest is not None


@pytest.mark.parametrize("dates", [False, True])
@pytest.mark.parametrize("flag", [False, True])
@pytest.mark.parametrize("messages", [1, 30, 500, 511])
def test_over_http(dates: bool, flag: bool, messages: int) -> None:
    options = SandboxOptions(messages=messages, days=40, end=END, dates_honoured=dates, staff_flag=flag)
    with Sandbox(options) as sandbox, ReamazeClient(sandbox.url, sandbox.email, sandbox.token) as client:
        seen = look(client)
        rows = list(sandbox.truth())
    assert (seen.total_count, seen.dates_honoured, seen.staff_flag) == (messages, dates, flag)
    assert (seen.newest, seen.oldest) == (
        rows[0].created_at,
        None if dates and messages == 511 else rows[-1].created_at,
    )
    assert client.traffic.requests == 2


def test_an_empty_brand_is_told_by_one_request() -> None:
    source = MovingList([])
    assert look(source).newest is None
    assert len(source.asked) == 1


def test_rows_without_a_date_leave_the_instants_open() -> None:
    source = MovingList([Message(n, at(n), "", dated=False) for n in range(7, 0, -1)])
    seen = look(source)
    assert (seen.total_count, seen.oldest, seen.newest, seen.dates_honoured) == (7, None, None, None)
    assert len(source.asked) <= 2

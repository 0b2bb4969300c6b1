"""Lists that no movement explains: refused after the same bounded patience at any concurrency, with what was seen.

Over real HTTP, from a server that lets each answer be changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reamaze_pipeline.api.client import ReamazeClient, RetryPolicy
from reamaze_pipeline.crawl.crawl import Window, crawl
from reamaze_pipeline.crawl.reading import parts, sweep
from reamaze_pipeline.errors import ReamazeError, UnexpectedAnswer, WindowNotProven
from reamaze_pipeline.sandbox import Sandbox, SandboxOptions

NEWEST = datetime(2026, 3, 1, tzinfo=UTC)
QUICK = RetryPolicy(first_wait=0.001, longest_wait=0.005)
PAGES = 8
PATIENCE = 15
"""In place of the real one, which takes a second or two to run out."""


def rows(count: int = 30 * PAGES) -> list[dict[str, Any]]:
    """One message an hour, newest first."""
    return [
        {
            "body": f"message {n}",
            "created_at": (NEWEST - n * timedelta(hours=1)).isoformat(),
            "user": {"name": "A", "email": "a@example.com", "staff?": n % 2 == 0},
            "conversation": {"slug": f"c{n}"},
            "origin": 1,
            "visibility": 0,
        }
        for n in range(count)
    ]


WHOLE = Window("whole", NEWEST - timedelta(hours=30 * PAGES), NEWEST + timedelta(hours=1))
OLD = Window("old", NEWEST - timedelta(hours=150), NEWEST - timedelta(hours=100))


@pytest.fixture(autouse=True)
def _soon_out_of_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sweep.PATIENCE > PATIENCE
    monkeypatch.setattr(sweep, "PATIENCE", PATIENCE)


@pytest.fixture(params=[1, 4, 8], ids=lambda n: f"{n} at once")
def concurrency(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(params=[False, True], ids=["dates ignored", "dates honoured"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(dates_honoured=request.param), rows=rows()) as serving:
        yield serving


def refused(
    sandbox: Sandbox, concurrency: int, window: Window, kind: type[ReamazeError] = WindowNotProven
) -> tuple[str, int]:
    """What the crawl said, and how often it had asked."""
    with (
        ReamazeClient(sandbox.url, sandbox.email, sandbox.token, retry=QUICK) as client,
        pytest.raises(kind) as caught,
    ):
        list(crawl(client, [window], concurrency=concurrency))
    return str(caught.value), len(sandbox.requests)


def swapped(at: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Row `at` and its newer neighbour change places in the list, where they are on two pages."""
    older, newer = rows()[at], rows()[at - 1]

    def tamper(document: dict[str, Any]) -> dict[str, Any]:
        bodies = {newer["body"]: older, older["body"]: newer}
        return {
            **document,
            "messages": [row | bodies.get(row["body"], row) for row in document["messages"]],
        }

    return tamper


@pytest.mark.parametrize("place", [30, 60, 210])
def test_two_rows_out_of_order_between_pages(sandbox: Sandbox, concurrency: int, place: int) -> None:
    sandbox.faults.tamper = swapped(place)
    said, asked = refused(sandbox, concurrency, WHOLE)
    page = place // 30
    assert f"page {page + 1} begins at" in said
    assert f"page {page} ends at" in said
    assert "not sorted newest first" in said
    assert asked <= PATIENCE + 2 * PAGES + 10 * concurrency


def first_page_always(document: dict[str, Any]) -> dict[str, Any]:
    """A cache that ignores `page`; it serves whole pages only."""
    return {**document, "messages": rows()[: len(document["messages"])]}


def test_every_page_is_the_first(concurrency: int) -> None:
    with Sandbox(SandboxOptions(), rows=rows()) as sandbox:
        sandbox.faults.tamper = first_page_always
        said, asked = refused(sandbox, concurrency, WHOLE)
    assert "hold the same rows" in said
    assert "ignores the page number" in said
    assert asked <= PATIENCE + 2 * PAGES + 10 * concurrency


def test_a_day_behind_the_first_page_is_not_found_empty(concurrency: int) -> None:
    with Sandbox(SandboxOptions(), rows=rows()) as sandbox:
        sandbox.faults.tamper = first_page_always
        said, asked = refused(sandbox, concurrency, OLD)
    assert "hold the same rows" in said
    assert asked <= PATIENCE + 2 * PAGES + 10 * concurrency


def test_a_list_without_end_is_not_read(sandbox: Sandbox, concurrency: int) -> None:
    """Sorted within and across pages, and without a last page."""

    def tamper(document: dict[str, Any]) -> dict[str, Any]:
        nonlocal asked
        asked += 1
        number = int(sandbox.requests[-1].query["page"])
        made = [
            {**rows(1)[0], "created_at": (NEWEST - (30 * number + n) * timedelta(microseconds=1)).isoformat()}
            for n in range(30)
        ]
        return {"page_size": 30, "page_count": 10**12, "total_count": 30 * 10**12, "messages": made}

    asked = 0
    sandbox.faults.tamper = tamper
    said, _ = refused(sandbox, 1, WHOLE, UnexpectedAnswer)
    assert "claims 30,000,000,000,000 messages" in said
    assert asked == 1


def test_a_window_has_a_most(sandbox: Sandbox, concurrency: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "MOST_PAGES", 3)
    said, asked = refused(sandbox, concurrency, WHOLE)
    assert "window whole: " in said
    assert "where 3 are read for one window at most" in said
    assert asked <= 4 + 4 * concurrency

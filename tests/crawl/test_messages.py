"""Any list of messages, one by one, over real HTTP: all, a conversation's, a sender's, a side's; at rest and moving."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reamaze_pipeline.api.message_list import MessageList
from reamaze_pipeline.crawl.crawl import Window, crawl
from reamaze_pipeline.crawl.messages import BrandClient, ListedMessage
from reamaze_pipeline.errors import ListMisnamed, ListNotFound, ParameterIgnored
from reamaze_pipeline.sandbox import Drift, Sandbox, SandboxOptions, Truth

END = datetime(2026, 3, 12, tzinfo=UTC)
REVISIONS = [(dates, flag) for dates in (False, True) for flag in (False, True)]
ODD = "a/b?c#d%20e é$.&=+"


@pytest.fixture(params=REVISIONS, ids=lambda r: f"dates {r[0]}, flag {r[1]}")
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    dates, flag = request.param
    options = SandboxOptions(messages=900, days=30, end=END, dates_honoured=dates, staff_flag=flag, seed=3)
    with Sandbox(options) as serving:
        yield serving


def client(sandbox: Sandbox) -> BrandClient:
    return BrandClient(sandbox.url, sandbox.email, sandbox.token)


def told(messages: list[ListedMessage]) -> list[tuple[Any, ...]]:
    return [(message.created_at, message.conversation_slug, message.sender_email) for message in messages]


def truth(sandbox: Sandbox, wanted: Callable[[Truth], bool] = lambda _: True) -> list[tuple[Any, ...]]:
    rows = [row for row in sandbox.truth() if wanted(row)]
    return [(row.created_at, row.message["conversation"]["slug"], sender(row)) for row in rows]


def sender(row: Truth) -> str | None:
    return (row.message.get("user") or {}).get("email")


def busiest(sandbox: Sandbox, name: Callable[[Truth], str | None]) -> str:
    names = [found for row in sandbox.truth() if (found := name(row))]
    return max(sorted(set(names)), key=names.count)


def test_all_messages_and_those_between_two_instants(sandbox: Sandbox) -> None:
    start, end = END - timedelta(days=9, hours=5), END - timedelta(days=3)
    with client(sandbox) as api:
        assert told(list(api.messages())) == truth(sandbox)
        between = truth(sandbox, lambda row: start <= row.created_at < end)
        assert told(list(api.messages(start=start, end=end))) == between
        assert told(list(api.messages(end=start))) == truth(sandbox, lambda row: row.created_at < start)


def test_a_conversation_a_sender_and_the_sides(sandbox: Sandbox) -> None:
    slug = busiest(sandbox, lambda row: row.message["conversation"]["slug"])
    email = busiest(sandbox, sender)
    with client(sandbox) as api:
        found = list(api.messages(conversation=slug))
        assert told(found) == truth(sandbox, lambda row: row.message["conversation"]["slug"] == slug)
        assert {message.conversation_slug for message in found} == {slug}
        found = list(api.messages(sent_by=email.upper(), start=END - timedelta(days=20)))
        assert told(found) == truth(
            sandbox, lambda row: sender(row) == email and row.created_at >= END - timedelta(days=20)
        )
        found = list(api.messages(audience="staff"))
        assert told(found) == truth(sandbox, lambda row: row.is_staff)
        assert all(message.is_staff for message in found)


def test_one_page_at_a_time(sandbox: Sandbox) -> None:
    with client(sandbox) as api:
        stream = api.messages()
        assert len(list(itertools.islice(stream, 40))) == 40
        stream.close()  # type: ignore[attr-defined]
        assert len(sandbox.requests) < 20


def test_newer_parameters_are_heeded_or_it_is_said_that_they_are_not(sandbox: Sandbox) -> None:
    category = busiest(sandbox, lambda row: (row.message["conversation"].get("category") or {}).get("slug"))
    wanted: dict[str, Any]
    with client(sandbox) as api:
        for wanted in ({"origin": 1}, {"category": category}, {"tag": "vip"}):
            if sandbox.options.dates_honoured:
                assert 0 <= len(list(api.messages(**wanted))) < 900
            else:
                with pytest.raises(ParameterIgnored, match=f"ignored `{next(iter(wanted))}`"):
                    list(api.messages(**wanted))


def test_nobody_and_nothing(sandbox: Sandbox) -> None:
    with client(sandbox) as api:
        assert list(api.messages(sent_by="nobody@nowhere.example")) == []
        with pytest.raises(ListNotFound, match="no conversation with this slug"):
            list(api.messages(conversation="no-such-thing"))


def test_sent_by_that_is_ignored_is_noticed(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MessageList, "parameters", lambda self: {})
    with client(sandbox) as api, pytest.raises(ParameterIgnored, match="`sent_by`"):
        list(api.messages(sent_by=busiest(sandbox, sender)))


@pytest.mark.parametrize("given", [{"conversation": ""}, {"conversation": ".."}, {"sent_by": " "}])
def test_what_is_no_name_is_refused(given: dict[str, str]) -> None:
    with BrandClient("http://127.0.0.1:9", "a", "b") as api, pytest.raises(ListMisnamed):
        api.messages(**given)  # type: ignore[arg-type]
    with BrandClient("http://127.0.0.1:9", "a", "b") as api, pytest.raises(ValueError, match="time zone"):
        api.messages(start=datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize("slug", [ODD, "x" * 300, "…", "-", "a.b", "%2F", "...", "日本"])
def test_slugs_and_emails_with_any_character(slug: str) -> None:
    rows = [
        {"created_at": "2026-01-02T00:00:00Z", "body": "this", "user": {"email": f"{ODD}@x.example"},
         "conversation": {"slug": slug}},
        {"created_at": "2026-01-01T00:00:00Z", "body": "other", "user": None, "conversation": {"slug": "other"}},
    ]  # fmt: skip
    with Sandbox(SandboxOptions(), rows=rows) as sandbox, client(sandbox) as api:
        assert [message.body for message in api.messages(conversation=slug)] == ["this"]
        assert [message.body for message in api.messages(sent_by=f"{ODD}@x.example")] == ["this"]


def test_exact_while_the_list_moves(sandbox: Sandbox) -> None:
    before = truth(sandbox, lambda row: row.is_staff)
    sandbox.faults.drift = Drift(insert_front=0.3, delete_row=0.1, seed=5)
    with client(sandbox) as api:
        found = told(list(api.messages(audience="staff")))
    lasting = set(truth(sandbox, lambda row: row.is_staff)) & set(before)
    assert len(found) == len(set(found))
    assert lasting <= set(found)


def test_days_of_one_conversation_are_crawled_like_any(sandbox: Sandbox) -> None:
    slug = busiest(sandbox, lambda row: row.message["conversation"]["slug"])
    windows = [Window(str(n), END - timedelta(days=n + 1), END - timedelta(days=n)) for n in range(30)]
    with client(sandbox) as api:
        found = {c.window.key: c.message_count for c in crawl(api, windows, of=MessageList(conversation=slug))}
    rows = [row for row in sandbox.truth() if row.message["conversation"]["slug"] == slug]
    assert sum(found.values()) == len([row for row in rows if row.created_at >= END - timedelta(days=30)])
    for window in windows:
        assert found[window.key] == sum(window.start <= row.created_at < window.end for row in rows)

"""Rows that move: hand-made lists, inserts, deletions, drift, and answers that are one moment each."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from reamaze_pipeline.sandbox import Drift, History, SandboxOptions

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)


def row(body: str, hours: float = 0, **more: Any) -> dict[str, Any]:
    return {"body": body, "created_at": (NOON + timedelta(hours=hours)).isoformat(), **more}


def bodies(caller: Any) -> list[str]:
    return [message["body"] for message in caller.rows()]


def test_hand_made_rows_are_sorted_and_ties_keep_their_order(serve: Callable[..., Any]) -> None:
    caller = serve([row("b"), row("a", 1), row("c"), row("d"), row("e", -1)])
    assert bodies(caller) == ["a", "b", "c", "d", "e"]


def test_hand_made_rows_are_served_as_given(serve: Callable[..., Any]) -> None:
    given = {
        "body": "x\ud83d\x00",
        "created_at": "2026-03-05T12:00:00.123456+05:30",
        "user": {"name": None, "email": "A@example.com", "staff?": True},
        "more": [1, {"a": None}],
        "conversation": {"slug": "s"},
    }
    assert serve([given]).rows() == [given]
    assert serve([given], staff_flag=False).rows() == [given | {"user": {"name": None, "email": "A@example.com"}}]


def test_hand_made_rows_say_who_is_staff(serve: Callable[..., Any]) -> None:
    user = {"name": "A", "email": "a@example.com"}
    rows = [row("a", _staff=True, user=user), row("b", user=user), row("c", _staff=True, _flag=False, user=user)]
    caller = serve(rows)
    assert [message["user"].get("staff?") for message in caller.rows()] == [True, False, None]
    assert [truth.is_staff for truth in caller.sandbox.truth()] == [True, False, True]
    assert [message["body"] for message in caller.rows(filter="staff")] == ["a", "c"]
    assert len(caller.rows(sent_by="a@example.com")) == 3
    assert not any("_staff" in message or "_flag" in message for message in caller.rows())


def test_an_undated_row_stays_below_the_one_before_it(serve: Callable[..., Any]) -> None:
    caller = serve([row("a", 2), {"body": "b", "created_at": None}, {"body": "c"}, row("d", 1)])
    assert bodies(caller) == ["a", "b", "c", "d"]


def test_an_insert_goes_where_its_instant_belongs(serve: Callable[..., Any]) -> None:
    caller = serve([row("a", 1), row("b"), row("c", -1)])
    history = caller.sandbox.history
    history.insert(row("front", 2))
    history.insert(row("late", -0.5))
    history.insert(row("tie", 0))
    history.insert({"body": "undated"}, at=NOON - timedelta(hours=9))
    assert bodies(caller) == ["front", "a", "tie", "b", "late", "c", "undated"]
    with pytest.raises(ValueError, match="created_at"):
        history.insert({"body": "nowhere"})


def test_deletions_take_a_row_or_a_conversation(serve: Callable[..., Any]) -> None:
    rows = [
        row(name, -n, conversation={"slug": slug}) for n, (name, slug) in enumerate(zip("abcde", "xyxyz", strict=True))
    ]
    caller = serve(rows)
    history = caller.sandbox.history
    assert history.delete_conversation("x") == 2
    assert caller.get("/conversations/x/messages").status_code == 404
    history.delete(0)
    history.delete(-1)
    assert bodies(caller) == ["d"]
    with pytest.raises(IndexError):
        history.delete(1)
    assert history.delete_rows([truth.row for truth in caller.sandbox.truth()]) == 1
    assert caller.page()["total_count"] == 0
    assert history.delete_random_row() is None
    assert history.delete_random_conversation() == 0
    history.insert_late()
    assert caller.page()["total_count"] == 1


def test_generated_inserts_are_served_like_other_rows(serve: Callable[..., Any]) -> None:
    caller = serve(messages=50)
    before = caller.rows()
    history = caller.sandbox.history
    front, tie = history.insert_front(), history.insert_front(after_seconds=0)
    late = history.insert_late(NOON)
    rows, truths = caller.rows(), list(caller.sandbox.truth())
    assert [truth.row for truth in truths[:2]] == [tie, front]
    assert truths[0].created_at == truths[1].created_at
    assert next(truth for truth in truths if truth.row == late).created_at == NOON
    assert [message for message in rows if message in before] == before
    assert len(rows) == 53
    slug = rows[0]["conversation"]["slug"]
    assert rows[0] in caller.rows(f"/conversations/{slug}/messages")


def test_an_insert_may_join_a_generated_conversation(serve: Callable[..., Any]) -> None:
    caller = serve(messages=50)
    known = caller.rows()[-1]["conversation"]["slug"]
    before = caller.page(f"/conversations/{known}/messages")["total_count"]
    caller.sandbox.history.insert(row("one more", conversation={"slug": known}))
    assert caller.page(f"/conversations/{known}/messages")["total_count"] == before + 1


def test_a_script_moves_rows_between_requests(serve: Callable[..., Any]) -> None:
    caller = serve(messages=100)
    first = caller.page()
    caller.sandbox.reset_requests()
    ordinals = []

    def script(ordinal: int, history: History) -> None:
        ordinals.append(ordinal)
        if ordinal == 2:
            history.insert_front()
        if ordinal == 3:
            history.delete(0)
            history.delete(0)

    caller.sandbox.faults.drift = script
    assert caller.page() == first
    pushed = caller.page()
    assert (pushed["total_count"], pushed["messages"][1:]) == (101, first["messages"][:29])
    pulled = caller.page()
    assert (pulled["total_count"], pulled["messages"][:29]) == (99, first["messages"][1:])
    assert ordinals == [1, 2, 3]


def test_seeded_drift_repeats_itself(serve: Callable[..., Any]) -> None:
    def drifted() -> list[dict[str, Any]]:
        caller = serve(messages=200)
        caller.sandbox.faults.drift = Drift(
            insert_front=0.5, insert_late=0.3, delete_row=0.3, delete_conversation=0.1, seed=3
        )
        return [caller.page(page=page) for page in range(1, 8) for _ in range(5)]

    first = drifted()
    assert first == drifted()
    assert len({envelope["total_count"] for envelope in first}) > 5


@pytest.mark.parametrize(
    ("chance", "grows"), [("insert_front", 1), ("insert_late", 1), ("delete_row", -1), ("delete_conversation", -1)]
)
def test_each_chance_moves_rows_its_way(serve: Callable[..., Any], chance: str, grows: int) -> None:
    caller = serve(messages=100)
    newest = caller.sandbox.history.newest()
    caller.sandbox.faults.drift = Drift(**{chance: 1.0})
    totals = [caller.page()["total_count"] for _ in range(3)]
    assert all((after - before) * grows >= 1 for before, after in zip([100, *totals], totals, strict=False))
    assert (caller.sandbox.history.newest() > newest) is (chance == "insert_front")


def test_answers_are_one_moment_each_while_threads_move_rows(
    options: Callable[..., SandboxOptions], serve: Callable[..., Any]
) -> None:
    caller = serve(messages=60, page_size=1000)
    history = caller.sandbox.history
    stop = threading.Event()

    def move() -> None:
        while not stop.is_set():
            history.insert_front()
            history.delete_random_row()
            history.insert_late()
            history.delete(-1)

    threads = [threading.Thread(target=move) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(30):
            envelope = caller.page()
            assert len(envelope["messages"]) == envelope["total_count"]
            instants = [datetime.fromisoformat(message["created_at"]) for message in envelope["messages"]]
            assert instants == sorted(instants, reverse=True)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert len(history) == 60


def test_many_requests_at_once_are_all_answered_and_counted(serve: Callable[..., Any]) -> None:
    caller = serve(messages=300)
    caller.sandbox.faults.drift = Drift(insert_front=0.5)
    answers: list[int] = []

    def ask() -> None:
        with requests.Session() as session:
            session.trust_env = False
            url, auth = caller.sandbox.url + "/messages", caller.session.auth
            answers.extend([session.get(url, auth=auth, timeout=10).status_code for _ in range(20)])

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 80
    assert [seen.ordinal for seen in caller.sandbox.requests] == list(range(1, 81))

"""The live list against a plain one: whatever is inserted, deleted and asked for, both say the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from reamaze_pipeline.sandbox import History, SandboxOptions
from reamaze_pipeline.sandbox.options import microseconds
from reamaze_pipeline.sandbox.views import ViewKey

START = datetime(2026, 3, 8, 8, 59, 58, tzinfo=UTC)  # a second before the brand's clocks go forward
Step = tuple[str, int, int]
seconds = st.integers(0, 6)
steps = st.lists(
    st.tuples(st.sampled_from(["insert", "delete", "conversation"]), seconds, st.integers(0, 3)), max_size=25
)


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


def played(script: list[Step]) -> tuple[History, list[tuple[int, int, int]]]:
    """The same steps on the history and on a list of (second, conversation, body), newest first."""
    history = History(SandboxOptions(messages=0, dates_honoured=True), rows=[])
    plain: list[tuple[int, int, int]] = []
    for body, (kind, second, conversation) in enumerate(script):
        if kind == "insert":
            history.insert(
                {"body": body, "created_at": at(second), "conversation": {"slug": f"s{conversation}"}}
                | {"user": {"email": f"{conversation % 2}@example.com", "staff?": conversation % 2 == 1}}
            )
            place = next((n for n, row in enumerate(plain) if row[0] <= second), len(plain))
            plain.insert(place, (second, conversation, body))
        elif kind == "delete" and plain:
            history.delete(second % len(plain))
            del plain[second % len(plain)]
        elif kind == "conversation":
            gone = history.delete_conversation(f"s{conversation}")
            assert gone == sum(row[1] == conversation for row in plain)
            plain = [row for row in plain if row[1] != conversation]
    return history, plain


@given(steps, st.sampled_from(["all", "staff", "customer"]), st.integers(0, 3))
def test_views_are_what_a_plain_list_says(script: list[Step], audience: str, conversation: int) -> None:
    history, plain = played(script)
    staff = {"all": (0, 1), "staff": (1,), "customer": (0,)}[audience]

    def bodies(key: ViewKey) -> list[int]:
        return [history.message(row)["body"] for row in history.view(key).rows.tolist()]

    assert bodies(ViewKey(audience)) == [body for _, of, body in plain if of % 2 in staff]
    slug = f"s{conversation}"
    assert bodies(ViewKey(audience, slug)) == [b for _, of, b in plain if of == conversation and of % 2 in staff]
    assert bodies(ViewKey(sent_by="1@example.com")) == [body for _, of, body in plain if of % 2 == 1]
    assert [t.message["body"] for t in history.truth()] == [body for _, _, body in plain]
    assert [t.is_staff for t in history.truth()] == [of % 2 == 1 for _, of, _ in plain]


@given(steps, seconds, seconds, st.booleans(), st.booleans())
def test_dates_cut_as_a_plain_list_does(script: list[Step], start: int, end: int, start_in: bool, end_in: bool) -> None:
    history, plain = played(script)
    cut = history.view(ViewKey()).between(
        microseconds(at(start)), microseconds(at(end)), start_inclusive=start_in, end_inclusive=end_in
    )
    expected = [
        body
        for second, _, body in plain
        if (start < second or (start_in and start == second)) and (second < end or (end_in and second == end))
    ]
    assert [history.message(row)["body"] for row in cut.rows.tolist()] == expected


@given(st.integers(0, 2**70), st.integers(0, 400), st.integers(1, 60))
def test_any_seed_size_and_length_give_a_history(seed: int, size: int, days: int) -> None:
    end = datetime(2026, 4, 1, 5, 30, tzinfo=UTC)
    history = History(SandboxOptions(messages=size, seed=seed, days=days, end=end))
    truths = list(history.truth())
    assert len(truths) == size
    assert all(end - timedelta(days=days) <= truth.created_at < end for truth in truths)
    for audience in ("staff", "customer"):
        wanted = [truth.row for truth in truths if truth.is_staff == (audience == "staff")]
        assert history.view(ViewKey(audience)).rows.tolist() == wanted

"""Which rows a request gets: `filter`, `sent_by`, dates and the other parameters of the newer revision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

NOON = "2026-03-05T12:00:00.000-07:00"


def created(row: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(row["created_at"])


def test_filters_split_the_list_in_two(lived_in: Any) -> None:
    truths = list(lived_in.sandbox.truth())
    assert lived_in.rows(filter="staff") == [truth.message for truth in truths if truth.is_staff]
    assert lived_in.rows(filter="customer") == [truth.message for truth in truths if not truth.is_staff]


def test_rows_without_a_user_are_the_customers_or_nobodys(serve: Callable[..., Any]) -> None:
    rows = [{"created_at": NOON, "user": None}, {"created_at": NOON}, {"created_at": NOON, "user": {"name": "A"}}]
    with_customers = serve(rows)
    assert with_customers.page(filter="customer")["total_count"] == 3
    nowhere = serve(rows, null_user_view="none")
    assert nowhere.page(filter="customer")["total_count"] == 1
    assert nowhere.page(filter="staff")["total_count"] == 0
    assert nowhere.page()["total_count"] == 3


def test_generated_rows_without_a_user_follow_the_same_switch(serve: Callable[..., Any]) -> None:
    caller = serve(messages=1000, null_user_view="none")
    rows = caller.rows()
    nobody = sum(row.get("user") is None for row in rows)
    counts = [caller.page(filter=name)["total_count"] for name in ("staff", "customer")]
    assert nobody > 0
    assert sum(counts) == len(rows) - nobody


def test_sent_by_is_one_persons_rows(lived_in: Any) -> None:
    rows = lived_in.rows()
    emails = Counter(row["user"]["email"] for row in rows if row.get("user") and row["user"].get("email"))
    common = [email for email, _ in emails.most_common(3)]
    rare = min(emails, key=lambda email: emails[email])
    for email in (*common, rare):
        expected = [row for row in rows if row.get("user") and row["user"].get("email") == email]
        assert lived_in.rows(sent_by=email) == expected
        assert lived_in.rows(sent_by=email.upper()) == expected
    assert lived_in.page(sent_by="nobody@example.com")["total_count"] == 0
    assert lived_in.page(sent_by=common[0], filter="customer")["total_count"] == 0


def test_dates_cut_the_list_and_the_counts(lived_in: Any) -> None:
    start, end = datetime(2026, 1, 10, tzinfo=UTC), datetime(2026, 1, 17, tzinfo=UTC)
    expected = [row for row in lived_in.rows() if start <= created(row) <= end]
    assert 30 < len(expected) < 300
    for asked in (
        {"start_date": start.isoformat(), "end_date": end.isoformat()},
        {"start_date": "2026-01-10", "end_date": "2026-01-17T00:00:00Z"},
        {"start_date": "2026-01-10T05:30:00+05:30", "end_date": "2026-01-16T17:00:00-07:00"},
    ):
        assert lived_in.rows(**asked) == expected
    assert lived_in.page(start_date="2026-01-10", end_date="2026-01-17")["page_count"] == -(-len(expected) // 30)


def test_dates_and_filters_go_together(lived_in: Any) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    expected = [t.message for t in lived_in.sandbox.truth(start) if t.is_staff]
    assert lived_in.rows(start_date="2026-03-01", filter="staff") == expected


@pytest.mark.parametrize(("start_in", "end_in"), list(product([True, False], repeat=2)))
def test_each_end_of_the_dates_is_in_or_out(serve: Callable[..., Any], start_in: bool, end_in: bool) -> None:
    moments = [datetime(2026, 3, 5, tzinfo=UTC) + timedelta(hours=hours) for hours in (0, 1, 2)]
    rows = [{"body": f"{moment.hour}", "created_at": moment} for moment in moments]
    caller = serve(rows, dates_honoured=True, start_inclusive=start_in, end_inclusive=end_in)
    found = [row["body"] for row in caller.rows(start_date=moments[0].isoformat(), end_date=moments[2].isoformat())]
    assert found == ["2"] * end_in + ["1"] + ["0"] * start_in


def test_the_older_revision_ignores_the_newer_parameters_in_silence(serve: Callable[..., Any]) -> None:
    caller = serve()
    newer = {"start_date": "2026-03-31", "end_date": "nonsense", "origin": "x", "tag": "vip", "category": "orders"}
    assert caller.page(**newer, include="original_body") == caller.page()


def test_origin_category_and_tag_narrow_the_newer_revision(lived_in: Any) -> None:
    rows = lived_in.rows()
    assert lived_in.rows(origin=8) == [row for row in rows if row["origin"] == 8]
    expected = [row for row in rows if (row["conversation"].get("category") or {}).get("slug") == "orders"]
    assert lived_in.rows(category="orders") == expected
    assert 0 < lived_in.page(tag="vip")["total_count"] < 3000
    assert lived_in.page(tag="no such tag")["total_count"] == 0
    assert lived_in.page(category="no such category")["total_count"] == 0
    assert "original_body" in lived_in.page(include="original_body")["messages"][0]


@pytest.mark.parametrize(("staff_flag", "origin_id"), list(product([True, False], repeat=2)))
def test_revisions_show_the_same_rows(serve: Callable[..., Any], staff_flag: bool, origin_id: bool) -> None:
    def plain(row: dict[str, Any]) -> dict[str, Any]:
        row = {name: value for name, value in row.items() if name != "origin_id"}
        if row.get("user"):
            row["user"] = {name: value for name, value in row["user"].items() if name != "staff?"}
        return row

    caller = serve(staff_flag=staff_flag, origin_id=origin_id)
    rows = caller.rows()
    assert all(("origin_id" in row) is origin_id for row in rows)
    assert all(("staff?" in row["user"]) is staff_flag for row in rows if row.get("user"))
    assert [plain(row) for row in rows] == [plain(row) for row in serve(dates_honoured=True).rows()]


def test_the_flag_says_the_truth(lived_in: Any) -> None:
    for truth in lived_in.sandbox.truth():
        user = truth.message.get("user")
        assert truth.is_staff in (True, False)
        if user is not None:
            assert user["staff?"] is truth.is_staff
        else:
            assert truth.is_staff is False


def test_a_few_users_may_lack_the_flag(serve: Callable[..., Any]) -> None:
    users = [row["user"] for row in serve(messages=1000, unflagged_users=True).rows() if row.get("user")]
    assert 0 < sum("staff?" not in user for user in users) < 100


def test_undocumented_fields_can_be_shown(serve: Callable[..., Any]) -> None:
    row = next(
        row for row in serve(extra_fields=True).rows() if row.get("user") and row["conversation"].get("category")
    )
    assert {"meta", "direct_recipients"} <= row.keys()
    assert "mobile" in row["user"]
    assert {"followers"} <= row["conversation"].keys()
    assert "id" in row["conversation"]["category"]

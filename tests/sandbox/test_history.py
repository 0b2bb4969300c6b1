"""What the generated history is like: repeatable, exact in size, lived in, and full of what breaks loaders."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from reamaze_pipeline.sandbox import History, SandboxOptions, Truth

END = datetime(2026, 4, 1, tzinfo=UTC)
BRAND = ZoneInfo("America/Denver")
DOCUMENTED_ORIGINS = {0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 15, 16, 17, 19}
Options = Callable[..., SandboxOptions]


@pytest.fixture(scope="module")
def truths(options: Options) -> list[Truth]:
    return list(History(options(messages=3000)).truth())


def messages(truths: list[Truth]) -> list[dict[str, Any]]:
    return [truth.message for truth in truths]


def test_seed_and_size_decide_everything(options: Options) -> None:
    first, again = (messages(list(History(options()).truth())) for _ in range(2))
    other = messages(list(History(options(seed=8)).truth()))
    assert first == again
    assert first != other


@pytest.mark.parametrize("size", [0, 1, 2, 3, 29, 30, 31, 199, 200, 5001])
@pytest.mark.parametrize("days", [1, 30, 400])
def test_the_size_is_exact_and_all_lies_in_the_days(options: Options, size: int, days: int) -> None:
    history = History(options(messages=size, days=days))
    assert len(history) == size
    newest, oldest = history.newest(), history.oldest()
    assert (newest is None) == (size == 0)
    if newest and oldest:
        assert END - timedelta(days=days) <= oldest <= newest < END


@pytest.mark.parametrize(
    "wrong",
    [
        {"messages": -1},
        {"messages": 1_000_001},
        {"page_size": 0},
        {"days": 0},
        {"latency_ms": -1},
        {"requests_per_minute": 0},
        {"end": datetime(2026, 1, 1)},  # noqa: DTZ001 - the missing zone is the point
        {"brand_zone": "Mars/Olympus"},
    ],
)
def test_impossible_options_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        SandboxOptions(**wrong)


def test_the_token_is_not_shown() -> None:
    assert "very-secret" not in repr(SandboxOptions(token="very-secret"))


def test_without_an_end_it_ends_at_midnight_today() -> None:
    now = datetime.now(UTC)
    assert SandboxOptions().end_instant() in {
        instant.replace(hour=0, minute=0, second=0, microsecond=0) for instant in (now, datetime.now(UTC))
    }


def test_newest_come_first(truths: list[Truth]) -> None:
    assert all(newer.created_at >= older.created_at for newer, older in pairwise(truths))


def test_created_at_is_the_instant_in_the_brands_offset(truths: list[Truth]) -> None:
    offsets = set()
    for truth in truths:
        text = truth.message["created_at"]
        assert datetime.fromisoformat(text) == truth.created_at
        assert text == truth.created_at.astimezone(BRAND).isoformat(timespec="milliseconds")
        offsets.add(text[-6:])
    assert offsets == {"-06:00", "-07:00"}


def test_conversations_are_of_1_to_20_messages_over_hours_and_days(truths: list[Truth]) -> None:
    by_slug = defaultdict(list)
    for truth in truths:
        by_slug[truth.message["conversation"]["slug"]].append(truth.created_at)
    sizes = Counter(len(instants) for instants in by_slug.values())
    assert set(sizes) <= set(range(1, 22))  # 20, and possibly a twin
    assert max(sizes) > 10
    spans = [max(instants) - min(instants) for instants in by_slug.values() if len(instants) > 3]
    assert timedelta(hours=3) < median(spans) < timedelta(days=10)
    for message in messages(truths):
        assert datetime.fromisoformat(message["conversation"]["created_at"]) < datetime.fromisoformat(
            message["created_at"]
        )


def test_the_week_and_the_day_have_a_rhythm(truths: list[Truth]) -> None:
    local = [truth.created_at.astimezone(BRAND) for truth in truths]
    weekdays = Counter(instant.weekday() for instant in local)
    assert sum(weekdays[day] for day in range(5)) / 5 > 2 * (weekdays[5] + weekdays[6]) / 2
    assert sum(8 <= instant.hour < 20 for instant in local) > 3 * sum(instant.hour < 6 for instant in local)


def test_first_responses_take_minutes_to_hours_and_longer_on_weekends(truths: list[Truth]) -> None:
    asked: dict[str, datetime] = {}
    took: dict[bool, list[timedelta]] = {True: [], False: []}
    answered: set[str] = set()
    for truth in reversed(truths):
        slug = truth.message["conversation"]["slug"]
        if truth.is_staff and slug not in answered:
            answered.add(slug)
            if slug in asked:
                took[asked[slug].astimezone(BRAND).weekday() < 5].append(truth.created_at - asked[slug])
        elif not truth.is_staff:
            asked.setdefault(slug, truth.created_at)
    assert timedelta(minutes=10) < median(took[True]) < timedelta(hours=12)
    assert median(took[True]) < median(took[False]) < timedelta(days=3)


def test_agents_and_customers_write(truths: list[Truth]) -> None:
    staff = {t.message["user"]["email"]: t.message["user"]["name"] for t in truths if t.is_staff}
    customers = {t.message["user"].get("email") for t in truths if not t.is_staff and t.message.get("user")}
    assert len(staff) == 8
    assert len(set(staff.values())) == 7  # two share a name and have two emails
    assert len(customers) > 100
    assert not staff.keys() & customers


def test_every_code_is_there_and_unknown_ones_too(truths: list[Truth]) -> None:
    origins = Counter(message["origin"] for message in messages(truths))
    assert origins.keys() > DOCUMENTED_ORIGINS
    assert {5, 23} == origins.keys() - DOCUMENTED_ORIGINS
    by_visibility = {visibility: set() for visibility in range(3)}
    for truth in truths:
        by_visibility[truth.message["visibility"]].add(truth.is_staff)
    assert by_visibility == {0: {True, False}, 1: {True}, 2: {True}}


ODDITIES: dict[str, Callable[[dict[str, Any]], bool]] = {
    "NUL": lambda m: "\x00" in (m["body"] or ""),
    "lone surrogate": lambda m: any(0xD800 <= ord(letter) < 0xE000 for letter in m["body"] or ""),
    "emoji": lambda m: "🎉" in (m["body"] or ""),
    "right to left": lambda m: "\u200f" in (m["body"] or "") or "\u202b" in (m["body"] or ""),
    "html": lambda m: (m["body"] or "").startswith("<div"),
    "entities": lambda m: "&#x27;" in (m["body"] or "") or "&amp;" in (m["body"] or ""),
    "markdown": lambda m: (m["body"] or "").startswith("**"),
    "large body": lambda m: len(m["body"] or "") > 50_000,
    "null body": lambda m: m["body"] is None,
    "empty body": lambda m: m["body"] == "",
    "null user": lambda m: m.get("user", 0) is None,
    "missing user": lambda m: "user" not in m,
    "null email": lambda m: bool(m.get("user")) and m["user"].get("email", 0) is None,
    "missing email": lambda m: bool(m.get("user")) and "email" not in m["user"],
    "null recipients": lambda m: m.get("recipients", 0) is None,
    "missing recipients": lambda m: "recipients" not in m,
    "several recipients": lambda m: len(m.get("recipients") or []) > 1,
    "null attachments": lambda m: m.get("attachments", 0) is None,
    "missing attachments": lambda m: "attachments" not in m,
    "several attachments": lambda m: len(m.get("attachments") or []) > 1,
    "null category": lambda m: m["conversation"].get("category", 0) is None,
    "missing category": lambda m: "category" not in m["conversation"],
    "number as origin_id": lambda m: isinstance(m["origin_id"], int),
    "null origin_id": lambda m: m["origin_id"] is None,
    "$ in slug": lambda m: "$" in m["conversation"]["slug"],
    ". in slug": lambda m: "." in m["conversation"]["slug"],
    "_ in slug": lambda m: "_" in m["conversation"]["slug"],
}


@pytest.mark.parametrize("oddity", ODDITIES)
def test_every_oddity_is_there_and_rare(truths: list[Truth], oddity: str) -> None:
    count = sum(ODDITIES[oddity](message) for message in messages(truths))
    assert count > 0
    assert count < len(truths) * (0.5 if oddity in ("html", "entities", "markdown") else 0.1)


@pytest.mark.parametrize("seed", range(5))
def test_what_breaks_loaders_is_in_every_demo(seed: int) -> None:
    demo = messages(list(History(SandboxOptions(messages=1000, days=30, seed=seed, end=END)).truth()))
    for oddity in ("NUL", "lone surrogate", "null user", "null body", "missing category", "null attachments"):
        assert any(ODDITIES[oddity](message) for message in demo), oddity


def test_several_share_an_instant_and_some_are_twins(truths: list[Truth]) -> None:
    instants = Counter(truth.created_at for truth in truths)
    assert max(instants.values()) >= 3
    assert sum(count > 1 for count in instants.values()) >= 5
    assert len({repr(message) for message in messages(truths)}) < len(truths)


@pytest.mark.parametrize("zone", [ZoneInfo("UTC"), BRAND])
def test_midnights_and_last_milliseconds_are_there(truths: list[Truth], zone: ZoneInfo) -> None:
    times = Counter(truth.created_at.astimezone(zone).time().isoformat() for truth in truths)
    assert times["00:00:00"] > 0
    assert times["23:59:59.999000"] > 0


@pytest.mark.parametrize("zone", [ZoneInfo("UTC"), BRAND])
@pytest.mark.parametrize("days", [30, 180])
def test_some_days_are_empty_in_either_zone(options: Options, zone: ZoneInfo, days: int) -> None:
    history = History(options(messages=20_000, days=days))
    busy = {truth.created_at.astimezone(zone).date() for truth in history.truth()}
    begin = (END - timedelta(days=days - 2)).date()
    empty = [begin + timedelta(days=n) for n in range(days - 4) if begin + timedelta(days=n) not in busy]
    assert 1 <= len(empty) <= days // 20


def test_a_million_are_served_deep(serve: Callable[..., Any]) -> None:
    caller = serve(messages=1_000_000, dates_honoured=True)
    last = caller.page(page=33_334)
    assert (last["page_count"], last["total_count"], len(last["messages"])) == (33_334, 1_000_000, 10)
    counts = [caller.page(filter=name)["total_count"] for name in ("staff", "customer")]
    assert sum(counts) == 1_000_000
    slug = last["messages"][-1]["conversation"]["slug"]
    assert caller.page(f"/conversations/{slug}/messages")["messages"]

"""Targets, channels, inboxes, customers, the pile, weeks and months; and that each leads to its conversations."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from reamaze_pipeline.errors import NarrowingRefused
from reamaze_pipeline.models.model import Project
from reamaze_pipeline.report.build import Report, build_report
from reamaze_pipeline.report.numbers.facts import Facts, read_facts
from reamaze_pipeline.report.numbers.headline import headline
from reamaze_pipeline.report.numbers.narrowing import Narrowing, narrowed
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.lake.past import reading_as_of
from tests.metrics.reference import Rules
from tests.report.conftest import BUILT_AT, Said, fill, on
from tests.report.parsed import Page
from tests.warehouse.lakes import needs_lake

LINKS = "https://acme.reamaze.com/admin/conversations/{slug}"
TARGET = {"name": "An hour", "of": "first_response", "business": False, "category": None, "origin": None}
RULES = Rules(targets=({**TARGET, "seconds": 3600.0},))
Brand = tuple[Path, Project]


def desk() -> list[Said]:
    """Week one: Ann answers sales mail in 30 minutes. Week two: Ben takes 2 hours for support chats; one waits."""
    said = []
    for day in range(14):
        sales = day < 7
        box, by, took = ("sales", "ann", "09:30") if sales else ("support", "ben", "11:00")
        slug, who = f"q/{day}", "known@x.example" if day in {3, 10} else f"c{day}@x.example"
        said.append(Said(on(day), slug, who, origin=1 if sales else 0, inbox=box))
        said.append(
            Said(on(day, took), slug, f"{by}@x.example", staff=True, origin=1 if sales else 0, begun=on(day), inbox=box)
        )
    said.append(Said(on(13, "20:00"), "late & <b>", "known@x.example", origin=0, inbox="support", subject="Still <i>?"))
    return said


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Brand:
    path = tmp_path_factory.mktemp("team") / "warehouse.duckdb"
    return path, fill(path, desk(), range(14), RULES)


@pytest.fixture(scope="module")
def second(team: Brand) -> Report:
    return build_report(
        team[0],
        first=on(7).date(),
        last=on(13).date(),
        project=team[1],
        brand="acme",
        links=LINKS,
        warnings=["core.messages: 3 rows on 2026-03-09, though promised: all is well"],
        built_at=BUILT_AT,
    )


def test_the_first_page_says_whose_it_is_and_what_to_look_at(second: Report) -> None:
    text = Page(second.html).text
    first = text[: text.index("Waiting for a reply 1 conversation was waiting")]
    for said in (
        "Support report · acme 9 – 15 March 2026",
        "1 conversation waits: 1 for less than a day.",
        "7 replies missed “An hour”: 0% kept it, 100% before.",
        "First responses take 2 h, 30 min before.",
        "1 warning",
    ):
        assert said in first, said
    assert "check failed" not in text
    assert "Warnings 1 core.messages: 3 rows on 2026-03-09, though promised: all is well" in text


def test_each_part_of_the_desk_is_told(second: Report) -> None:
    text = Page(second.html).text
    for said in (
        "An hour first responses within 1 h 0% 100% 7 7",
        "ben 0% 7 7",
        "Support 0% 7 7",
        "Chat 8 7 2 h 2 h 2 h 0%",
        "Support 8 7 2 h 2 h 2 h 0%",
        "7 customers wrote: 6 for the first time (86%), 1 known before. 2 contacts came within a week of another",
        "0 conversations waited when 9 Mar ended, 1 when 15 Mar did.",
        "9 – 15 March 2026 8 7 2 h 2 h 2 h",
        "2 – 8 March 2026 7 7 30 min 30 min 30 min",
        "1 – 31 March 2026 14 of 31 days stored 15 14 1 h 15 min 2 h 1 h 15 min",
        "First responses under 1 h 0 0% 0 0% 1 to 4 h 7 100% 7 100%",
    ):
        assert said in text, said


def test_numbers_lead_to_conversations_that_are_links_if_a_setting_says_so(second: Report, team: Brand) -> None:
    links = [link for link in Page(second.html).all("a") if not (link["href"] or "").startswith("#")]
    addresses = {link["href"] for link in links}
    assert f"{LINKS.removesuffix('{slug}')}q%2F7" in addresses
    assert f"{LINKS.removesuffix('{slug}')}late%20%26%20%3Cb%3E" in addresses
    assert {link["rel"] for link in links} == {"noopener noreferrer"}
    text = Page(second.html).text
    assert "Still <i>? known Chat Support 15 Mar 2026, 20:00 4 h" in text
    assert "The 7 slowest replies and their conversations" in text
    assert "The 7 slowest first responses and their conversations" in text
    plain = build_report(team[0], first=on(7).date(), last=on(13).date(), built_at=BUILT_AT)
    assert "http" not in re.sub(r'http-equiv="[^"]*"', "", plain.html)
    assert "known · late & <b>" in Page(plain.html).text


def test_each_row_leads_to_the_conversations_behind_it(second: Report) -> None:
    page = Page(second.html)
    leading = {link["href"] for link in page.all("a")} & {"#sender-0", "#channel-0", "#inbox-0"}
    assert leading == {"#sender-0", "#channel-0", "#inbox-0"}
    heads = "Conversation Channel Inbox Messages Slowest reply"
    for said in (
        f"ben : 7 conversations {heads} Where is my order? known Chat Support 1 2 h",
        f"Chat : 8 conversations {heads} Where is my order? known Chat Support 2 2 h",
        "Support : 8 conversations",
        "Who came again within a week, newest first",
        "Still <i>? known Chat Support 15 Mar 12 Mar",
    ):
        assert said in page.text, said


def test_no_list_is_cut_in_silence(tmp_path: Path) -> None:
    said = []
    for n in range(103):
        asked, answered = on(0, f"{n // 60:02}:{n % 60:02}"), on(0, f"{12 + n // 60}:{n % 60:02}")
        where = {"origin": 100 + n, "inbox": f"box {n:03}", "begun": asked}
        said.append(Said(asked, f"q{n}", f"c{n}@x.example", **where))
        said.append(Said(answered, f"q{n}", f"agent{n:03}@x.example", staff=True, **where))
    path = tmp_path / "w.duckdb"
    project = fill(path, said, [0], RULES)
    html = build_report(path, project=project, failed_checks=list("abcdefghijklmnopqrstu"), built_at=BUILT_AT).html
    assert len(html) < 2_000_000
    text = Page(html).text
    days = f"--from {on(0).date()} --to {on(0).date()}"
    for number, table in (
        ("And 3 more", "metrics.staff_response_counts"),
        ("And 3 more", "metrics.messages_per_origin"),
        ("And 3 more", "metrics.messages_per_category"),
        ("And 91 more", "metrics.targets_by_sender"),
        ("And 91 more", "metrics.targets_by_category"),
        ("And 78 more", "metrics.target_results"),
        ("And 78 more", "metrics.reply_turns"),
        ("And 78 more", "metrics.first_response_times"),
        ("And 53 more", "intermediate.conversation_days"),
        ("and 95 more", "metrics.messages_per_origin"),
    ):
        assert f"{number}: reamaze-pipeline export {table} {days}" in text, table
    assert "Unknown origins 206 messages:" in text
    assert "and 1 more: reamaze-pipeline status" in text


@pytest.mark.parametrize(
    ("narrowing", "received", "responses", "median", "waiting"),
    [
        (Narrowing(sender="ANN@x.example"), 7, 7, 1800, None),
        (Narrowing(category="support"), 8, 7, 7200, 1),
        (Narrowing(origin="chat"), 8, 7, 7200, 1),
        (Narrowing(origin="1", category="support"), 0, 0, None, None),
    ],
)
def test_a_report_can_be_narrowed(
    team: Brand, narrowing: Narrowing, received: int, responses: int, median: float | None, waiting: int | None
) -> None:
    path, project = team
    with reading(path) as connection, narrowed(connection, project, narrowing) as shown:
        facts = read_facts(shown, on(0).date(), on(13).date())
    assert isinstance(facts, Facts)
    told = headline(facts)
    assert (told["messages_received"], told["responses"], told.get("median_seconds")) == (received, responses, median)
    assert told["conversations_waiting"] == (waiting or 0)
    assert facts.desk.backlog
    assert facts.desk.spans


@needs_lake
def test_a_lake_is_narrowed_as_a_file_is_now_and_as_it_was(tmp_path: Path) -> None:
    lake = f"ducklake:sqlite:{tmp_path}/catalog.sqlite"
    project = fill(lake, desk(), range(2))
    for opened in (reading(lake), reading_as_of(lake, dt.datetime.now(dt.UTC))):
        with opened as connection:
            with narrowed(connection, project, Narrowing(sender="ann", origin="email")) as shown:
                facts = read_facts(shown, None, None)
            assert isinstance(facts, Facts)
            told = headline(facts)
            assert (told["messages_received"], told["responses"], told["median_seconds"]) == (2, 2, 1800)
            left = connection.execute("SELECT count(*) FROM duckdb_databases() WHERE database_name LIKE 'narrowed%'")
            assert left.fetchall() == [(0,)]


def test_the_page_says_what_it_is_narrowed_to(team: Brand) -> None:
    path, project = team
    narrowing = Narrowing(sender="ben", origin="chat")
    report = build_report(path, project=project, narrowing=narrowing, built_at=BUILT_AT)
    assert "Only ben · channel chat" in Page(report.html).text


def test_who_or_what_is_unknown_is_refused_with_what_there_is(team: Brand) -> None:
    for narrowing, known in ((Narrowing(sender="eve"), "ann@x.example"), (Narrowing(category="fax"), "Sales")):
        with pytest.raises(NarrowingRefused, match=f"no stored message; there are .*{known}"):
            build_report(team[0], project=team[1], narrowing=narrowing)


def test_what_waits_longest_does_not_hide_what_can_be_answered(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    said = [Said(on(0, f"{n // 60:02}:{n % 60:02}"), f"old{n}", f"c{n}@x.example") for n in range(60)]
    said.append(Said(on(11, "12:00"), "new", "eve@x.example", subject="Please help"))
    fill(path, said, range(12))
    text = Page(build_report(path, built_at=dt.datetime(2026, 3, 20, tzinfo=dt.UTC)).html).text
    assert text.index("Less than a day: 1") < text.index("Please help") < text.index("A week or longer: 60")
    day = on(11).date()
    assert f"And 35 more, older: reamaze-pipeline export metrics.awaiting_reply --from {day} --to {day}" in text
    assert text.index("Messages do not say whether a conversation was closed") < text.index("Less than a day: 1")

"""What a report says, against numbers reckoned by hand; and that it says so whatever is missing."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import duckdb
import pytest

from reamaze_pipeline.errors import DatabaseUnavailable, PeriodRefused
from reamaze_pipeline.models.model import Project
from reamaze_pipeline.report.build import Report, build_report, write_report
from reamaze_pipeline.report.charts.renderer import Renderer
from reamaze_pipeline.report.glossary import DEFINITIONS
from reamaze_pipeline.report.numbers.facts import Facts, read_facts
from reamaze_pipeline.warehouse.connection import reading, writing
from tests.metrics.reference import Rules
from tests.report.conftest import BUILT_AT, FIRST, Said, fill, on
from tests.report.parsed import Page
from tests.stored_pages import SHIPPED

Brand = tuple[Path, Project]


def test_headline_is_what_a_person_counts(second_week: Report) -> None:
    assert second_week.headline == {
        "first_day": "2026-03-09",
        "last_day": "2026-03-15",
        "days_stored": 7,
        "days_missing": 0,
        "messages": 28,
        "messages_received": 14,
        "responses": 7,
        "new_conversations": 14,
        "conversations_replied_to": 7,
        "customers_helped": 7,
        "turns": 7,
        "median_seconds": 10_800.0,
        "p90_seconds": 10_800.0,
        "share_under_1h": 0.0,
        "share_under_1d": 1.0,
        "median_first_response_seconds": 10_800.0,
        "conversations_waiting": 7,
    }


def test_the_same_facts_give_the_same_page_whichever_process_draws_what(brand: Brand) -> None:
    with Renderer() as renderer:
        built = [build_report(brand[0], built_at=BUILT_AT, renderer=renderer) for _ in range(3)]
    assert len({(report.html, report.preview_png) for report in built}) == 1


def test_the_page_compares_with_the_week_before(second_week: Report) -> None:
    text = Page(second_week.html).text
    assert "9 – 15 March 2026" in text
    assert "Compared with 2 – 8 March 2026, the 7 days before." in text
    assert "Messages received 14 from customers ↑ 100% · was 7" in text
    assert "Median response time 3 h nine in ten within 3 h ↑ 2 h 30 min worse · was 30 min" in text
    assert "Answered within an hour 0% 100% within a day ↓ 100 points worse · was 100%" in text
    assert "Waiting for a reply 7 0 for a week or longer ↑ 7 worse · was 0" in text


def test_each_part_says_its_finding(second_week: Report) -> None:
    text = Page(second_week.html).text
    for said in (
        "Email brought the most: 21 of 28 messages (75%). The busiest day was Monday, 9 March 2026 with 4.",
        "0% of 7 replies came within an hour, 100% within a day.",
        "1 sender sent 7 responses: ben.",
        "Customers write most on Mondays between 09:00 and 10:00: 1.0 messages a week.",
        "7 conversations were waiting for a reply when 15 March 2026 ended, the oldest for 6 d 2 h;",
        "Late question 7",
        "All 7 days stored",
    ):
        assert said in text
    assert "a body that nobody may see" not in second_week.html


def test_definitions_are_for_those_who_read_and_name_tables_that_are_there(second_week: Report, brand: Brand) -> None:
    _, project = brand
    known = {model.table.label for model in project.models}
    assert {definition.table for definition in DEFINITIONS} <= known
    text = Page(second_week.html).text
    assert all(definition.text in text for definition in DEFINITIONS)
    for engineers in ("_at", " − ", "null", "`", "view"):
        assert not [one.term for one in DEFINITIONS if engineers in one.text], engineers


def test_whoever_has_the_page_alone_can_read_why_to_trust_it(second_week: Report) -> None:
    page = second_week.html
    assert page.count('href="#trust"') == 2
    _, found, appendix = page.partition('id="trust"')
    assert found
    for heading in re.findall(r"^## (.*)$", (SHIPPED.parent / "docs/trust.md").read_text(), re.MULTILINE):
        assert f"<h3>{heading}</h3>" in appendix
    assert "<a " not in appendix, "no other page travels with it"
    assert len(page.encode()) < 2_000_000


def test_times_of_day_are_those_of_the_zone(brand: Brand) -> None:
    path, _ = brand
    report = build_report(path, first=on(13).date(), last=on(13).date(), timezone="Asia/Kolkata", built_at=BUILT_AT)
    text = Page(report.html).text
    assert "10 Mar 2026, 03:30" in text
    assert "Times in Asia/Kolkata" in text


def test_the_default_are_the_last_thirty_stored_days(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    fill(path, [Said(on(n), f"c{n}", "c@x.example") for n in range(40)], (n for n in range(40) if n != 20))
    with reading(path) as connection:
        facts = read_facts(connection, None, None)
    assert isinstance(facts, Facts)
    assert facts.period.first == FIRST + dt.timedelta(9)
    assert (len(facts.period.stored), len(facts.period.missing)) == (30, 1)


def test_a_missing_day_is_named_and_nothing_is_compared(brand: Brand) -> None:
    path, _ = brand
    report = build_report(path, first=on(7).date(), last=on(15).date(), failed_checks=["core/messages: 3 rows"])
    text = Page(report.html).text
    assert "2 of 9 days missing" in text
    assert "Days missing 2: 16 – 17 March 2026" in text
    assert "Not compared with the days before, because 2 days of this period are missing." in text
    assert "1 check failed" in text
    assert "Checks failed 1 core/messages: 3 rows" in text
    assert "16 Mar not stored" in text


FETCHED_AGAIN = """
    INSERT INTO meta.partitions BY NAME
    SELECT * REPLACE ('raw' AS schema_name, 'message_pages' AS table_name, loaded_at + INTERVAL 1 HOUR AS loaded_at)
    FROM meta.partitions WHERE schema_name = 'intermediate' AND table_name = 'stored_days'
"""


def test_what_is_left_out_or_stale_is_told(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    said = [
        Said(on(0), "a", "c@x.example", origin=23),
        Said(on(0, "10:00"), "a", "bot@x.example", staff=True, begun=on(0)),
        Said(on(0, "11:00"), "a", None, staff=None, begun=on(0)),
    ]
    fill(path, said, [0], Rules(excluded_senders=("bot@x.example",)))
    with writing(path) as connection:
        connection.execute(FETCHED_AGAIN)
    text = Page(build_report(path).html).text
    assert "Left out by the settings 1 message of 3; from staff: bot@x.example (1)" in text
    assert "Unknown origins 1 message: Unknown (23) (1)" in text
    assert "1 by neither staff nor customers" in text
    assert "1 stale day" in text


def test_a_long_period_is_drawn_by_week_and_stays_small(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    names = ["<i>" * 40, "&" * 90, *(f"Origin {n}" for n in range(40))]
    said = [
        Said(on(day, f"{n % 24:02}:00"), f"c{day}-{n}", f"p{n}@x.example", n % 3 == 0, 100 + n, origin_name=names[n])
        for day in range(0, 100, 10)
        for n in range(42)
    ]
    fill(path, said, range(100))
    report = build_report(path, first=FIRST, last=on(99).date())
    assert "Messages by week and origin" in report.html
    assert len(report.html.encode()) < 700_000


@pytest.mark.parametrize("days", [[], [0]], ids=["nothing", "an empty day"])
def test_without_messages_the_page_says_so(tmp_path: Path, days: list[int]) -> None:
    path = tmp_path / "w.duckdb"
    if days:
        fill(path, [], days)
    else:
        duckdb.connect(str(path)).close()
    report = build_report(path, failed_checks=["one"])
    text = Page(report.html).text
    assert ("No messages in these days." if days else "There are no messages to report on") in text
    assert "one" in text
    assert report.headline["days_stored"] == len(days)
    assert report.preview_png.startswith(b"\x89PNG")


def test_a_period_without_stored_days_says_how_to_get_them(brand: Brand) -> None:
    path, _ = brand
    report = build_report(path, first=dt.date(2025, 1, 1), last=dt.date(2025, 1, 31))
    text = Page(report.html).text
    assert "31 days asked for, none of them stored" in text
    assert "backfill --from 2025-01-01 --to 2025-01-31" in text
    assert report.preview_markdown == "No messages are stored in this period."


def test_metrics_that_are_not_there_leave_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    fill(path, [Said(on(0), "a", "c@x.example")], [0])
    with writing(path) as connection:
        connection.execute("DROP VIEW metrics.awaiting_reply")
        connection.execute("DROP VIEW metrics.reply_turns")
        connection.execute("DROP TABLE intermediate.hourly_volume")
    text = Page(build_report(path).html).text
    assert text.count("Not computed in this warehouse yet") >= 3
    assert "Email brought the most: 1 of 1 message" in text


@pytest.mark.parametrize(
    ("first", "last"),
    [(on(5).date(), on(4).date()), (on(20).date(), None), (dt.date(1990, 1, 1), on(1).date()), (dt.date.min, None)],
)
def test_days_that_are_no_period_are_refused(brand: Brand, first: dt.date, last: dt.date | None) -> None:
    with pytest.raises(PeriodRefused) as refused:
        build_report(brand[0], first=first, last=last)
    assert "\n" not in str(refused.value)


def test_a_database_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable):
        build_report(tmp_path / "absent.duckdb")


def test_a_report_is_written_whole_or_not_at_all(second_week: Report, tmp_path: Path) -> None:
    path = write_report(second_week, tmp_path / "new" / "report.html")
    assert path.read_text(encoding="utf-8") == second_week.html
    folder = tmp_path / "taken.html"
    (folder / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match=r"taken\.html"):
        write_report(second_week, folder)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["new", "taken.html"]

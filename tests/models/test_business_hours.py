"""The schedule: read strictly, and counted across nights, weekends, holidays and changes of clocks."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from reamaze_pipeline.models.business_hours import BusinessHoursError, read_business_hours
from tests.metrics.filled import multiset, warehouse
from tests.metrics.reference import DAY, Message, Reference, Rules

FRIDAY = dt.date(2026, 3, 27)
FILE = """
timezone: Europe/Berlin
week:
  monday: ["13:30-17:00", "09:00-12:30"]
  friday: ["09:00-17:00"]
  sunday: ["00:00-24:00"]
  saturday: []
holidays: [2026-04-03]
"""


def test_a_schedule_is_read(tmp_path: Path) -> None:
    path = tmp_path / "hours.yaml"
    path.write_text(FILE)
    assert read_business_hours(path) == {
        "timezone": "Europe/Berlin",
        "week": [
            {"weekday": 1, "opens": 540, "closes": 750},
            {"weekday": 1, "opens": 810, "closes": 1020},
            {"weekday": 5, "opens": 540, "closes": 1020},
            {"weekday": 7, "opens": 0, "closes": 1440},
        ],
        "holidays": ["2026-04-03"],
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[", "not valid YAML"),
        ("just text", "must hold timezone, week"),
        ("timezone: UTC\nweek: {monday: ['09:00-10:00']}\nweak: {}", "weak is not known"),
        ("timezone: Mars/Base\nweek: {monday: ['09:00-10:00']}", "IANA zone"),
        ("timezone: UTC\nweek: {moonday: ['09:00-10:00']}", "moonday is no weekday"),
        ("timezone: UTC\nweek: {monday: ['9-10']}", "write shifts as"),
        ("timezone: UTC\nweek: {monday: '9'}", "write shifts as"),
        ("timezone: UTC\nweek: {monday: ['22:00-06:00']}", "must begin before it ends"),
        ("timezone: UTC\nweek: {monday: ['09:00-24:01']}", "must begin before it ends"),
        ("timezone: UTC\nweek: {monday: ['09:00-11:00', '10:00-12:00']}", "overlap"),
        ("timezone: UTC\nweek: {}", "no shift"),
        ("timezone: UTC\nweek: {monday: [], sunday: }", "no shift"),
        ("timezone: UTC\nweek: {monday: ['09:00-10:00']}\nholidays: [soon]", "YYYY-MM-DD"),
        ("timezone: UTC\nweek: {monday: ['09:00-10:00']}\nholidays: 2026-12-25", "must be a list"),
    ],
)
def test_what_is_no_schedule_is_refused_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "hours.yaml"
    path.write_text(text)
    with pytest.raises(BusinessHoursError, match=says) as refusal:
        read_business_hours(path)
    assert "\n" not in str(refusal.value)
    assert str(path) in str(refusal.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BusinessHoursError, match=r"hours\.yaml cannot be read"):
        read_business_hours(tmp_path / "hours.yaml")


def test_seconds_inside_the_schedule(tmp_path: Path) -> None:
    path = tmp_path / "hours.yaml"
    path.write_text(FILE)
    rules = Rules("UTC", business_hours=read_business_hours(path))
    question = Message(
        "q", FRIDAY, dt.datetime.combine(FRIDAY, dt.time(15)), "a", dt.datetime.combine(FRIDAY, dt.time(15)),
        "Eve", "eve@example.com", False, 1, 0,
    )  # fmt: skip
    monday = FRIDAY + 3 * DAY
    replied_at = dt.datetime.combine(monday, dt.time(8))
    answer = replace(question, message_id="r", day=monday, created_at=replied_at, is_staff=True)
    days = [question.day + n * DAY for n in range(4)]
    with warehouse(rules) as stored:
        stored.run({day: [m for m in (question, answer) if m.day == day] for day in days})
        # Friday 16:00 to 17:00; the Sunday on which Berlin's day has 23 hours; Monday 09:00 to 10:00.
        assert stored.rows("SELECT business_seconds FROM metrics.reply_turns") == [((1 + 23 + 1) * 3600.0,)]


@pytest.mark.parametrize(
    ("zone", "sunday", "shifts", "opened"),
    [
        # Shown twice means the first time: the shift to 02:30 ends before the hour comes again.
        ("Europe/Berlin", "2026-10-25", [(60, 150)], [("2026-10-24T23:00", "2026-10-25T00:30")]),
        ("America/Havana", "2026-11-01", [(0, 1440)], [("2026-11-01T04:00", "2026-11-02T05:00")]),
        ("Australia/Lord_Howe", "2026-04-05", [(105, 180)], [("2026-04-04T14:45", "2026-04-04T16:30")]),
        # Leapt over means the same time after the leap. What runs into the next shift counts once.
        ("Europe/Berlin", "2026-03-29", [(60, 150)], [("2026-03-29T00:00", "2026-03-29T01:30")]),
        (
            "Europe/Berlin",
            "2026-03-29",
            [(0, 30), (60, 150), (180, 300)],
            [
                ("2026-03-28T23:00", "2026-03-28T23:30"),
                ("2026-03-29T00:00", "2026-03-29T01:30"),
                ("2026-03-29T01:30", "2026-03-29T03:00"),
            ],
        ),
        ("Europe/Berlin", "2026-03-29", [(120, 150), (180, 210)], [("2026-03-29T01:00", "2026-03-29T01:30")]),
        ("Europe/Berlin", "2026-03-29", [(60, 179), (180, 190)], [("2026-03-29T00:00", "2026-03-29T01:59")]),
        ("Europe/Berlin", "2026-03-29", [(150, 195)], []),
        ("America/Havana", "2026-03-08", [(30, 60)], []),
        ("Australia/Lord_Howe", "2026-10-04", [(135, 180)], [("2026-10-03T15:45", "2026-10-03T16:00")]),
    ],
)
def test_shifts_where_clocks_change(
    zone: str, sunday: str, shifts: list[tuple[int, int]], opened: list[tuple[str, str]]
) -> None:
    week = [{"weekday": 7, "opens": opens, "closes": closes} for opens, closes in shifts]
    rules = Rules(business_hours={"timezone": zone, "week": week, "holidays": []})
    day = dt.date.fromisoformat(sunday)
    with warehouse(rules) as stored:
        stored.run({day: ()})
        assert stored.rows("SELECT opens_at, closes_at FROM intermediate.business_hours ORDER BY opens_at") == [
            tuple(map(dt.datetime.fromisoformat, instants)) for instants in opened
        ]
        assert multiset(stored.table("business_hours")) == multiset(
            Reference({day: ()}, rules).tables["business_hours"]()
        )

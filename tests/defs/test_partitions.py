"""A day is what the time zone says it is: days join without a gap, whatever the clocks do."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reamaze_pipeline.defs.partitions import daily_partitions, day_window, days_between, last_whole_day
from reamaze_pipeline.settings import Calendar

ZONES = ["UTC", "America/Los_Angeles", "Asia/Kolkata", "America/Sao_Paulo", "Africa/Cairo", "Australia/Lord_Howe"]
DAYS = st.dates(dt.date(2005, 1, 1), dt.date(2026, 12, 1))


@given(day=DAYS, zone=st.sampled_from(ZONES))
def test_days_join_and_each_instant_is_in_its_own_day(day: dt.date, zone: str) -> None:
    today, tomorrow = day_window(day, zone), day_window(day + dt.timedelta(1), zone)
    assert today.end == tomorrow.start
    for instant in (today.start, today.end - dt.timedelta(microseconds=1)):
        assert instant.astimezone(ZoneInfo(zone)).date() == day


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (dt.date(2026, 3, 8), "America/Los_Angeles", 23),
        (dt.date(2026, 11, 1), "America/Los_Angeles", 25),
        (dt.date(2018, 11, 4), "America/Sao_Paulo", 23),  # the clock skipped midnight
        (dt.date(2026, 6, 1), "Asia/Kolkata", 24),
    ],
)
def test_a_day_is_as_long_as_the_clocks_make_it(day: dt.date, zone: str, hours: int) -> None:
    window = day_window(day, zone)
    assert window.end - window.start == dt.timedelta(hours=hours)


def test_a_day_exists_once_it_is_over() -> None:
    partitions = daily_partitions(Calendar(start_date=dt.date(2026, 3, 1), timezone="Asia/Kolkata"))
    midnight = dt.datetime(2026, 3, 4, tzinfo=ZoneInfo("Asia/Kolkata"))
    assert last_whole_day(partitions, midnight - dt.timedelta(seconds=1)) == dt.date(2026, 3, 2)
    assert last_whole_day(partitions, midnight) == dt.date(2026, 3, 3)
    assert last_whole_day(partitions, dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)) is None


@given(first=DAYS, length=st.integers(0, 40))
def test_days_between_holds_both_ends(first: dt.date, length: int) -> None:
    days = days_between(first, first + dt.timedelta(length))
    assert (days[0], days[-1], len(days)) == (first, first + dt.timedelta(length), length + 1)

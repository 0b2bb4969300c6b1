"""One reader of times: every spelling that means an instant gives that instant, and nothing else gives any."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reamaze_pipeline.api.times import read_time, shape_of

NOON = datetime(2026, 3, 1, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-01T10:00:00-07:00", "2026-03-01T10:00:00-0700", "2026-03-01T10:00:00-07", "2026-03-01T10:00-07:00",
        "2026-03-01 10:00:00 -0700", "2026-03-01 10:00:00 -07:00", "2026-03-01 17:00:00 UTC", "2026-03-01 17:00:00 utc",
        "2026-03-01 17:00:00 GMT", "2026-03-01T17:00:00Z", "2026-03-01t17:00:00z", "2026-03-01 17:00:00",
        "2026-03-01T17",
        " 2026-03-01T17:00:00Z\n", "20260301T170000Z", "20260301T1000-0700", "2026-03-01T17:00:00.0000000001Z",
        "2026-03-01T17:00:00,000Z", "2026-03-02T07:00:00+14:00", "2026-03-01T03:00:00-14:00", "2026-03-01T16:59:60Z",
        "2026-03-01 09:59:60 -0700", "2026-03-01T24:00:00+07:00", "2026-03-01T24:00+07:00",
        "2026-03-01T10:00:00\u221207:00",
        "Sun, 01 Mar 2026 10:00:00 -0700", "Sun, 1 Mar 2026 17:00:00 GMT", "01 Mar 2026 17:00 UT",
        "1 mar 2026 17:00:00",
        "Sun, 01 Mar 2026 12:00:00 EST", 1772384400, 1772384400.0, 1772384400000, "1772384400", "1772384400000",
        "1772384400.000",
    ],
)  # fmt: skip
def test_a_spelling_of_noon(written: object) -> None:
    found = read_time(written)
    assert found is not None
    assert found.instant == NOON


@pytest.mark.parametrize(
    "written",
    [
        None, True, [], {}, "", " ", "yesterday", "infinity", "now", "2026", "20260301", "202603011000",
        "20260301100000",
        "2026-13-01T10:00:00Z", "2026-02-30T10:00:00Z", "2026-03-01T24:00:01Z", "2026-03-01T25:00:00Z",
        "2026-03-01T10:60:00Z", "2026-03-01T10:00:61Z", "2026-03-01T10:00:00+24:00", "2026-03-01T10:00:00+07:60",
        "2026-03-01T10:00:00 Mars", "2026-03-01x10:00:00", "0001-01-01T00:00:00+23:00", "9999-12-31T24:00:00Z",
        "32 Mar 2026 10:00:00 GMT", "1 Moo 2026 10:00:00 GMT", "\u0662\u0660\u0662\u0666-03-01T10:00:00Z",
        0, 17, -1772384400, 86400, 10_000_000_000, 1e300, 1772384400000000, "1e9", "-1772384400", 10**400,
    ],
)  # fmt: skip
def test_what_is_no_time_is_none(written: object) -> None:
    assert read_time(written) is None


@pytest.mark.parametrize(
    ("fraction", "microsecond"),
    [("0.1", 100_000), ("0.286", 286_000), ("0.999999", 999_999), ("0.9999999999", 999_999), ("0.0000019", 1)],
)
def test_a_fraction_counts_to_the_microsecond_and_never_to_the_next_second(fraction: str, microsecond: int) -> None:
    for written in (f"2026-03-01T23:59:59{fraction[1:]}Z", f"2026-03-01 23:59:59{fraction[1:]} UTC"):
        found = read_time(written)
        assert found is not None
        assert found.instant == datetime(2026, 3, 1, 23, 59, 59, microsecond, tzinfo=UTC)


MOMENTS = st.datetimes(datetime.fromisoformat("2000-01-02"), datetime.fromisoformat("2099-12-30"))
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(MOMENTS, OFFSETS)
def test_every_spelling_of_an_instant_gives_it_back(naive: datetime, zone: timezone) -> None:
    moment = naive.replace(tzinfo=zone)
    whole = moment.replace(microsecond=0)
    for written in (
        moment.isoformat(),
        moment.isoformat(" "),
        f"{moment:%Y-%m-%d %H:%M:%S.%f %z}",
        f"{moment:%Y%m%dT%H%M%S.%f%z}",
    ):
        found = read_time(written)
        assert found is not None
        assert (found.instant, found.utc_offset) == (moment, moment.utcoffset())
    for text in (format_datetime(whole), f"{whole:%Y-%m-%d %H:%M:%S %z}"):
        found = read_time(text)
        assert found is not None
        assert found.instant == whole
    seconds = whole.timestamp()
    for counted in (int(seconds), str(int(seconds)), int(seconds) * 1000, str(int(seconds) * 1000)):
        found = read_time(counted)
        assert found is not None
        assert found.instant == whole


@given(st.text(max_size=40) | st.integers() | st.floats() | st.none() | st.booleans())
def test_nothing_fails_and_what_is_read_is_utc(value: object) -> None:
    found = read_time(value)
    assert found is None or found.instant.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (None, "no created_at"),
        (17, "a created_at that is a int"),
        ("the 3rd of March, ann@example.com", "a created_at written like 'xxx 9xx xx xxxxx, xxx?xxxxxxx.xxx'"),
        ("x" * 90, f"a created_at written like '{'x' * 40}'"),
    ],
)
def test_a_shape_tells_how_it_is_written_and_not_what(value: object, shape: str) -> None:
    assert shape_of(value) == shape

"""Values as people read them."""

from __future__ import annotations

import datetime as dt
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reamaze_pipeline.report import words


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "–"),
        (0, "0 s"),
        (45, "45 s"),
        (59.6, "1 min"),
        (12 * 60, "12 min"),
        (3599, "1 h"),
        (7500, "2 h 05 min"),
        (86_399, "1 d"),
        (100 * 3600, "4 d 4 h"),
        (40.4 * 86_400, "40 d"),
    ],
)
def test_durations(seconds: float | None, shown: str) -> None:
    assert words.duration(seconds) == shown


@pytest.mark.parametrize(
    ("part", "shown"),
    [(None, "–"), (0, "0%"), (0.001, "<1%"), (0.12, "12%"), (0.997, ">99%"), (1, "100%"), (2.5, "250%")],
)
def test_shares(part: float | None, shown: str) -> None:
    assert words.share(part) == shown


def test_counts_and_days() -> None:
    assert (words.count(1234567), words.several(1, "reply", "replies"), words.several(0, "day")) == (
        "1,234,567",
        "1 reply",
        "0 days",
    )
    march = [dt.date(2026, 3, n) for n in (1, 2, 3, 7, 30)]
    assert words.day_ranges(march) == "1 – 3 March 2026; 7 March 2026; 30 March 2026"
    assert words.day_range(dt.date(2025, 12, 30), dt.date(2026, 1, 2)) == "30 December 2025 – 2 January 2026"
    alternate = [dt.date(2026, 3, n) for n in range(1, 30, 2)]
    assert words.day_ranges(alternate).endswith("; and 9 more days")
    assert words.moment(dt.datetime.fromisoformat("2026-03-01T23:30"), "Asia/Kolkata") == "2 Mar 2026, 05:00"


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_equal_words_mean_nearly_equal_times(one: float, other: float) -> None:
    if words.duration(one) == words.duration(other):
        assert abs(one - other) <= max(86_400, 0.1 * one)


@given(st.text())
def test_any_text_fits_on_one_line_of_any_document(text: str) -> None:
    shown = words.clean(text)
    assert shown
    assert len(shown) <= 120
    assert len(shown.splitlines()) == 1
    element = ET.Element("t")
    element.text = shown
    assert ET.fromstring(ET.tostring(element, encoding="unicode")).text == shown
    assert words.clean(shown) == shown


def test_what_people_write_stays() -> None:
    for text in ("Größe 👩‍💻 naïve", "متى يصل طلبي؟", "100 % = all", "a\tb"):
        assert words.clean(text) == " ".join(text.split())

"""Values as people read them: counts, durations, shares, days, and text that came from outside.

Nothing here knows HTML, SVG or Markdown: escaping is the business of whoever writes them. What is done here
is to take from a text the characters that steer a reader's eyes or break a document, however it is escaped.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

NOTHING = "–"
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MINUTE, HOUR, DAY, WEEK = 60, 3_600, 86_400, 604_800
MOST_RANGES = 6

# Not in XML 1.0, or written to turn the direction of what follows. Joiners stay: emoji and scripts need them.
_STEERING = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_SPACE = re.compile(r"[\s\u2028\u2029]+")


def clean(text: object, missing: str = NOTHING, longest: int = 120) -> str:
    """A text from the data on one line, without control and direction characters, at most so many characters."""
    shown = _SPACE.sub(" ", _STEERING.sub("\ufffd", "" if text is None else str(text))).strip()
    if not shown:
        return missing
    return shown if len(shown) <= longest else shown[: longest - 1].rstrip() + "…"


def count(number: float | None) -> str:
    """1234 → 1,234."""
    return NOTHING if number is None else f"{number:,.0f}"


def average(number: float | None) -> str:
    """One decimal below ten, none above: 0.4, 12."""
    if number is None:
        return NOTHING
    return f"{number:.1f}" if round(number, 1) < 10 else f"{number:,.0f}"


def several(number: int, noun: str, plural: str | None = None) -> str:
    """1 day, 1,234 days."""
    return f"{count(number)} {noun if number == 1 else plural or noun + 's'}"


def duration(seconds: float | None) -> str:
    """45 s, 12 min, 2 h 05 min, 3 h, 3 d 4 h, 40 d; always rounded to what is shown."""
    if seconds is None:
        return NOTHING
    if round(seconds) < MINUTE:
        return f"{round(seconds)} s"
    minutes = round(seconds / MINUTE)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02} min" if minutes % 60 else f"{minutes // 60} h"
    hours = round(seconds / HOUR)
    if hours < 14 * 24:
        return f"{hours // 24} d {hours % 24} h" if hours % 24 else f"{hours // 24} d"
    return f"{round(seconds / DAY):,} d"


def share(part: float | None) -> str:
    """0 to 1 as a percentage; what is not nothing is never shown as 0%, what is not all never as 100%."""
    if part is None:
        return NOTHING
    if 0 < part < 0.005:
        return "<1%"
    if 0.995 <= part < 1:
        return ">99%"
    return f"{part * 100:.0f}%"


def short_day(day: date) -> str:
    """23 Oct."""
    return f"{day.day} {MONTHS[day.month - 1][:3]}"


def long_day(day: date) -> str:
    """Friday, 23 October 2026."""
    return f"{WEEKDAYS[day.weekday()]}, {day.day} {MONTHS[day.month - 1]} {day.year}"


def day_range(first: date, last: date) -> str:
    """23 October – 21 November 2026; what both ends share is said once."""
    end = f"{last.day} {MONTHS[last.month - 1]} {last.year}"
    if first == last:
        return end
    if first.year != last.year:
        return f"{first.day} {MONTHS[first.month - 1]} {first.year} – {end}"
    if first.month != last.month:
        return f"{first.day} {MONTHS[first.month - 1]} – {end}"
    return f"{first.day} – {end}"


def day_ranges(days: list[date]) -> str:
    """The days as ranges, the first few of them."""
    runs: list[list[date]] = []
    for day in sorted(days):
        if runs and (day - runs[-1][-1]).days == 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    shown = [day_range(run[0], run[-1]) for run in runs[:MOST_RANGES]]
    left = sum(len(run) for run in runs[MOST_RANGES:])
    return "; ".join([*shown, f"and {several(left, 'more day')}"] if left else shown)


def moment(instant: datetime | None, timezone: str) -> str:
    """A naive UTC instant in the reporting zone: 21 Nov 2026, 16:05."""
    if instant is None:
        return NOTHING
    local = instant.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(timezone))
    return f"{local.day} {MONTHS[local.month - 1][:3]} {local.year}, {local:%H:%M}"

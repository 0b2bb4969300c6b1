"""The one place that reads a time of the API. What it read travels with the row; nothing below reads the text again.

Read are, with or without an offset (which is then UTC):

* ISO 8601 and its like: `2026-03-01T10:00:00.123-07:00`, `2026-03-01 10:00:00 UTC`, `20260301T100000Z`, `2026-03-01`;
* RFC 2822, as in mail: `Sun, 01 Mar 2026 10:00:00 -0700`;
* seconds or milliseconds since 1970, as a number or as its digits, where they can be nothing else: from 2000 to 2100.

A fraction of any length counts to the microsecond, 24:00 is the next day's beginning, second 60 the next minute's.
What a row without a readable time counts for is not decided here (the crawl).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from math import isfinite
from typing import NamedTuple

_ORDINARY = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_CLOCK = r"(?P<hour>[0-9]{2})(?::?(?P<minute>[0-9]{2})(?::?(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]+))?)?)?"
_ZONE = r"(?:\s*(?P<zone>Z|UTC|GMT|UT|[+\-\u2212][0-9]{2}(?::?[0-9]{2})?|[ECMP][SD]T))?"
_ISO = re.compile(
    rf"(?P<year>[0-9]{{4}})(?P<dash>-?)(?P<month>[0-9]{{2}})(?P=dash)(?P<day>[0-9]{{2}})(?:(?:T|\s+){_CLOCK}{_ZONE})?",
    re.IGNORECASE,
)
_MAIL = re.compile(
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?(?P<day>[0-9]{1,2})\s+(?P<month>[a-z]{3})[a-z]*\s+(?P<year>[0-9]{4})"
    rf"\s+{_CLOCK}{_ZONE}",
    re.IGNORECASE,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_AMERICAN = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}
"""The zones that RFC 2822 names."""
_COUNT = re.compile(r"[0-9]{9,13}(?:\.[0-9]+)?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = 946_684_800, 4_102_444_800
"""2000 and 2100 in seconds; in milliseconds they are so much more that no number can be meant either way."""


class Time(NamedTuple):
    """A time that was read: the instant in UTC, exact to the microsecond, and the offset that was written beside it."""

    instant: datetime
    utc_offset: timedelta | None


def read_time(value: object) -> Time | None:
    """What the API means by a time, or None where it cannot be told."""
    try:
        if isinstance(value, str):
            return _text(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
            return _counted(Decimal(repr(value)))
    except (ValueError, OverflowError):
        pass
    return None


def shape_of(value: object) -> str:
    """How a time is written, without what it says: digits as 9, letters as x, and never more than forty characters."""
    if not isinstance(value, str):
        return "no created_at" if value is None else f"a created_at that is a {type(value).__name__}"
    shown = re.sub(r"[^9x:+\-., /TZ]", "?", re.sub(r"[^\W\d_](?<![TZ])", "x", re.sub(r"\d", "9", value[:40])))
    return f"a created_at written like '{shown}'"


@lru_cache(4096)
def _text(value: str) -> Time | None:
    """Kept for a while, because each message of a conversation repeats when that began."""
    return _ordinary(value) or _written(value.strip())


def _ordinary(text: str) -> Time | None:
    """The way the API is documented to write, read four times as fast."""
    if not _ORDINARY.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return Time(moment.astimezone(UTC), moment.utcoffset())
    except (ValueError, OverflowError):
        return None


def _written(text: str) -> Time | None:
    if _COUNT.fullmatch(text):
        return _counted(Decimal(text))
    found = _ISO.fullmatch(text) or _MAIL.fullmatch(text)
    if found is None or (found.re is _ISO and found["hour"] is None and not found["dash"]):
        return None  # eight digits are a number
    month = found["month"].lower()
    midnight = datetime(
        int(found["year"]),
        int(month) if month.isdigit() else _MONTHS.index(month) + 1,
        int(found["day"]),
        tzinfo=UTC,
    )
    offset = _offset(found["zone"])
    return Time(midnight + _since_midnight(found) - (offset or timedelta(0)), offset)


def _since_midnight(found: re.Match[str]) -> timedelta:
    """Raises `ValueError` for what no clock shows."""
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    clock = timedelta(
        hours=hour, minutes=minute, seconds=second, microseconds=int((found["fraction"] or "")[:6].ljust(6, "0"))
    )
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and clock > timedelta(days=1)):
        raise ValueError("no such time")
    return clock


def _offset(zone: str | None) -> timedelta | None:
    if zone is None:
        return None
    zone = zone.upper()
    if zone[0] not in "+-\u2212":
        return timedelta(hours=_AMERICAN.get(zone, 0))
    digits = zone[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 23 or minutes > 59:
        raise ValueError("no such offset")
    ahead = timedelta(hours=hours, minutes=minutes)
    return ahead if zone[0] == "+" else -ahead


def _counted(number: Decimal) -> Time | None:
    """Seconds or milliseconds since 1970."""
    for unit in (1, 1000):
        if _FIRST * unit <= number < _LAST * unit:
            return Time(_EPOCH + timedelta(microseconds=int(number * (1_000_000 // unit))), None)
    return None

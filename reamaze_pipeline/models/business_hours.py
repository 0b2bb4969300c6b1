"""The weekly schedule a support team answers in, read from a small YAML file and checked.

What comes out is what the SQL models take as their variable `business_hours`; how seconds inside the schedule are
counted is theirs to say. The file::

    timezone: Europe/Berlin
    week:
      monday: ["09:00-12:30", "13:30-18:00"]
      friday: ["09:00-24:00"]
    holidays: [2026-12-25, 2026-12-26]

Days that are not named are closed; a shift ends on the day it begins, at 24:00 at the latest.
"""

from __future__ import annotations

import datetime as dt
import re
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from reamaze_pipeline.models.files.text import ENCODING

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHIFT = re.compile(r"(\d\d):(\d\d)\s*-\s*(\d\d):(\d\d)")
_MINUTES_A_DAY = 24 * 60


class BusinessHoursError(ValueError):
    """The file cannot be read or is not a schedule; the text is one line that says what to mend."""


def read_business_hours(path: Path) -> dict[str, Any]:
    """`{"timezone": str, "week": [{"weekday": 1-7, "opens": minutes, "closes": minutes}], "holidays": [ISO days]}`.

    Weekday 1 is Monday; minutes count from local midnight. Raises `BusinessHoursError`.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding=ENCODING))
    except (OSError, UnicodeDecodeError) as error:
        raise BusinessHoursError(f"{path} cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise BusinessHoursError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict) or not isinstance(content.get("week"), dict):
        raise BusinessHoursError(f"{path} must hold timezone, week and, if there are any, holidays")
    if strange := sorted(map(str, set(content) - {"timezone", "week", "holidays"})):
        raise BusinessHoursError(f"{path}: {', '.join(strange)} is not known; there are timezone, week and holidays")
    zone = _zone(path, content.get("timezone"))
    week = [shift for name, shifts in content["week"].items() for shift in _shifts(path, name, shifts)]
    if not week:
        raise BusinessHoursError(
            f"{path}: week has no shift, so nobody would ever be late; name one, or leave the file out"
        )
    return {
        "timezone": zone,
        "week": week,
        "holidays": _holidays(path, content.get("holidays") or []),
    }


def _zone(path: Path, name: object) -> str:
    try:
        return ZoneInfo(str(name)).key
    except (KeyError, ValueError, OSError) as error:
        raise BusinessHoursError(f"{path}: timezone must be an IANA zone such as Europe/Berlin") from error


def _shifts(path: Path, name: object, shifts: object) -> list[dict[str, int]]:
    if name not in WEEKDAYS:
        raise BusinessHoursError(f"{path}: {name} is no weekday; write {', '.join(WEEKDAYS)}")
    weekday = WEEKDAYS.index(str(name)) + 1
    found = []
    for text in (shifts or []) if isinstance(shifts, list | None) else [shifts]:
        match = _SHIFT.fullmatch(str(text).strip())
        if match is None:
            raise BusinessHoursError(f'{path}: {name}: write shifts as "09:00-17:30" in quotes, not {text}')
        opens, closes = (int(match[n]) * 60 + int(match[n + 1]) for n in (1, 3))
        if int(match[2]) > 59 or int(match[4]) > 59 or not opens < closes <= _MINUTES_A_DAY:
            raise BusinessHoursError(f"{path}: {name}: {text} must begin before it ends, at 24:00 at the latest")
        found.append({"weekday": weekday, "opens": opens, "closes": closes})
    found.sort(key=lambda shift: shift["opens"])
    if any(later["opens"] < earlier["closes"] for earlier, later in pairwise(found)):
        raise BusinessHoursError(f"{path}: {name}: shifts overlap")
    return found


def _holidays(path: Path, days: object) -> list[str]:
    if not isinstance(days, list):
        raise BusinessHoursError(f"{path}: holidays must be a list of days written YYYY-MM-DD")
    try:
        return sorted({dt.date.fromisoformat(str(day)).isoformat() for day in days})
    except ValueError as error:
        raise BusinessHoursError(f"{path}: holidays must be days written YYYY-MM-DD") from error

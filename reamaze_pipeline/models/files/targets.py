"""What a team means to keep: answers within so many minutes, read from a small YAML file and checked.

What comes out is what the SQL models take as their variable `targets`. The file is a list::

    - name: First answer within an hour
      of: first_response            # or next_reply
      minutes: 60                   # or business_minutes: 60, inside REAMAZE_BUSINESS_HOURS
      category: support             # slug or name of the inbox, if it is meant for one alone
      origin: Email                 # code or name, if it is meant for one alone
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from reamaze_pipeline.models.files.text import ENCODING

MEASURES = ("first_response", "next_reply")
_KNOWN = {"name", "of", "minutes", "business_minutes", "category", "origin"}


class TargetsError(ValueError):
    """The file cannot be read or is no list of targets; the text is one line that says what to mend."""


def read_targets(path: Path, *, scheduled: bool) -> list[dict[str, Any]]:
    """`[{"name", "of", "seconds", "business", "category", "origin"}]`; the last two are in small letters, or None.

    ``scheduled`` says whether there are business hours. Raises `TargetsError`.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding=ENCODING))
    except (OSError, UnicodeDecodeError) as error:
        raise TargetsError(f"{path} cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise TargetsError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, list) or not content:
        raise TargetsError(f"{path} must hold a list of targets, each with name, of and minutes or business_minutes")
    targets = [_target(path, number, item, scheduled) for number, item in enumerate(content, 1)]
    names = [target["name"] for target in targets]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise TargetsError(f"{path}: two targets have the name {twice[0]}; names tell them apart")
    return targets


def _target(path: Path, number: int, item: object, scheduled: bool) -> dict[str, Any]:
    where = f"{path}: target {number}"
    if not isinstance(item, dict) or not str(item.get("name") or "").strip():
        raise TargetsError(f"{where} has no name")
    if strange := sorted(map(str, set(item) - _KNOWN)):
        raise TargetsError(f"{where}: {', '.join(strange)} is not known; there are {', '.join(sorted(_KNOWN))}")
    if item.get("of") not in MEASURES:
        raise TargetsError(f"{where}: of is one of {', '.join(MEASURES)}")
    given = [name for name in ("minutes", "business_minutes") if name in item]
    minutes = item.get(given[0]) if len(given) == 1 else None
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not 0 < minutes < 10_000_000:
        raise TargetsError(f"{where} needs either minutes or business_minutes, a number above 0")
    if given == ["business_minutes"] and not scheduled:
        raise TargetsError(f"{where} counts business_minutes, which needs REAMAZE_BUSINESS_HOURS")
    return {
        "name": str(item["name"]).strip(),
        "of": item["of"],
        "seconds": float(minutes * 60),
        "business": given == ["business_minutes"],
        "category": _lowered(item.get("category")),
        "origin": _lowered(item.get("origin")),
    }


def _lowered(value: object) -> str | None:
    return str(value).strip().lower() or None if value is not None else None

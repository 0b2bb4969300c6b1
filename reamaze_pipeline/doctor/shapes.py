"""What an answer looks like without what it says: names of documented fields, types, lengths, counts.

No value leaves this module, nor any name that might be data: below a field that nobody documented, names are not told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_PERSON = {"name": None, "email": None}
_ATTACHMENT = dict.fromkeys(
    ("file_file_name", "file_content_type", "file_file_size", "thumb_url", "url", "image?"), None
)
DOCUMENTED: Mapping[str, Any] = {
    "body": None,
    "original_body": None,
    "visibility": None,
    "origin": None,
    "origin_id": None,
    "created_at": None,
    "user": {**_PERSON, "staff?": None},
    "recipients": _PERSON,
    "attachments": _ATTACHMENT,
    "conversation": {
        "subject": None,
        "slug": None,
        "created_at": None,
        "category": {"name": None, "slug": None, "email": None, "channel": None},
    },
}
"""The fields of a message, lists as what they hold; `staff?` is not documented, but asked after by itself."""

_NAME = re.compile(r"[a-z][a-z_]{0,39}[0-9]{0,2}\??")
_HIDDEN = "(a name that is not shown)"
_TYPES = {str: "text", bool: "yes or no", int: "number", float: "number", list: "list", dict: "object"}


def form_of_time(value: object) -> str:
    """How a time is written: digits as 9, letters as x, nothing else of a text."""
    if not isinstance(value, str):
        return f"a {type_of(value)}"
    masked = re.sub(r"[^\W\d_]", "x", re.sub(r"\d", "9", value[:40]))
    return f"'{re.sub(r'[^9x:+., /-]', '?', masked)}'"


def type_of(value: object) -> str:
    """A JSON type, in words."""
    return "nothing" if value is None else _TYPES.get(type(value), "thing")


def safe_name(name: str) -> str:
    """A field's name if it looks like one."""
    return name if _NAME.fullmatch(name) else _HIDDEN


def undocumented(message: object) -> Iterator[str]:
    """The paths of fields that nobody documented."""
    for path, _, documented in _walked(message, DOCUMENTED, ""):
        if not documented:
            yield path


def shape_of_rows(messages: list[Any]) -> dict[str, dict[str, Any]]:
    """By path, how many values of each type there are, and the shortest and longest of them."""
    found: dict[str, dict[str, Any]] = {}
    for message in messages:
        for path, value, documented in _walked(message, DOCUMENTED, ""):
            shape = found.setdefault(path, {} if documented else {"documented": False})
            kind = shape.setdefault(type_of(value), {"count": 0})
            kind["count"] += 1
            if isinstance(value, str | list | dict):
                kind["shortest"] = min(len(value), kind.get("shortest", len(value)))
                kind["longest"] = max(len(value), kind.get("longest", len(value)))
            if path.rpartition(".")[2] == "created_at":
                forms = shape.setdefault("written_like", [])
                if (form := form_of_time(value)) not in forms and len(forms) < 5:
                    forms.append(form)
    return dict(sorted(found.items()))


def shape_of_envelope(document: object) -> dict[str, Any]:
    """The counts as they are, of everything else the type and length."""
    if not isinstance(document, Mapping):
        return {"answer": type_of(document)}
    shape: dict[str, Any] = {}
    for name, value in document.items():
        is_count = name in {"page_size", "page_count", "total_count"} and type(value) is int
        length = {"length": len(value)} if isinstance(value, str | list | dict) else {}
        shape[safe_name(name)] = value if is_count else {"type": type_of(value), **length}
    return shape


def _walked(value: object, known: Any, path: str) -> Iterator[tuple[str, object, bool]]:
    """Every field with path, value, and whether it is documented; what an undocumented one holds is not told."""
    if not isinstance(value, Mapping):
        if not path:
            yield "(a message)", value, False
        return
    for name, held in value.items():
        documented = name in known
        at = f"{path}{safe_name(name)}"
        yield at, held, documented
        below = known[name] if documented else None
        if below is None:
            continue
        for one in held if isinstance(held, list) else [held]:
            yield from _walked(one, below, f"{at}[]." if isinstance(held, list) else f"{at}.")

"""A file to attach to a report of a fault: what was found, and the shapes of the answers it was found in.

No text, name, address, slug, login or token of anybody is in it: see `shapes`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from reamaze_pipeline import __version__
from reamaze_pipeline.doctor.examine import Examination
from reamaze_pipeline.doctor.reading import Look
from reamaze_pipeline.doctor.shapes import shape_of_envelope, shape_of_rows
from reamaze_pipeline.errors import BundleNotWritten

ABOUT = "Shapes of answers: keys, types, lengths and counts. No text, name, address or token is in this file."
_HEADERS = ("retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-runtime")
_PLAIN = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")
_MEDIA = re.compile(r"[a-z]{1,20}/[a-z.+-]{1,40}")


def write_bundle(path: Path, examination: Examination) -> None:
    """Replace the file by this examination, for its owner's eyes alone. Raises `BundleNotWritten`."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        part.touch(mode=0o600, exist_ok=False)
        part.write_text(json.dumps(document(examination), indent=1, ensure_ascii=True) + "\n", encoding="ascii")
        part.replace(path)
    except OSError as error:
        raise BundleNotWritten(
            f"cannot write {path} ({type(error).__name__}); name a file in a folder of yours"
        ) from None
    finally:
        part.unlink(missing_ok=True)


def document(examination: Examination) -> dict[str, Any]:
    """What is written."""
    return {
        "about": ABOUT,
        "made_by": f"reamaze-pipeline {__version__}",
        "requests": examination.requests,
        "seconds": examination.seconds,
        "findings": [finding.as_json() for finding in examination.findings],
        "answers": [_shape(look) for look in examination.looks],
    }


def _shape(look: Look) -> dict[str, Any]:
    question, answer = look.question, look.answer
    asked = {
        "list": question.of.in_words,
        "page": question.number,
        "start_date": question.start is not None,
        "end_date": question.end is not None,
    }
    known = {"status": answer.status, "seconds": round(answer.seconds, 3), "bytes": len(answer.body)}
    shape: dict[str, Any] = {"asked": asked, **known, "headers": _headers(look)}
    if look.page is None:
        return {**shape, "problem": look.problem, "envelope": _parsed(answer.body)}
    return {**shape, "envelope": shape_of_envelope(json.loads(look.page.payload)), "rows": shape_of_rows(look.messages)}


def _parsed(body: bytes) -> dict[str, Any] | None:
    try:
        return shape_of_envelope(json.loads(body))
    except (ValueError, RecursionError):
        return None


def _headers(look: Look) -> dict[str, str]:
    """Those that tell of limits, where they hold a number, and what kind of thing the body is."""
    headers = {name.lower(): value.strip() for name, value in look.answer.headers.items()}
    told = {name: headers[name] for name in _HEADERS if name in headers and _PLAIN.fullmatch(headers[name])}
    kind = headers.get("content-type", "").partition(";")[0].lower()
    return {**told, **({"content-type": kind} if _MEDIA.fullmatch(kind) else {})}

"""The text of a file. A byte order mark, which some editors and spreadsheets put before it, is no part of it."""

from __future__ import annotations

from pathlib import Path

from reamaze_pipeline.errors import ModelError

ENCODING = "utf-8-sig"
"""UTF-8, with or without a byte order mark."""


def read_text(path: Path) -> str:
    """The whole text. Raises `ModelError` if the file cannot be read or is not UTF-8."""
    try:
        return path.read_text(encoding=ENCODING)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ModelError(path, line, "not UTF-8 text; save it as UTF-8") from error
    except OSError as error:
        raise ModelError(path, 1, f"cannot be read ({error.strerror})") from error

"""What a file or folder is called, as the name of a table or schema: the same in DuckDB, in Dagster and in `ref`."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from reamaze_pipeline.errors import ModelError

_NAME = re.compile(r"[\w.-]+( [\w.-]+)*")
_OF_DUCKDB = {"temp", "system", "memory", "pg_catalog", "information_schema"}


def table_name(path: Path) -> str:
    """The file's name without its suffix.

    Raises `ModelError` for a name that Dagster cannot select or DuckDB keeps to itself, its folder's included.
    """
    name, folder = composed(path.stem), composed(path.parent.name)
    for what, each in (("the file's name", name), ("the folder's name", folder)):
        if not _NAME.fullmatch(each):
            reason = "Dagster takes letters, digits, _, -, . and single spaces between them"
            raise ModelError(path, 1, f"{what} {each!r} cannot be the name of an asset; {reason}")
    if folder.lower() in _OF_DUCKDB:
        raise ModelError(path, 1, f"the folder's name {folder} is DuckDB's own; name the folder otherwise")
    return name


def schema_name(path: Path) -> str:
    """The name of the file's folder."""
    return composed(path.parent.name)


def composed(name: str) -> str:
    """The name as most people type it: some file systems store an umlaut as two characters."""
    return unicodedata.normalize("NFC", name)

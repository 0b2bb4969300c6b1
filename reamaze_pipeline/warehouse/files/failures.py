"""What the disk did to us, in one line: full, or not giving back what was written.

DuckDB tells it in the middle of whatever statement met it, with advice for its own prompt. Locks and wrong paths are
`engine`'s, because only opening a file meets them.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from reamaze_pipeline.errors import DatabaseDamaged, DiskFull, WarehouseError

_FULL = re.compile(r"No space left on device|Disk quota exceeded|database or disk is full", re.IGNORECASE)
_DAMAGED = re.compile(r"Corrupt database|computed checksum|Could not read enough bytes|not enough bytes", re.IGNORECASE)
_FILE = re.compile(r'file "(?P<path>[^"]+)"')
_FULL_CODES = {errno.ENOSPC, errno.EDQUOT}


def failure_of_disk(error: BaseException, path: Path) -> WarehouseError | None:
    """What to tell if the disk is why, or why what it came from was; None if it is something else.

    ``path`` is the file at work, unless the error names another.
    """
    at: BaseException | None = error
    while at is not None:
        text = " ".join(str(at).split())
        if _FULL.search(text) or (isinstance(at, OSError) and at.errno in _FULL_CODES):
            named = _FILE.search(text)
            where = Path(named["path"] if named else getattr(at, "filename", None) or path)
            return DiskFull(
                f"the disk that holds {where.parent} is full; free some space, then run the same command again:"
                " what was stored stays stored"
            )
        if isinstance(at, duckdb.Error) and _DAMAGED.search(text):
            return DatabaseDamaged(
                f"{path} is damaged: what it gives back is not what was written. Restore it from a copy, or move it"
                " away and run the backfill again, which fetches everything anew."
            )
        at = at.__cause__ or at.__context__
    return None


@contextmanager
def told_in_words(path: Path) -> Iterator[None]:
    """Raises `DiskFull` or `DatabaseDamaged` in place of what DuckDB or Python raise for them."""
    try:
        yield
    except (duckdb.Error, OSError) as error:
        if told := failure_of_disk(error, path):
            raise told from error
        raise

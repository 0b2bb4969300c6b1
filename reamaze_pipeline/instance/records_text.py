"""Text in the files of Dagster's home: replaced wherever it stands, and looked for byte by byte.

Dagster's records repeat rows where a check failed or a metric is previewed. Nothing here knows what Dagster writes.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

_SQLITE = b"SQLite format 3\x00"


def replace_text(folder: Path, mentions: re.Pattern[str], by: str) -> int:
    """Replace what matches in every file below the folder; returns how many places were found.

    SQLite files are rewritten whole, so that nothing stays in their free pages or their log.
    """
    return sum(_replace(path, mentions, by) for path in sorted(folder.rglob("*")) if path.is_file())


def files_with(paths: Iterable[Path], text: re.Pattern[bytes]) -> list[Path]:
    """Those of the files whose bytes match."""
    return [path for path in paths if path.is_file() and text.search(path.read_bytes())]


def _replace(path: Path, mentions: re.Pattern[str], by: str) -> int:
    with path.open("rb") as file:
        is_sqlite = file.read(len(_SQLITE)) == _SQLITE
    if is_sqlite:
        return _replace_in_sqlite(path, mentions, by)
    if path.name.endswith(("-wal", "-shm", "-journal")):
        return 0
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    replaced, count = mentions.subn(by, text)
    if count:
        path.write_bytes(replaced.encode("utf-8", "surrogateescape"))
    return count


def _replace_in_sqlite(path: Path, mentions: re.Pattern[str], by: str) -> int:
    count = 0
    with closing(sqlite3.connect(path, timeout=60)) as connection:
        connection.create_function("matches", 1, lambda text: isinstance(text, str) and bool(mentions.search(text)))
        connection.create_function("replaced", 1, lambda text: mentions.sub(by, text))
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            for _, column, *_ in connection.execute(f"PRAGMA table_info({_quoted(table)})").fetchall():
                name = _quoted(column)
                done = connection.execute(
                    f"UPDATE {_quoted(table)} SET {name} = replaced({name}) WHERE matches({name})"
                )
                count += done.rowcount
        connection.commit()
        if count:
            connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return count


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

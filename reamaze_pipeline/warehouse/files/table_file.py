"""Tables as files that other programs read: CSV or Parquet, whole or some days of it.

DuckDB's own COPY writes them, so nothing passes through memory. The warehouse is opened for reading, and held
for as long as the copy takes.

Values are written as they are stored. In particular a text that begins with ``=``, ``+``, ``-`` or ``@`` is not
changed: a spreadsheet may take it for a formula, but any mark put before it would falsify the data for every
other reader (negative numbers, phone numbers, names). Who opens an export of texts that customers wrote in a
spreadsheet should import its columns as text, or take Parquet.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, get_args

import duckdb

from reamaze_pipeline.errors import UsageRefused, WarehouseError
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.files.permissions import make_private
from reamaze_pipeline.warehouse.lake.location import Location
from reamaze_pipeline.warehouse.lake.past import reading_as_of
from reamaze_pipeline.warehouse.table import literal, quoted

Format = Literal["csv", "parquet"]
STDOUT = "-"
DAY = "day"

# RFC 4180. Null is an empty field, an empty text is "".
_OPTIONS = {
    "csv": """FORMAT csv, HEADER true, DELIMITER ',', QUOTE '"', ESCAPE '"', NEW_LINE '\\r\\n'""",
    "parquet": "FORMAT parquet",
}


class ExportRefused(UsageRefused):
    """The export asked for cannot be: no such table, no days in it, a wrong format. Wrong usage, not a failure."""


@dataclass(frozen=True, slots=True)
class ExportResult:
    """``path`` is where the rows are; None if they went to stdout."""

    rows: int
    path: Path | None


def export_table(
    database: str | Location,
    table: str,
    *,
    format: Format = "csv",
    first: date | None = None,
    last: date | None = None,
    out: Path | None = None,
    as_of: datetime | None = None,
) -> ExportResult:
    """Write ``table`` (``schema.name``) to a file, its rows ordered by day if it has days.

    ``first`` and ``last``, both included, choose rows by the column ``day``. ``out`` defaults to
    ``<schema>.<name>.<format>`` in the working directory; ``-`` writes CSV to stdout. A file appears whole or not at
    all. ``as_of`` (aware) reads what a lake held then. CSV is UTF-8 with a header, as RFC 4180 has it; timestamps are
    UTC.

    Raises `ExportRefused` for what cannot be, `DatabaseUnavailable` or `DatabaseLocked` if the warehouse cannot
    be read, and `WarehouseError` if the file cannot be written.
    """
    if format not in get_args(Format):
        raise ExportRefused(f"{format} is not a format; choose {' or '.join(get_args(Format))}.")
    to_stdout = out is not None and str(out) == STDOUT
    if to_stdout and format != "csv":
        raise ExportRefused("Only CSV can be written to stdout; name a file with --out.")
    if first is not None and last is not None and first > last:
        raise ExportRefused(f"The first day, {first}, is after the last, {last}; swap them.")
    with reading_as_of(database, as_of) if as_of else reading(database) as connection:
        schema, name = _stored(connection, table)
        select = _select(connection, schema, name, first, last)
        if to_stdout:
            return ExportResult(_to_stdout(connection, select), None)
        path = out or Path(f"{schema}.{name}.{format}")
        return ExportResult(_to_file(connection, select, path, format), path)


def _stored(connection: duckdb.DuckDBPyConnection, label: str) -> tuple[str, str]:
    """The schema and name of a stored table or view, as it is spelled there."""
    found: list[tuple[str, str]] = connection.execute(
        "SELECT table_schema, table_name FROM information_schema.tables"
        " WHERE table_catalog = current_database() ORDER BY 1, 2"
    ).fetchall()
    known = {f"{schema}.{name}".lower(): (schema, name) for schema, name in found}
    if label.lower() in known:
        return known[label.lower()]
    asked = " ".join(label.split())
    alike = get_close_matches(asked.lower(), known, n=1) or [
        name for name in known if name.endswith(f".{asked.lower()}")
    ]
    hint = f" Did you mean {'.'.join(known[alike[0]])}?" if alike else ""
    there = ", ".join(f"{schema}.{name}" for schema, name in found) or "nothing yet"
    raise ExportRefused(f"There is no table {asked!r}.{hint} There is {there}.")


def _select(
    connection: duckdb.DuckDBPyConnection, schema: str, name: str, first: date | None, last: date | None
) -> str:
    """The rows to write. Days are dates, so their text is safe inside SQL; COPY takes no parameters."""
    source = f"{quoted(schema)}.{quoted(name)}"
    columns = {row[0]: row[1] for row in connection.execute(f"DESCRIBE {source}").fetchall()}
    has_days = columns.get(DAY) == "DATE"
    if not has_days and (first is not None or last is not None):
        raise ExportRefused(
            f"{schema}.{name} has no column {DAY}, so it cannot be cut by days; leave out --from and --to."
        )
    limits = [
        f"{quoted(DAY)} {comparison} DATE {literal(limit.isoformat())}"
        for comparison, limit in ((">=", first), ("<=", last))
        if limit is not None
    ]
    where = f" WHERE {' AND '.join(limits)}" if limits else ""
    return f"SELECT * FROM {source}{where}" + (f" ORDER BY {quoted(DAY)}" if has_days else "")


def _copy(connection: duckdb.DuckDBPyConnection, select: str, path: Path, kind: Format) -> int:
    copied = connection.execute(f"COPY ({select}) TO {literal(path)} ({_OPTIONS[kind]})").fetchall()
    return int(copied[0][0])


def _to_file(connection: duckdb.DuckDBPyConnection, select: str, path: Path, kind: Format) -> int:
    try:
        with _unfinished(path.parent, path.name) as unfinished:
            rows = _copy(connection, select, unfinished, kind)
            make_private(unfinished)
            unfinished.replace(path)
    except OSError as error:
        raise WarehouseError(f"{path} cannot be written ({error.strerror}); name another file with --out.") from error
    except duckdb.IOException as error:
        reason = " ".join(str(error).removeprefix("IO Error: ").split())
        raise WarehouseError(f"{path} cannot be written ({reason}); name another file with --out.") from error
    return rows


def _to_stdout(connection: duckdb.DuckDBPyConnection, select: str) -> int:
    """By way of a temporary file, so that a failing query leaves no half table in somebody's pipe."""
    with _unfinished(Path(tempfile.gettempdir()), "export") as unfinished:
        rows = _copy(connection, select, unfinished, "csv")
        with unfinished.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    return rows


@contextmanager
def _unfinished(folder: Path, name: str) -> Iterator[Path]:
    """A new file beside the one to be, gone afterwards unless it was renamed."""
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.", suffix=".part")
    os.close(handle)
    try:
        yield Path(temporary)
    finally:
        with suppress(FileNotFoundError):
            Path(temporary).unlink()

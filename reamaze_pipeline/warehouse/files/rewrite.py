"""A database file written anew, so that what was deleted is not left in its free pages."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from reamaze_pipeline.warehouse.connection import FILE_FORMAT, ROWS_PER_GROUP, writing
from reamaze_pipeline.warehouse.files.failures import told_in_words
from reamaze_pipeline.warehouse.files.permissions import make_private
from reamaze_pipeline.warehouse.table import literal, quoted

_COPY = "file rewritten"


def rewrite(database: Path) -> None:
    """Copy all that the database holds into a new file, which then takes its place. Nobody else has it meanwhile."""
    handle, name = tempfile.mkstemp(dir=database.parent, prefix=f".{database.name}.", suffix=".part")
    os.close(handle)
    unfinished = Path(name)
    unfinished.unlink()
    options = f"READ_WRITE, ROW_GROUP_SIZE {ROWS_PER_GROUP}, STORAGE_VERSION '{FILE_FORMAT}'"
    try:
        with told_in_words(unfinished), writing(database) as connection:
            (current,) = connection.execute("SELECT current_database()").fetchall()[0]
            connection.execute(f"ATTACH {literal(unfinished)} AS {quoted(_COPY)} (TYPE duckdb, {options})")
            try:
                connection.execute(f"COPY FROM DATABASE {quoted(current)} TO {quoted(_COPY)}")
            finally:
                connection.execute(f"DETACH {quoted(_COPY)}")
            make_private(unfinished)
            unfinished.replace(database)  # while the lock on the old file is still held
    finally:
        unfinished.unlink(missing_ok=True)

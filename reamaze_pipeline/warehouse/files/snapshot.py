"""A copy of the database for programs that keep a file open: replaced whole, never locked by us, never half written."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from reamaze_pipeline.warehouse.connection import reading, writing
from reamaze_pipeline.warehouse.files.failures import told_in_words
from reamaze_pipeline.warehouse.files.permissions import make_private


def replace_snapshot(database: Path, snapshot: Path) -> Path:
    """Copy the database to ``snapshot`` while no writer has it. Who has the old copy open goes on reading that one.

    Raises `DiskFull` where there is no room for a second copy beside the first; the old one then stays.
    """
    if database.with_name(f"{database.name}.wal").exists():  # a killed writer's log: opening to write takes it in
        with writing(database):
            pass
    with told_in_words(snapshot):
        if not snapshot.parent.exists():
            snapshot.parent.mkdir(parents=True)
            make_private(snapshot.parent)
        handle, name = tempfile.mkstemp(dir=snapshot.parent, prefix=f".{snapshot.name}.", suffix=".part")
        os.close(handle)
        unfinished = Path(name)
        try:
            with reading(database):
                shutil.copyfile(database, unfinished)
            make_private(unfinished)
            unfinished.replace(snapshot)
        except BaseException:
            with suppress(OSError):
                unfinished.unlink()
            raise
    return snapshot

"""A lake as it was: every commit stays readable until `upkeep` lets it go. A file has no past."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import duckdb

from reamaze_pipeline.errors import UsageRefused
from reamaze_pipeline.warehouse.engine import engine_of
from reamaze_pipeline.warehouse.lake.attaching import attach_lake
from reamaze_pipeline.warehouse.lake.location import Lake, Location, located
from reamaze_pipeline.warehouse.lake.types import LAKE
from reamaze_pipeline.warehouse.table import literal, quoted


@contextmanager
def reading_as_of(database: str | Location, moment: datetime) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection, session time zone UTC, to what was stored at ``moment`` (aware).

    Raises `UsageRefused` for a file, and for a moment that the lake does not reach back to.
    """
    lake = located(database)
    if not isinstance(lake, Lake):
        msg = f"{lake} is a file, which holds the present alone; only a lake (ducklake:…) can be read as it was."
        raise UsageRefused(msg)
    instant = moment.astimezone(UTC)
    name = f"lake {uuid.uuid4()}"
    engine = engine_of(lake)
    with engine.changed:
        try:
            attach_lake(engine.duckdb, lake, name, ["READ_ONLY", f"SNAPSHOT_TIME {literal(instant.isoformat(' '))}"])
        except duckdb.Error as error:
            text = " ".join(str(error).split())
            msg = f"{lake} cannot be read as of {instant:%Y-%m-%d %H:%M:%S} UTC: {text.partition(': ')[2] or text}"
            raise UsageRefused(msg) from None
    try:
        with closing(engine.duckdb.cursor()) as connection:
            connection.execute(f"SET VARIABLE {LAKE} = true")
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"USE {quoted(name)}")
            yield connection
    finally:
        with engine.changed:
            engine.duckdb.execute(f"DETACH {quoted(name)}")

"""What earlier audits found and nothing has mended since, read off `meta.audits`. No request is made."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from reamaze_pipeline.audit.findings import DayDifference
from reamaze_pipeline.warehouse.catalog import is_table
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.lake.location import Location, is_there
from reamaze_pipeline.warehouse.ledger import LEDGER
from reamaze_pipeline.warehouse.table import Table

_STANDING = """
select day, stored_count, api_count, audience
from {audits} as found
where day is not null and kind in ('counts', 'days', 'sides')
    -- a later look at the same day that sees as much, or a later fetch of the day, has the last word
    and not exists (
        from {audits} as later
        where later.day is null and later.audited_at > found.audited_at
            and found.day between later.first_day and later.last_day
            and (later.kind = found.kind or (later.kind = 'days' and found.kind = 'counts'))
    )
    and not exists (
        from meta.partitions as fetched
        where fetched.schema_name = 'raw' and fetched.table_name = 'message_pages'
            and fetched.day = found.day and fetched.loaded_at > found.audited_at
    )
qualify row_number() over (partition by day, audience order by audited_at desc) = 1
order by day, audience
"""


@dataclass(frozen=True, slots=True)
class Remembered:
    """When the last audit ended (naive UTC, None if there was none), and the days that still differ, oldest first."""

    audited_at: dt.datetime | None
    different: tuple[DayDifference, ...] = ()


def remembered(database: str | Location, table: Table) -> Remembered:
    """What is known; `table` is `meta.audits` as declared."""
    if not is_there(database):
        return Remembered(None)
    with reading(database) as connection:
        if not is_table(connection, table) or not is_table(connection, LEDGER):
            return Remembered(None)
        ((at,),) = connection.execute(f"SELECT max(audited_at) FROM {table.qualified} WHERE day IS NULL").fetchall()
        standing = connection.execute(_STANDING.format(audits=table.qualified)).fetchall()
    return Remembered(at, tuple(DayDifference(*row) for row in standing))

"""Which days an audit reads again in full this time, so that each has its turn.

Counts see neither an edit nor a deletion that a late message makes up for; reading everything each week would cost what
the first load did. What does not belong here: how days are read (`reread`) and compared (`compare`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from reamaze_pipeline.audit.compare import Auditor
from reamaze_pipeline.audit.findings import Audit
from reamaze_pipeline.state.plan import ranges
from reamaze_pipeline.warehouse.catalog import is_table
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.lake.location import Location
from reamaze_pipeline.warehouse.ledger import stored_partitions
from reamaze_pipeline.warehouse.table import Table

NEWEST = 7
"""The newest stored days are read each time: what was written last is edited and deleted most."""
MOST_DAYS, MOST_PAGES = 60, 600
"""What is read in one audit at most, by the pages that are stored; a day that has more by itself is read alone."""


def due_in_full(database: Location, pages: Table, audits: Table, days: Sequence[dt.date]) -> list[dt.date]:
    """Of the `days` (oldest first) those to read now, oldest first: the newest, and those whose turn it is.

    Their turn comes to the days whose last full reading is longest ago, be it by an audit or by the run that fetched
    them; of days read at the same time, to the newer first. `audits` is `meta.audits` as declared.
    """
    with reading(database) as connection:
        stored = {day: known for day, known in stored_partitions(connection, pages).items() if day is not None}
        audited: list[tuple[dt.date, dt.date, dt.datetime]] = []
        if is_table(connection, audits):
            audited = connection.execute(
                f"SELECT first_day, last_day, max(audited_at) FROM {audits.qualified}"
                " WHERE day IS NULL AND kind = 'days' GROUP BY ALL"
            ).fetchall()
    known = [day for day in days if day in stored]
    read_at = {day: stored[day].read_at for day in known}
    for first, last, at in audited:
        for day in known:
            if first <= day <= last:
                read_at[day] = max(at, read_at[day])
    turn = sorted(known[:-NEWEST], key=lambda day: (read_at[day], -day.toordinal()))
    return _bounded([*reversed(known[-NEWEST:]), *turn], {day: stored[day].row_count for day in known})


def _bounded(days: Iterable[dt.date], pages: Mapping[dt.date, int]) -> list[dt.date]:
    chosen: list[dt.date] = []
    left = MOST_PAGES
    for day in days:
        if chosen and (len(chosen) == MOST_DAYS or pages[day] > left):
            break
        chosen.append(day)
        left -= pages[day]
    return sorted(chosen)


def read_in_full(auditor: Auditor, days: Sequence[dt.date]) -> list[Audit]:
    """The days (oldest first) read again and compared message by message: an audit for each stretch of neighbours.

    All are one crawl, whose requests stand in the first.
    """
    chosen = {day.isoformat() for day in days}
    windows = [window for window in auditor.windows if window.key in chosen]
    if not windows:
        return []
    found = replace(auditor, windows=windows).rows()
    audits: list[Audit] = []
    for first, last in ranges(days, near=dt.timedelta(1)):
        mine = tuple(each for each in found.different if first <= each.day <= last)
        audits.append(Audit("days", first, last, 0 if audits else found.requests, mine))
    return audits

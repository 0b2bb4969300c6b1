"""The table `meta.audits`: what audits found, for queries, checks and the report.

One row for each audit, whose `day` is null, and one for each day that differed. Messages are named by their ids alone:
senders and texts are not kept a second time.
"""

from __future__ import annotations

import json
from typing import Any

from reamaze_pipeline.audit.findings import Audit
from reamaze_pipeline.settings import clock
from reamaze_pipeline.warehouse.catalog import prepare
from reamaze_pipeline.warehouse.connection import transaction, writing
from reamaze_pipeline.warehouse.lake.location import Location
from reamaze_pipeline.warehouse.table import Table, quoted


def record(database: Location, table: Table, audit: Audit) -> None:
    """Add an audit to `table`, which is `meta.audits` as declared, and is made where it is missing."""
    whole = {
        "audited_at": clock.now().replace(tzinfo=None),
        "kind": audit.kind,
        "first_day": audit.first,
        "last_day": audit.last,
        "requests": audit.requests,
    }
    rows: list[dict[str, Any]] = [{**whole, "different_days": len(audit.days)}]
    rows += [
        {
            **whole,
            "day": found.day,
            "audience": found.audience,
            "stored_count": found.stored,
            "api_count": found.api,
            "missing": json.dumps([message.message_id for message in found.missing]),
            "gone": json.dumps([message.message_id for message in found.gone]),
        }
        for found in audit.different
    ]
    names = table.column_names
    columns, values = ", ".join(map(quoted, names)), ", ".join("?" for _ in names)
    with writing(database) as connection, transaction(connection):
        prepare(connection, table)
        connection.executemany(
            f"INSERT INTO {table.qualified} ({columns}) VALUES ({values})",
            [[row.get(name) for name in names] for row in rows],
        )

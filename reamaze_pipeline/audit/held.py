"""What is stored, as an audit needs it: counts by day, and messages by what names them. Read only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import duckdb

from reamaze_pipeline.api.message_list import MessageList
from reamaze_pipeline.api.page import Audience
from reamaze_pipeline.api.privacy import Redaction
from reamaze_pipeline.audit.findings import NamedMessage
from reamaze_pipeline.errors import NothingStored
from reamaze_pipeline.settings.typed import typed
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.lake.location import Location, is_there
from reamaze_pipeline.warehouse.ledger import stored_days
from reamaze_pipeline.warehouse.table import Table

_OF_SIDE = {"all": "TRUE", "staff": "is_staff", "customer": "NOT is_staff"}


@dataclass(frozen=True)
class Held:
    """The stored messages of one warehouse: `table` is that of `core.messages`."""

    database: Location
    table: Table
    keep: Redaction = field(default_factory=Redaction)
    """What is stored in place of people and texts."""

    def days(self) -> tuple[dt.date, dt.date]:
        """The first and the last stored day. Raises `NothingStored`."""
        days: set[dt.date] = set()
        if is_there(self.database):
            with reading(self.database) as connection:
                days = stored_days(connection, self.table)
        if not days:
            raise NothingStored(f"no day is stored yet; run `{typed('backfill --from DAY --to DAY')}` first")
        return min(days), max(days)

    def counts(self, days: Sequence[dt.date], audience: Audience = "all") -> list[int]:
        """Messages of each day."""
        with reading(self.database) as connection:
            found = connection.execute(
                f"SELECT day, count(*) FROM {self.table.qualified}"
                f" WHERE day BETWEEN $first AND $last AND {_OF_SIDE[audience]} GROUP BY day",
                {"first": days[0], "last": days[-1]},
            ).fetchall()
        by_day = dict(found)
        return [by_day.get(day, 0) for day in days]

    def neighbours(self, start: dt.datetime, end: dt.datetime, audience: Audience, share: float) -> list[dt.datetime]:
        """Two instants of messages next to each other, so far into what is stored; fewer where there are not two."""
        where = f"created_at >= $start AND created_at < $end AND {_OF_SIDE[audience]}"
        bounds = {"start": _naive(start), "end": _naive(end)}
        with reading(self.database) as connection:
            ((count,),) = connection.execute(
                f"SELECT count(DISTINCT created_at) FROM {self.table.qualified} WHERE {where}", bounds
            ).fetchall()
            found = connection.execute(
                f"SELECT DISTINCT created_at FROM {self.table.qualified} WHERE {where}"
                " ORDER BY created_at LIMIT 2 OFFSET $place",
                {**bounds, "place": max(0, min(count - 2, int(count * share)))},
            ).fetchall()
        return [instant.replace(tzinfo=dt.UTC) for (instant,) in found]

    def stored_as(self, wanted: MessageList) -> MessageList:
        """The list by the stand-ins that are stored."""
        return replace(wanted, sent_by=self.keep.email(wanted.sent_by)) if wanted.sent_by else wanted

    def messages(self, first: dt.date, last: dt.date, wanted: MessageList) -> dict[dt.date, list[NamedMessage]]:
        """The stored messages of a list, by day."""
        with reading(self.database) as connection:
            return named_messages(connection, self.table, first, last, self.stored_as(wanted))


def named_messages(
    connection: duckdb.DuckDBPyConnection, table: Table, first: dt.date, last: dt.date, wanted: MessageList
) -> dict[dt.date, list[NamedMessage]]:
    """Messages of a table like `core.messages`, by day."""
    found = connection.execute(
        f"SELECT day, message_id, created_at, sender_email, conversation_slug FROM {table.qualified}"
        " WHERE day BETWEEN $first AND $last AND ($slug IS NULL OR conversation_slug = $slug)"
        " AND ($email IS NULL OR lower(trim(sender_email)) = $email)"
        " ORDER BY created_at, message_id",
        {
            "first": first,
            "last": last,
            "slug": wanted.conversation,
            "email": wanted.sent_by and wanted.sent_by.strip().lower(),
        },
    ).fetchall()
    by_day: dict[dt.date, list[NamedMessage]] = {}
    for day, *named in found:
        by_day.setdefault(day, []).append(NamedMessage(*named))
    return by_day


def _naive(instant: dt.datetime) -> dt.datetime:
    return instant.astimezone(dt.UTC).replace(tzinfo=None)

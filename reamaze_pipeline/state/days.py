"""The one answer to "what is missing?": for each table and day, what is wrong with it, by the ledger and the models.

A day of a table is *missing* if it was never stored, *stale* if it is not what would be stored now (its input was
stored again later, its SQL or a setting has changed, its day was cut by another time zone), *unproven* if nothing shows
that it is whole. Views store nothing, so they are never any of it: every run defines them anew where they changed. No
table is scanned. What to run is `plan`'s to say.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

import duckdb

from reamaze_pipeline.api.privacy import Redaction
from reamaze_pipeline.models.model import Model, Node, Project, Source
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.lake.location import Location, is_there
from reamaze_pipeline.warehouse.ledger import Ledger, read_ledger

KEEP_ALL = Redaction()
ALL = "bodies and people as they came"
ANOTHER_ZONE = "was cut into days of"
"""Begins the reason of a day that another REAMAZE_TIMEZONE had stored."""

Kind = Literal["missing", "stale", "unproven"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with one day of one table; ``reason`` is half a sentence."""

    kind: Kind
    reason: str
    detail: str = ""
    """What is known of this very day besides."""


Troubles = Mapping[str, Mapping[date, Trouble]]
"""By the label of the table, in the order in which tables are computed; then by day, oldest first."""


@dataclass(frozen=True, slots=True)
class WarehouseState:
    """What is wrong with the ``days`` asked about; ``elsewhere`` are days whose pages are stored besides.

    ``stored_at`` is when the newest of each day's tables was stored (naive UTC).
    """

    days: tuple[date, ...]
    troubles: Troubles
    elsewhere: tuple[date, ...] = ()
    stored_at: Mapping[date, datetime] = field(default_factory=dict)
    timezone: str = "UTC"
    """Which cuts the days."""

    @property
    def newest_whole(self) -> date | None:
        """The newest day that no table lacks. A table that holds none of the days is new: its first run is to come."""
        if not self.troubles:
            return None
        pages, *others = [
            {day for day, it in found.items() if it.kind == "missing"} for found in self.troubles.values()
        ]
        asked = set(self.days)
        lacking = pages.union(*(missing for missing in others if missing != asked))
        return max(asked - lacking, default=None)

    @property
    def last_good_night(self) -> datetime | None:
        """When the night that brought the newest whole day ended (aware UTC); None if no day is whole.

        At most a day after that day was over: later, the next day was due, and whatever is stored of this one again
        (late messages, a model that changed, a backfill of days long past) does not make up for it.
        """
        newest = self.newest_whole
        if newest is None or newest not in self.stored_at:
            return None
        over = datetime.combine(newest + timedelta(2), time(), ZoneInfo(self.timezone)).astimezone(UTC)
        return min(self.stored_at[newest].replace(tzinfo=UTC), over)

    def of_kind(self, kind: Kind) -> list[date]:
        """The days of which some table is in this trouble, oldest first."""
        return sorted({day for found in self.troubles.values() for day, it in found.items() if it.kind == kind})

    @property
    def unproven(self) -> dict[date, str]:
        """The days that could not be proven to be whole, oldest first, and what stood in the way of each."""
        found = {day: it.detail for of in self.troubles.values() for day, it in of.items() if it.kind == "unproven"}
        return dict(sorted(found.items()))

    @property
    def of_another_zone(self) -> list[date]:
        """The days that another time zone cut, oldest first; beside new ones they would hold some messages twice."""
        found = {day for of in self.troubles.values() for day, it in of.items() if ANOTHER_ZONE in it.reason}
        return sorted(found)

    @property
    def reasons(self) -> dict[str, int]:
        """Each reason of a stale or unproven day, and of how many days it is one."""
        counted: dict[str, set[date]] = {}
        for found in self.troubles.values():
            for day, trouble in found.items():
                if trouble.kind != "missing":
                    counted.setdefault(trouble.reason, set()).add(day)
        return {reason: len(days) for reason, days in counted.items()}


def pages_version(timezone: str, keep: Redaction) -> str:
    """The version of a day's pages: how days are cut, and what of people is stored."""
    return f"{timezone}; {keep.told}" if keep.told else timezone


def read_state(
    database: str | Location,
    project: Project,
    pages: Source,
    timezone: str,
    days: Collection[date],
    keep: Redaction = KEEP_ALL,
) -> WarehouseState:
    """The state of ``days`` under the calendar of ``timezone``, where of people is stored what ``keep`` says.

    A database that does not exist holds nothing.
    """
    ledger: Ledger = {}
    if is_there(database):
        with reading(database) as connection:
            ledger = _under_present_names(read_ledger(connection), project)
    asked = tuple(sorted(set(days)))
    stored = {day for day in ledger.get(_key(pages), {}) if day is not None}
    troubles = _troubles(ledger, project, pages, pages_version(timezone, keep), asked)
    return WarehouseState(asked, troubles, tuple(sorted(stored - set(asked))), _stored_at(ledger, asked), timezone)


def _stored_at(ledger: Ledger, days: Collection[date]) -> dict[date, datetime]:
    newest: dict[date, datetime] = {}
    asked = set(days)
    for stored in ledger.values():
        for day, it in stored.items():
            if day in asked and (day not in newest or it.loaded_at > newest[day]):
                newest[day] = it.loaded_at
    return newest


def _under_present_names(ledger: Ledger, project: Project) -> Ledger:
    """What an earlier version of the project stored in another schema is moved by the next run, and is not missing."""
    known = {_key(node) for node in project.nodes.values()}
    homes = {model.name: _key(model) for model in project.models if model.partitioned}
    return {homes.get(key[1], key): days for key, days in ledger.items() if key not in known} | {
        key: days for key, days in ledger.items() if key in known
    }


def due_days(connection: duckdb.DuckDBPyConnection, model: Model, days: Sequence[date]) -> list[date]:
    """Those of the days that a model must compute, its inputs being what they are now."""
    tables = [model.table, *(node.table for node in model.stored_inputs)]
    found = own_troubles(read_ledger(connection, tables), model, days)
    return [day for day in days if day in found]


def _troubles(ledger: Ledger, project: Project, pages: Source, version: str, days: Sequence[date]) -> Troubles:
    found = {pages.table.label: _of_pages(ledger, pages, version, days)}
    for model in project.models:
        if not model.partitioned:
            continue
        own = own_troubles(ledger, model, days)
        for node in model.stored_inputs:
            for day, trouble in found.get(node.table.label, {}).items():
                if trouble.kind != "unproven":  # what is stored of it is computed from; proof changes nothing
                    own.setdefault(day, Trouble("stale", f"{node.table.label} is {trouble.kind}"))
        found[model.table.label] = dict(sorted(own.items()))
    return found


def _of_pages(ledger: Ledger, pages: Source, version: str, days: Sequence[date]) -> dict[date, Trouble]:
    stored = ledger.get(_key(pages), {})
    timezone, _, kept = version.partition("; ")
    found: dict[date, Trouble] = {}
    for day in days:
        mine = stored.get(day)
        if mine is None:
            found[day] = Trouble("missing", f"{pages.table.label} was not fetched yet")
            continue
        zone, _, was = (mine.version or timezone).partition("; ")  # none: stored before versions of pages were kept
        if zone != timezone:
            found[day] = Trouble("stale", f"{pages.table.label} {ANOTHER_ZONE} {zone}, not of {timezone}")
        elif was != kept:
            found[day] = Trouble("stale", f"{pages.table.label} was stored with {was or ALL}, not with {kept or ALL}")
        elif mine.unproven:
            found[day] = Trouble("unproven", f"{pages.table.label} could not be proven to be whole", mine.unproven)
    return found


def own_troubles(ledger: Ledger, model: Model, days: Sequence[date]) -> dict[date, Trouble]:
    """What is wrong with the days of a model that is stored by day, its inputs being what they are."""
    label, version, stored = model.table.label, model.version, ledger.get(_key(model), {})
    inputs = [(node, ledger.get(_key(node), {})) for node in model.stored_inputs]
    found: dict[date, Trouble] = {}
    for day in days:
        mine = stored.get(day)
        if mine is None:
            found[day] = Trouble("missing", f"{label} was not computed yet")
            continue
        if mine.version not in {None, version}:
            found[day] = Trouble("stale", f"{label} was computed with other SQL or settings")
            continue
        for node, theirs in inputs:
            newer = theirs.get(day if node.table.partition_column else None)
            if newer is not None and newer.loaded_at > mine.read_at:
                found[day] = Trouble("stale", f"{node.table.label} was stored again after {label}")
                break
    return found


def _key(node: Node) -> tuple[str, str]:
    return node.table.schema, node.table.name

"""Which promises are broken on which days: each day is looked at when it was stored, and what was found is remembered.

So a promise is kept only if every stored day keeps it, and a night looks at its own day alone. `meta.promises` holds
one row a promise. What it asks is in `reamaze_pipeline.models.promises`; what a broken one blocks is for the graph.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import duckdb

from reamaze_pipeline.models.findings import Findings, find
from reamaze_pipeline.models.model import Model, Node
from reamaze_pipeline.models.promises import Promise
from reamaze_pipeline.warehouse.catalog import is_table, prepare
from reamaze_pipeline.warehouse.connection import reading, transaction, writing
from reamaze_pipeline.warehouse.lake.location import Location, is_there
from reamaze_pipeline.warehouse.ledger import Ledger, read_ledger
from reamaze_pipeline.warehouse.table import Column, Table

ROWS_AT_ONCE, DAYS_AT_ONCE = 100_000, 1_000
"""Rows of the largest input, and days, that are looked at together: memory does not grow with the range."""

NO_DAY = "whole"
"""Stands for the day of what is broken of a table whose rows belong to no day."""

_NEVER = datetime(1970, 1, 1)  # noqa: DTZ001 naive UTC, as the ledger has it

PROMISES = Table(
    "meta",
    "promises",
    (
        Column("schema_name", "VARCHAR", "Schema of the table that the promise is about."),
        Column("table_name", "VARCHAR", "Name of that table."),
        Column("promise", "VARCHAR", "Name of the promise, unique within its table."),
        Column("description", "VARCHAR", "What is promised."),
        Column("severity", "VARCHAR", "error or warn."),
        Column("version", "VARCHAR", "Digest of what was asked; a promise that changed is looked at anew."),
        Column("looked_until", "TIMESTAMP", "What was stored until then (UTC) has been looked at."),
        Column("broken", "JSON", "Failing rows by day; only days that break it."),
    ),
    None,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of one promise: ``broken`` counts failing rows by day (ISO; `NO_DAY` where rows have none).

    ``looked_at`` are the days looked at just now; ``findings`` what was found on them.
    """

    promise: Promise
    broken: Mapping[str, int]
    looked_at: frozenset[str] = frozenset()
    markdown: str = ""

    @property
    def kept(self) -> bool:
        """Whether every stored day keeps it."""
        return not self.broken

    @property
    def failing(self) -> int:
        """Failing rows of all days."""
        return sum(self.broken.values())

    @property
    def in_words(self) -> str:
        """What was found, then what was promised."""
        promised = self.promise.description
        return promised if self.kept else f"{_days_in_words(self.broken)} break it: {promised}"


@dataclass(frozen=True, slots=True)
class _Known:
    version: str
    looked_until: datetime
    broken: dict[str, int] = field(default_factory=dict)


def look(database: str | Location, promises: Sequence[tuple[Model, Promise]]) -> list[Verdict]:
    """Look at what was stored since the last look, remember what is found, and tell what is known by then."""
    with reading(database) as connection:
        tables = {node.table for model, _ in promises for node in (model, *model.stored_inputs)}
        ledger, known = read_ledger(connection, tables), _known(connection)
        verdicts, remembered = [], []
        for model, promise in promises:
            before = known.get((*promise.table, promise.name))
            verdict, after = _look(connection, ledger, model, promise, before)
            verdicts.append(verdict)
            if after != before:
                remembered.append((promise, after))
    if remembered:
        with writing(database) as connection:
            _remember(connection, remembered)
    return verdicts


@dataclass(frozen=True, slots=True)
class Broken:
    """One promise that some stored day breaks. ``table`` is `schema.table`, ``broken`` failing rows by day.

    ``promise`` says what is promised, ``name`` is the check's.
    """

    table: str
    name: str
    promise: str
    severity: str
    broken: Mapping[str, int]

    @property
    def in_words(self) -> str:
        """What failed, then what was promised."""
        return f"{self.table}: {self.found}, though promised: {self.promise}"

    @property
    def line(self) -> str:
        """As `schema/table: promise (days)`."""
        return f"{self.table.replace('.', '/', 1)}: {self.promise} ({self.found})"

    @property
    def days(self) -> list[date]:
        """The days that break it, oldest first; none where the rows belong to no day."""
        return sorted(date.fromisoformat(day) for day in self.broken if day != NO_DAY)

    @property
    def found(self) -> str:
        """How many rows on which days."""
        return _days_in_words(self.broken)


def broken(database: str | Location) -> list[Broken]:
    """All that is broken on any stored day."""
    if not is_there(database):
        return []
    with reading(database) as connection:
        if not is_table(connection, PROMISES):
            return []
        found = connection.execute(
            "SELECT schema_name, table_name, promise, coalesce(nullif(description, ''), promise), severity, broken"
            " FROM meta.promises WHERE json_keys(broken) <> [] ORDER BY ALL"
        ).fetchall()
    return [Broken(f"{row[0]}.{row[1]}", row[2], row[3], row[4], json.loads(row[5])) for row in found]


def broken_promises(database: str | Location, severity: str | None = None) -> list[str]:
    """A line for all that is broken on any stored day; of one severity, or of both."""
    return [one.line for one in broken(database) if severity in {None, one.severity}]


def _days_in_words(broken: Mapping[str, int]) -> str:
    days = sorted(broken)
    rows = f"{sum(broken.values()):,} row{'s' * (sum(broken.values()) != 1)}"
    if days == [NO_DAY]:
        return rows
    return f"{rows} on {days[0]}" if len(days) == 1 else f"{rows} on {len(days)} days, {days[0]} to {days[-1]}"


def _look(
    connection: duckdb.DuckDBPyConnection, ledger: Ledger, model: Model, promise: Promise, before: _Known | None
) -> tuple[Verdict, _Known]:
    version = _version(model, promise)
    if before is not None and before.version != version:
        before = None
    loaded = _loaded(ledger, model)
    until = max(loaded.values(), default=_NEVER)
    fresh = sorted(day for day, at in loaded.items() if before is None or at > before.looked_until)
    there = {NO_DAY, *(day.isoformat() for day in loaded)}
    broken = {day: count for day, count in (before.broken if before else {}).items() if day in there}
    if not fresh:
        return Verdict(promise, broken), before or _Known(version, until, broken)
    found, markdown = _failing(connection, ledger, model, promise, fresh)
    looked_at = frozenset([NO_DAY]) if model.event_time is None else frozenset(day.isoformat() for day in fresh)
    broken = {day: count for day, count in broken.items() if day not in looked_at} | found
    return Verdict(promise, dict(sorted(broken.items())), looked_at, markdown), _Known(version, until, broken)


def _loaded(ledger: Ledger, model: Model) -> dict[date, datetime]:
    """When each day of a table was stored, or of a view: the newest of what it reads."""
    loaded: dict[date, datetime] = {}
    for node in _read(model):
        for day, stored in ledger.get((node.table.schema, node.table.name), {}).items():
            if day is not None:
                loaded[day] = max(stored.loaded_at, loaded.get(day, _NEVER))
    return loaded


def _read(model: Model) -> Sequence[Node]:
    """What is stored by day of the model, or of what a view reads."""
    return [model] if model.partitioned else model.stored_inputs


def _failing(
    connection: duckdb.DuckDBPyConnection, ledger: Ledger, model: Model, promise: Promise, days: Sequence[date]
) -> tuple[dict[str, int], str]:
    """Failing rows by day, and the first of them as a table."""
    if model.event_time is None:
        findings = find(connection, promise.failing_rows(None))
        return ({NO_DAY: findings.count} if findings.count else {}), findings.markdown
    found: dict[str, int] = {}
    markdown = ""
    for batch in _batches(ledger, model, days):
        findings = find(connection, promise.failing_rows(batch))
        if findings.count:
            found |= _by_day(connection, promise, batch, findings)
            markdown = markdown or findings.markdown
    return found, markdown


def _by_day(
    connection: duckdb.DuckDBPyConnection, promise: Promise, days: Sequence[date], findings: Findings
) -> dict[str, int]:
    """Which days the failing rows are of: by their column ``day``, else by asking for half the days at a time."""
    if findings.by_day is not None:
        return {day.isoformat(): count for day, count in findings.by_day.items()}
    if len(days) == 1:
        return {days[0].isoformat(): findings.count}
    found: dict[str, int] = {}
    for half in (days[: len(days) // 2], days[len(days) // 2 :]):
        of_half = find(connection, promise.failing_rows(half))
        if of_half.count:
            found |= _by_day(connection, promise, half, of_half)
    return found


def _batches(ledger: Ledger, model: Model, days: Sequence[date]) -> Iterator[list[date]]:
    read = [ledger.get((node.table.schema, node.table.name), {}) for node in (model, *model.stored_inputs)]
    batch: list[date] = []
    rows = 0
    for day in days:
        of_day = max((stored[day].row_count for stored in read if day in stored), default=0)
        if batch and (rows + of_day > ROWS_AT_ONCE or len(batch) >= DAYS_AT_ONCE):
            yield batch
            batch, rows = [], 0
        batch.append(day)
        rows += of_day
    if batch:
        yield batch


def _version(model: Model, promise: Promise) -> str:
    """What is asked; the table's own SQL is not part of it, because days computed anew are looked at anew."""
    view = model.version if model.materialized == "view" else ""
    return hashlib.sha256(f"{promise.failing_rows(None).sql}\n{view}".encode()).hexdigest()[:16]


def _known(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str, str], _Known]:
    if not is_table(connection, PROMISES):
        return {}
    found = connection.execute(
        "SELECT schema_name, table_name, promise, version, looked_until, broken FROM meta.promises"
    ).fetchall()
    return {
        (schema, table, promise): _Known(version, until, json.loads(broken))
        for schema, table, promise, version, until, broken in found
    }


def _remember(connection: duckdb.DuckDBPyConnection, looked: Sequence[tuple[Promise, _Known]]) -> None:
    with transaction(connection):
        prepare(connection, PROMISES)
        connection.executemany(
            "DELETE FROM meta.promises WHERE schema_name = ? AND table_name = ? AND promise = ?",
            [(*promise.table, promise.name) for promise, _ in looked],
        )
        connection.executemany(
            "INSERT INTO meta.promises VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    *promise.table,
                    promise.name,
                    promise.description,
                    promise.severity,
                    known.version,
                    known.looked_until,
                    json.dumps(known.broken),
                )
                for promise, known in looked
            ],
        )

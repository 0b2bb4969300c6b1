"""A person erased: from the stored pages, all that is computed of them, the free pages of the file, copy and records.

The pages are rewritten, the tables computed anew from them, then every file is searched. As long as Re:amaze itself
holds the person, fetching a day anew would bring them back.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from reamaze_pipeline.api.privacy import ERASED, Erasure
from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.errors import NotForgotten, UsageRefused
from reamaze_pipeline.instance.home import dagster_home
from reamaze_pipeline.instance.records_text import files_with, replace_text
from reamaze_pipeline.runs.backfill import backfill
from reamaze_pipeline.warehouse.connection import reading, writing
from reamaze_pipeline.warehouse.files.rewrite import rewrite
from reamaze_pipeline.warehouse.files.snapshot import replace_snapshot
from reamaze_pipeline.warehouse.io_manager import DuckDBWarehouse
from reamaze_pipeline.warehouse.ledger import stored_partitions
from reamaze_pipeline.warehouse.partition import drop_unlisted
from reamaze_pipeline.warehouse.table import quoted


@dataclass(frozen=True, slots=True)
class Forgotten:
    """`days` are those whose `pages` held the person; `records` the places in Dagster's records that did."""

    days: int
    pages: int
    records: int
    files_searched: int


def forget(deployment: Deployment, email: str) -> Forgotten:
    """Erase whoever has the email, and prove it.

    Raises:
        UsageRefused: the text is no email, or the warehouse is a lake, which keeps what it deletes.
        NotForgotten: after all of it, a file or a table still holds the email; the text names it.
    """
    if not isinstance(deployment.database, Path):
        raise UsageRefused(
            "a lake keeps what it deletes as an older state; expire its snapshots, which DuckLake does itself"
        )
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        raise UsageRefused("forget needs an email, such as somebody@example.com")
    database, wanted = deployment.database, email.strip()
    spellings = {wanted, deployment.redaction.email(wanted)}
    days: set[dt.date] = set()
    pages, patterns = 0, []
    with writing(database) as connection:  # what is stored of a day that is going on comes again, as Re:amaze holds it
        for table in (deployment.pages.table, *deployment.daily_models):
            drop_unlisted(connection, table)
    for spelling in sorted(spellings):
        erasure = _known(deployment, Erasure(spelling))
        patterns.append(erasure.mentions().pattern)
        for day in _days_with(deployment, erasure):
            pages += _erase(deployment, erasure, day)
            days.add(day)
    if days:
        for first, last in _ranges(deployment):
            backfill(deployment, first, last)
    rewrite(database)
    home = dagster_home(database)
    records = replace_text(home, re.compile("|".join(patterns), re.IGNORECASE), ERASED)
    deployment.report_path.unlink(missing_ok=True)  # the next run writes it anew
    if deployment.storage.snapshot is not None:
        replace_snapshot(database, deployment.storage.snapshot)
    return Forgotten(len(days), pages, records, _prove(deployment, home, spellings))


def _known(deployment: Deployment, erasure: Erasure) -> Erasure:
    """With the names that only this person has."""
    names = frozenset[str]().union(*(erasure.names_in(text) for text in _payloads(deployment, erasure)))
    named = replace(erasure, names=names)
    shared = (
        frozenset[str]().union(*(named.shared_in(text) for text in _payloads(deployment, named))) if names else names
    )
    return replace(erasure, names=names - shared)


_MENTIONED = "(regexp_matches(payload, $mentions, 'i') OR contains(payload, '\\u'))"
"""A letter may stand in JSON as its number; such pages are looked through one by one."""


def _plain(texts: Iterable[str]) -> str:
    """For DuckDB's regular expressions, which do not look around; what they find is looked at once more."""
    return "|".join(map(re.escape, texts))


def _payloads(deployment: Deployment, erasure: Erasure) -> Iterator[str]:
    table = deployment.pages.table.qualified
    with reading(deployment.database) as connection:
        found = connection.execute(
            f"SELECT payload FROM {table} WHERE {_MENTIONED}", {"mentions": _plain(erasure.texts)}
        )
        while rows := found.fetchmany(100):
            yield from (text for (text,) in rows)


def _days_with(deployment: Deployment, erasure: Erasure) -> list[dt.date]:
    with reading(deployment.database) as connection:
        found = connection.execute(
            f"SELECT DISTINCT day FROM {deployment.pages.table.qualified} WHERE {_MENTIONED} ORDER BY day",
            {"mentions": _plain(erasure.texts)},
        ).fetchall()
    return [day for (day,) in found if any(_is_in(text, erasure) for text in _of_day(deployment, day))]


def _is_in(payload: str, erasure: Erasure) -> bool:
    return bool(erasure.mentions().search(json.dumps(json.loads(payload), ensure_ascii=False)))


def _of_day(deployment: Deployment, day: dt.date) -> list[str]:
    with reading(deployment.database) as connection:
        rows = connection.execute(f"SELECT payload FROM {deployment.pages.table.qualified} WHERE day = ?", [day])
        return [text for (text,) in rows.fetchall()]


def _erase(deployment: Deployment, erasure: Erasure, day: dt.date) -> int:
    """The day's pages, stored again without the person; returns how many held them."""
    table = deployment.pages.table
    with reading(deployment.database) as connection:
        names = ", ".join(quoted(name) for name in table.column_names)
        found = connection.execute(f"SELECT {names} FROM {table.qualified} WHERE day = ?", [day]).fetchall()
        was = stored_partitions(connection, table)[day]
    rows = [dict(zip(table.column_names, values, strict=True)) for values in found]
    held = [row for row in rows if _is_in(row["payload"], erasure)]
    for row in held:
        row["payload"] = erasure.page(row["payload"])
    warehouse = DuckDBWarehouse(database=str(deployment.database))
    warehouse.replace(table, [day], rows, run_id=was.run_id, version=was.version, details={day: was.details})
    return len(held)


def _ranges(deployment: Deployment) -> Iterator[tuple[dt.date, dt.date]]:
    """The stretches of stored days: computing them anew asks the API for nothing."""
    with reading(deployment.database) as connection:
        days = sorted(day for day in stored_partitions(connection, deployment.pages.table) if day is not None)
    start = days[0]
    for day, following in zip(days, [*days[1:], None], strict=True):
        if following is None or following - day > dt.timedelta(1):
            yield start, day
            start = following or start


def _prove(deployment: Deployment, home: Path, spellings: set[str]) -> int:
    """Search every file by its bytes, and every column, because text is packed in the file. Returns how many files."""
    database = Path(str(deployment.database))
    files = [database, database.with_name(f"{database.name}.wal"), deployment.report_path, *home.rglob("*")]
    files += [deployment.storage.snapshot] if deployment.storage.snapshot else []
    there = [path for path in files if path.is_file()]
    pattern = "|".join(Erasure(spelling).mentions().pattern for spelling in sorted(spellings))
    text = re.compile(pattern.replace("@", r"(?:@|\\u0040)").encode(), re.IGNORECASE)
    left = [str(path) for path in files_with(there, text)] + list(_columns_with(deployment, spellings))
    if left:
        raise NotForgotten(
            f"the email is still in {', '.join(left)}; run the same command again, and tell us if it stays"
        )
    return len(there)


def _columns_with(deployment: Deployment, spellings: set[str]) -> Iterator[str]:
    with reading(deployment.database) as connection:
        columns = connection.execute(
            "SELECT table_schema, table_name, column_name FROM information_schema.columns"
            " WHERE table_catalog = current_database()"
        ).fetchall()
        for schema, table, column in columns:
            holds = f"regexp_matches({quoted(column)}::VARCHAR, $mentions, 'i')"
            sql = f"SELECT DISTINCT {quoted(column)}::VARCHAR FROM {quoted(schema)}.{quoted(table)} WHERE {holds}"
            found = connection.execute(sql, {"mentions": _plain(spellings)}).fetchall()
            if any(Erasure(spelling).mentions().search(text) for (text,) in found for spelling in spellings):
                yield f"{schema}.{table}.{column}"

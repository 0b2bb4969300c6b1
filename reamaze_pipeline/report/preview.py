"""Small Markdown for the Dagster UI: the key numbers of a report, and a few rows of a metric's partition.

Message bodies are never shown. Texts from the data are escaped, so they can neither format nor link.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter

import duckdb

from reamaze_pipeline.report.numbers.facts import Facts
from reamaze_pipeline.report.numbers.headline import cards
from reamaze_pipeline.report.words import clean, count, day_ranges, duration, several, share
from reamaze_pipeline.warehouse.catalog import stored_columns
from reamaze_pipeline.warehouse.day_filter import DayFilter
from reamaze_pipeline.warehouse.table import Column, Table, quoted

DAY = "day"
MOST_ROWS = 10
MOST_COLUMNS = 8
LONGEST_TEXT = 32
HIDDEN = {"body", "text", "payload", "subject", "message_id"}
"""Columns never previewed: people's words, and keys nobody reads."""

_SPECIAL = re.compile(r"([\\`*_\[\]|~.:@])")  # inside a line; the last three would make links
_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UINTEGER", "UBIGINT"}


@dataclass(frozen=True, slots=True)
class Preview:
    """How many rows a partition has, and Markdown that shows the first of them."""

    rows: int
    markdown: str = field(repr=False)


def report_preview(facts: Facts | None) -> str:
    """The key numbers of a report."""
    if facts is None:
        return "No messages are stored in this period."
    shown = cards(facts)
    rows = [
        (card.label, f"**{_escaped(card.value)}**", _escaped(f"was {card.change.before}" if card.change else card.note))
        for card in shown
    ]
    stored = f"{several(len(facts.period.stored), 'day')} stored, {count(len(facts.period.missing))} missing"
    return f"**{_escaped(str(facts.period))}** · {stored}\n\n{_table(('', 'now', ''), rows)}"


def partition_previews(
    connection: duckdb.DuckDBPyConnection, table: Table, days: Sequence[date]
) -> dict[date | None, Preview]:
    """Row count, headline sums and first rows of a metric for each of the days.

    A table without a ``day``, or a call without days, has one preview under None, of all of it. At most 10 rows and
    8 columns each, the day and nested values not among them. A table that is not stored, or has no rows, says so. What
    the days have is computed once.
    """
    known = [column for column in stored_columns(connection, table) if column.name.lower() not in HIDDEN]
    if not known:
        return {None: Preview(0, f"{_escaped(table.label)} is not stored.")}
    wanted: list[date | None] = [*days] if Column(DAY, "DATE") in known else []
    window = DayFilter.of(days)
    where, parameters = (window.predicate(quoted(DAY)), dict(window.parameters)) if wanted else ("true", {})
    columns = ", ".join(quoted(column.name) for column in known)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE previewed AS SELECT {columns} FROM {table.qualified} WHERE {where}", parameters
    )
    sums, rows = _sums(connection, known, bool(wanted)), _first_rows(connection, known, bool(wanted))
    connection.execute("DROP TABLE temp.previewed")
    previews = {}
    for day in wanted or [None]:
        number, told = sums.get(day, (0, f"**{several(0, 'row')}**"))
        when = f"{_escaped(day_ranges([day]))}: " if day else ""
        previews[day] = Preview(number, "\n\n".join([when + told, *rows.get(day, [])]))
    return previews


def _sums(
    connection: duckdb.DuckDBPyConnection, known: Sequence[Column], by_day: bool
) -> dict[date | None, tuple[int, str]]:
    """Rows, and rows and the sum of each count in words, by day."""
    counted = [column.name for column in known if column.name.endswith("_count") or column.name.startswith("messages_")]
    summed = [name for name in counted if name not in {"messages_per_week", "week_count"}]
    sums = "".join(f", sum({quoted(name)})" for name in summed)
    grouped = (quoted(DAY), f" GROUP BY {quoted(DAY)}") if by_day else ("NULL", "")
    found = connection.execute(f"SELECT {grouped[0]}, count(*){sums} FROM temp.previewed{grouped[1]}").fetchall()
    told = {}
    for day, number, *values in found:
        words = [f"**{several(number, 'row')}**"]
        words += [
            f"{_escaped(name.replace('_', ' '))} **{count(value)}**"
            for name, value in zip(summed, values, strict=True)
            if value
        ]
        told[day] = (number, " · ".join(words))
    return told


def _first_rows(
    connection: duckdb.DuckDBPyConnection, known: Sequence[Column], by_day: bool
) -> dict[date | None, list[str]]:
    """A table of the rows with the largest counts or times, by day."""
    plain = [column for column in known if not (by_day and column.name == DAY) and "STRUCT" not in column.type]
    shown = plain[:MOST_COLUMNS]
    if not shown:
        return {}
    names = ", ".join(quoted(column.name) for column in shown)
    largest = next((column for column in known if column.name.endswith(("_count", "seconds"))), None)
    order = names if largest is None else f"{quoted(largest.name)} DESC NULLS LAST, {names}"
    day = quoted(DAY) if by_day else "NULL"
    found = connection.execute(
        f"SELECT {day} AS shown_under, {names}, row_number() OVER (PARTITION BY {day} ORDER BY {order}) AS place"
        f" FROM temp.previewed QUALIFY place <= {MOST_ROWS} ORDER BY shown_under, place"
    ).fetchall()
    heads = [_escaped(column.name.replace("_", " ")) for column in shown]
    tables: dict[date | None, list[str]] = {}
    for under, rows in groupby(found, itemgetter(0)):
        cells = [[_cell(value, column) for value, column in zip(row[1:-1], shown, strict=True)] for row in rows]
        tables[under] = [_table(heads, cells)]
    return tables


def _cell(value: object, column: Column) -> str:
    """As people read it: numbers by what their column is about, texts escaped."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value, column)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, list):
        return several(len(value), "value")
    return _escaped(clean(value, longest=LONGEST_TEXT))


def _number(value: float, column: Column) -> str:
    if "seconds" in column.name:
        return duration(value)
    if "share" in column.name:
        return _escaped(share(value))
    if column.name in {"origin", "visibility", "weekday", "hour"}:
        return str(value)
    return count(value) if column.type in _INTEGERS else f"{value:,.2f}"


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(heads), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _escaped(text: str) -> str:
    """Plain text in Markdown."""
    return _SPECIAL.sub(r"\\\1", text.replace("&", "&amp;").replace("<", "&lt;"))

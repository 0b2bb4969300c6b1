"""Small Markdown for the Dagster UI: the key numbers of a report, and a few rows of a metric's partition.

Message bodies are never shown. Texts from the data are escaped, so they can neither format nor link.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime

import duckdb

from reamaze_pipeline.report.facts import Facts
from reamaze_pipeline.report.headline import cards
from reamaze_pipeline.report.words import clean, count, day_ranges, duration, several, share
from reamaze_pipeline.warehouse.catalog import stored_columns
from reamaze_pipeline.warehouse.table import Column, Table, quoted

DAY = "day"
MOST_ROWS = 10
MOST_COLUMNS = 10
HIDDEN = {"body", "payload", "subject", "message_id"}
"""Columns never previewed: people's words, and keys nobody reads."""

_SPECIAL = re.compile(r"([\\`*_\[\]|~.:@])")  # inside a line; the last three would make links
_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UINTEGER", "UBIGINT"}


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


def partition_preview(connection: duckdb.DuckDBPyConnection, table: Table, days: Sequence[date]) -> str:
    """Headline sums and the first rows of a metric table or view for some days, of all of it if it has no ``day``.

    At most 10 rows and 10 columns. A table that is not stored, or has no rows, says so.
    """
    known = [column for column in stored_columns(connection, table) if column.name.lower() not in HIDDEN]
    if not known:
        return f"{_escaped(table.label)} is not stored."
    cut = bool(days) and Column(DAY, "DATE") in known
    where, parameters = (f"list_contains(?, {quoted(DAY)})", [list(days)]) if cut else ("true", [])
    return "\n\n".join(
        part
        for part in (
            _headline(connection, table, known, where, parameters),
            _rows(connection, table, known, where, parameters),
        )
        if part
    )


def _headline(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    known: Sequence[Column],
    where: str,
    parameters: list[list[date]],
) -> str:
    """Rows, and the sum of each count."""
    counted = [column.name for column in known if column.name.endswith("_count") or column.name.startswith("messages_")]
    summed = [name for name in counted if name not in {"messages_per_week", "week_count"}]
    sums = "".join(f", sum({quoted(name)})" for name in summed)
    number, *values = connection.execute(
        f"SELECT count(*){sums} FROM {table.qualified} WHERE {where}", parameters
    ).fetchall()[0]
    told = [f"**{several(number, 'row')}**"]
    told += [
        f"{_escaped(name.replace('_', ' '))} **{count(value)}**"
        for name, value in zip(summed, values, strict=True)
        if value
    ]
    when = f"{_escaped(day_ranges(parameters[0]))}: " if parameters else ""
    return when + " · ".join(told)


def _rows(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    known: Sequence[Column],
    where: str,
    parameters: list[list[date]],
) -> str:
    shown = known[:MOST_COLUMNS]
    names = ", ".join(quoted(column.name) for column in shown)
    largest = next((column for column in known if column.name.endswith(("_count", "seconds"))), None)
    order = "ALL" if largest is None else f"{quoted(largest.name)} DESC NULLS LAST, {names}"
    found = connection.execute(
        f"SELECT {names} FROM {table.qualified} WHERE {where} ORDER BY {order} LIMIT {MOST_ROWS}", parameters
    ).fetchall()
    if not found:
        return ""
    heads = [_escaped(column.name.replace("_", " ")) for column in shown]
    return _table(heads, [[_cell(value, column) for value, column in zip(row, shown, strict=True)] for row in found])


def _cell(value: object, column: Column) -> str:
    """As people read it: numbers by what their column is about, texts escaped."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value, column)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, list):
        return several(len(value), "value")
    return _escaped(clean(value, longest=60))


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

"""What a test found: how many rows break its promise, and the first of them to look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import duckdb

from reamaze_pipeline.warehouse.table import Select

SHOWN = 20
"""Rows shown; all are counted."""


@dataclass(frozen=True, slots=True)
class Findings:
    """``count`` rows fail; ``markdown`` is a table of the first `SHOWN`, and says how many it leaves out."""

    count: int
    markdown: str
    by_day: Mapping[date, int] | None = None
    """Failing rows by day, where the rows say in a column ``day`` which they are of."""


def find(connection: duckdb.DuckDBPyConnection, select: Select) -> Findings:
    """Run a test's select: it gives the failing rows, or their number named ``failing``, in one row or by day."""
    result = connection.execute(select.sql, dict(select.parameters))
    names = [column[0] for column in result.description or []]
    rows = result.fetchall()
    if names == ["failing"]:
        return Findings(rows[0][0], "")
    if names == ["day", "failing"]:
        return Findings(sum(count for _, count in rows), "", dict(rows))
    lines = [_line(names), _line(["---"] * len(names)), *(_line(row) for row in rows[:SHOWN])]
    if len(rows) > SHOWN:
        lines.append(f"\n… and {len(rows) - SHOWN:,} more")
    days = Counter(row[names.index("day")] for row in rows) if "day" in names else None
    dated = days is not None and all(isinstance(day, date) for day in days)
    return Findings(len(rows), "\n".join(lines), days if dated else None)


def _line(values: list[str] | tuple[object, ...]) -> str:
    return "| " + " | ".join(str(value).replace("|", "\\|").replace("\n", " ") for value in values) + " |"

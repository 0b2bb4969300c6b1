"""What a test found: how many rows break its promise, and the first of them to look at."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from reamaze_pipeline.warehouse.table import Select

SHOWN = 20
"""Rows shown; all are counted."""


@dataclass(frozen=True, slots=True)
class Findings:
    """``count`` rows fail; ``markdown`` is a table of the first `SHOWN`, and says how many it leaves out."""

    count: int
    markdown: str


def find(connection: duckdb.DuckDBPyConnection, select: Select) -> Findings:
    """Run a test's select: it gives the failing rows, or one row with their number named ``failing``."""
    result = connection.execute(select.sql, dict(select.parameters))
    names = [column[0] for column in result.description or []]
    rows = result.fetchall()
    if names == ["failing"]:
        return Findings(rows[0][0], "")
    lines = [_line(names), _line(["---"] * len(names)), *(_line(row) for row in rows[:SHOWN])]
    if len(rows) > SHOWN:
        lines.append(f"\n… and {len(rows) - SHOWN:,} more")
    return Findings(len(rows), "\n".join(lines))


def _line(values: list[str] | tuple[object, ...]) -> str:
    return "| " + " | ".join(str(value).replace("|", "\\|").replace("\n", " ") for value in values) + " |"

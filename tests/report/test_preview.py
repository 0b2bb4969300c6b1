"""The few rows that go with a materialization."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from reamaze_pipeline.defs.storage import PREVIEWED
from reamaze_pipeline.models.model import Project
from reamaze_pipeline.report.build import Report
from reamaze_pipeline.report.preview import Preview, partition_previews
from reamaze_pipeline.warehouse.catalog import stored_columns
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.table import Table
from tests.report.conftest import on

Brand = tuple[Path, Project]


def test_a_day_of_a_metric(brand: Brand) -> None:
    path, project = brand
    table = next(model.table for model in project.models if model.name == "staff_response_counts")
    with reading(path) as connection:
        previews = partition_previews(connection, table, [on(7).date(), on(8).date()])
    assert list(previews) == [on(7).date(), on(8).date()]
    assert previews[on(8).date()].rows == 1
    preview = previews[on(8).date()].markdown
    head, columns, _, *rows = [line for line in preview.splitlines() if line]
    assert head.startswith("10 March 2026: **1 row** · response count **1** · internal note count **1**")
    assert columns.startswith("| sender email | sender key | sender name |")
    assert rows == ["| ben\\@x\\.example | ben\\@x\\.example | ben | 1 | 1 | 0 | 1 | 0 |"]


def test_every_table_has_a_preview_of_few_rows(brand: Brand) -> None:
    path, project = brand
    days = [on(day).date() for day in range(14)]
    with reading(path) as connection:
        tables = [model.table for model in project.models if model.schema in PREVIEWED]
        for table in [table for table in tables if stored_columns(connection, table)]:
            previews = partition_previews(connection, table, days)
            assert list(previews) == (days if "day" in table.column_names else [None]), table.label
            for preview in previews.values():
                assert "**" in preview.markdown, table.label
                assert len(preview.markdown.splitlines()) <= 14
                assert "nobody may see" not in preview.markdown
            assert sum(preview.rows for preview in previews.values()) == rows_of(connection, table, days)


def rows_of(connection: duckdb.DuckDBPyConnection, table: Table, days: list[date]) -> int:
    where = "list_contains(?, day)" if "day" in table.column_names else "len(?) > 0"
    found = connection.execute(f"select count(*) from {table.qualified} where {where}", [days]).fetchall()
    return int(found[0][0])


def test_what_is_not_stored_or_empty_says_so(brand: Brand) -> None:
    path, project = brand
    table = next(model.table for model in project.models if model.name == "reply_turns")
    with reading(path) as connection:
        absent = partition_previews(connection, Table("metrics", "absent", ()), [on(1).date()])
        assert absent == {None: Preview(0, "metrics\\.absent is not stored.")}
        empty = partition_previews(connection, table, [on(99).date()])
        assert empty == {on(99).date(): Preview(0, "9 June 2026: **0 rows**")}


def test_the_preview_of_a_report(second_week: Report) -> None:
    assert "| Median response time | **3 h** | was 30 min |" in second_week.preview_markdown
    assert second_week.preview_png.startswith(b"\x89PNG")
    assert len(second_week.preview_png) < 200_000

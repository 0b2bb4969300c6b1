"""The few rows that go with a materialization."""

from __future__ import annotations

from pathlib import Path

from reamaze_pipeline.report.build import Report
from reamaze_pipeline.report.preview import partition_preview
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.model import Project
from reamaze_pipeline.warehouse.table import Table
from tests.report.conftest import on

Brand = tuple[Path, Project]


def test_a_day_of_a_metric(brand: Brand) -> None:
    path, project = brand
    table = next(model.table for model in project.models if model.name == "staff_response_counts")
    with reading(path) as connection:
        preview = partition_preview(connection, table, [on(8).date()])
    head, columns, _, *rows = [line for line in preview.splitlines() if line]
    assert head.startswith("10 March 2026: **1 row** · response count **1** · internal note count **1**")
    assert columns.startswith("| day | sender email | sender name | response count |")
    assert rows == ["| 2026-03-10 | ben\\@x\\.example | ben | 1 | 1 | 0 | 1 | 0 |"]


def test_every_table_has_a_preview_of_few_rows(brand: Brand) -> None:
    path, project = brand
    days = [on(day).date() for day in range(14)]
    with reading(path) as connection:
        for table in [model.table for model in project.models if model.schema == "metrics"]:
            preview = partition_preview(connection, table, days)
            assert "**" in preview, table.label
            assert len(preview.splitlines()) <= 14
            assert "nobody may see" not in preview


def test_what_is_not_stored_or_empty_says_so(brand: Brand) -> None:
    path, project = brand
    table = next(model.table for model in project.models if model.name == "reply_turns")
    with reading(path) as connection:
        assert partition_preview(connection, Table("metrics", "absent", ()), []) == "metrics\\.absent is not stored."
        assert partition_preview(connection, table, [on(99).date()]) == "9 June 2026: **0 rows**"


def test_the_preview_of_a_report(second_week: Report) -> None:
    assert "| Median response time | **3 h** | was 30 min |" in second_week.preview_markdown
    assert second_week.preview_png.startswith(b"\x89PNG")
    assert len(second_week.preview_png) < 200_000

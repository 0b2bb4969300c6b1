"""Exports hold exactly the stored rows, and appear whole or not at all."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import duckdb
import pytest

from reamaze_pipeline.errors import DatabaseUnavailable, WarehouseError
from reamaze_pipeline.models.model import Project
from reamaze_pipeline.warehouse.connection import reading, writing
from reamaze_pipeline.warehouse.files.table_file import ExportRefused, export_table
from tests.report.conftest import HOSTILE, Said, fill, on

Brand = tuple[Path, Project]


def test_csv_reads_back_as_it_is_stored(hostile_database: Path, tmp_path: Path) -> None:
    result = export_table(hostile_database, "core.messages", out=tmp_path / "m.csv")
    written = (tmp_path / "m.csv").read_bytes()
    rows = list(csv.DictReader(io.StringIO(written.decode(), newline="")))
    with reading(hostile_database) as connection:
        stored = connection.execute("SELECT message_id, subject FROM core.messages").fetchall()
    assert result.rows == len(rows) == len(stored)
    assert {row["message_id"]: row["subject"] for row in rows} == dict(stored)
    assert {row["subject"] for row in rows} >= set(HOSTILE)
    assert written.split(b"\r\n", 1)[0].startswith(b"message_id,created_at,day")
    assert [row["day"] for row in rows] == sorted(row["day"] for row in rows)


def test_null_and_empty_text_differ(tmp_path: Path) -> None:
    fill(
        tmp_path / "w.duckdb", [Said(on(0), "a", None, subject=""), Said(on(0, "10:00"), "a", "=1+1", subject="x")], [0]
    )
    export_table(tmp_path / "w.duckdb", "core.messages", out=tmp_path / "m.csv")
    first, second = (tmp_path / "m.csv").read_text().splitlines()[1:]
    assert '""' in first
    assert '""' not in second
    assert ",=1+1," in second


def test_parquet_keeps_types(brand: Brand, tmp_path: Path) -> None:
    path, _ = brand
    result = export_table(path, "metrics.reply_turns", format="parquet", out=tmp_path / "t.parquet")
    relation = duckdb.read_parquet(str(tmp_path / "t.parquet"))
    types = dict(zip(relation.columns, map(str, relation.types), strict=True))
    assert (types["day"], types["replied_at"], types["seconds"]) == ("DATE", "TIMESTAMP", "DOUBLE")
    assert result.rows == len(relation) == 14


def test_days_are_cut_at_both_ends(brand: Brand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = export_table(brand[0], "Intermediate.Stored_Days", first=on(3).date(), last=on(4).date())
    assert result.path == Path("intermediate.stored_days.csv")
    assert [row["day"] for row in csv.DictReader(result.path.read_text().splitlines())] == ["2026-03-05", "2026-03-06"]
    assert export_table(brand[0], "intermediate.stored_days", first=on(12).date()).rows == 2
    assert export_table(brand[0], "intermediate.stored_days", last=on(0).date()).rows == 1


def test_stdout_gets_csv_and_nothing_else(brand: Brand, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    result = export_table(brand[0], "seeds.visibilities", out=Path("-"))
    assert (result.rows, result.path) == (3, None)
    assert capfdbinary.readouterr().out.splitlines()[:2] == [b"code,name", b"0,Regular"]


@pytest.mark.parametrize(
    ("table", "options", "reason"),
    [
        ("metrics.nothing", {}, "There is no table 'metrics.nothing'. Did you mean metrics."),
        ('core.messages"; DROP TABLE core.messages; --', {}, "There is no table"),
        ("seeds.origins", {"first": on(0).date()}, "has no column day"),
        ("core.messages", {"first": on(2).date(), "last": on(1).date()}, "swap them"),
        ("core.messages", {"format": "xlsx"}, "choose csv or parquet"),
        ("core.messages", {"format": "parquet", "out": Path("-")}, "Only CSV"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    brand: Brand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str, options: dict[str, object], reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ExportRefused) as refused:
        export_table(brand[0], table, **options)  # type: ignore[arg-type]
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_odd_names_are_only_names(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with writing(path) as connection:
        connection.execute("""CREATE SCHEMA "a'b" """)
        connection.execute("""CREATE TABLE "a'b"."c""d" AS SELECT 1 AS x""")
    out = tmp_path / "it's.csv"
    assert export_table(path, "a'b.c\"d", out=out).rows == 1
    assert out.read_bytes() == b"x\r\n1\r\n"


def test_a_failing_export_leaves_what_was_there(tmp_path: Path) -> None:
    path, out = tmp_path / "w.duckdb", tmp_path / "old.csv"
    out.write_text("old")
    with writing(path) as connection:
        connection.execute("CREATE VIEW bad AS SELECT error('no') AS x, 1 AS day")
    with pytest.raises(duckdb.Error):
        export_table(path, "main.bad", out=out)
    assert out.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["old.csv", "w.duckdb"]


def test_unreadable_and_unwritable_places_are_told(brand: Brand, tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable):
        export_table(tmp_path / "absent.duckdb", "core.messages")
    with pytest.raises(WarehouseError, match="cannot be written"):
        export_table(brand[0], "core.messages", out=tmp_path / "absent" / "m.csv")

"""Where a warehouse is, as text and as a value."""

from __future__ import annotations

from pathlib import Path

import pytest

from reamaze_pipeline.errors import LocationRefused
from reamaze_pipeline.warehouse.lake.location import Lake, folder_beside, is_there, located


@pytest.mark.parametrize(
    ("text", "location", "folder"),
    [
        ("data/reamaze.duckdb", Path("data/reamaze.duckdb"), Path("data")),
        ("ducklake:lake/catalog.ducklake", Lake("duckdb", "lake/catalog.ducklake"), Path("lake")),
        ("ducklake:sqlite:lake/catalog.sqlite", Lake("sqlite", "lake/catalog.sqlite"), Path("lake")),
        (
            "ducklake:postgres:dbname=lake host=db#data=s3://bucket/acme&schema=acme",
            Lake("postgres", "dbname=lake host=db", "s3://bucket/acme", "acme"),
            Path("data"),
        ),
        (
            "ducklake:postgres:postgresql://me@db/lake?sslmode=require",
            Lake("postgres", "postgresql://me@db/lake?sslmode=require"),
            Path("data"),
        ),
    ],
)
def test_a_text_means_a_location_and_back(text: str, location: Path | Lake, folder: Path) -> None:
    assert located(text) == location
    assert located(str(location)) == location == located(location)
    assert folder_beside(text) == folder


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("md:warehouse", "md: is not supported"),
        ("postgresql://me@db/x", "postgresql: is not supported"),
        ("ducklake:", "must go on with a catalog"),
        ("ducklake:postgres:", "must go on with a catalog"),
        ("ducklake:postgres:dbname=x password=hush", "PGPASSWORD"),
        ("ducklake:postgres:postgresql://me:hush@db/x", "PGPASSWORD"),
        ("ducklake:x#files=there", "no option of a lake"),
        ("ducklake:x#schema=DROP TABLE", "lower-case letters"),
    ],
)
def test_what_names_no_warehouse_is_refused_in_words(text: str, says: str) -> None:
    with pytest.raises(LocationRefused, match=says) as refused:
        located(text)
    assert "hush" not in str(refused.value)


def test_a_file_is_there_or_not_and_a_server_is_to_be_asked(tmp_path: Path) -> None:
    (tmp_path / "a.sqlite").touch()
    assert [
        is_there(f"ducklake:sqlite:{tmp_path}/a.sqlite"),
        is_there(f"ducklake:sqlite:{tmp_path}/b.sqlite"),
        is_there("ducklake:postgres:dbname=lake"),
    ] == [True, False, True]

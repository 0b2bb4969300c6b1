"""What DuckDB runs, a model may be: each kind of select is loaded, stored by day, and tells its lineage or none."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import dagster as dg
import pytest

from reamaze_pipeline.crawl.progress import CrawlProgress
from reamaze_pipeline.defs.modelled.tables import table_assets
from reamaze_pipeline.defs.modelled.views import view_assets
from reamaze_pipeline.defs.partitions import daily_partitions
from reamaze_pipeline.defs.storage import PreviewingWarehouse
from reamaze_pipeline.errors import LineageUnknown, ModelError
from reamaze_pipeline.models.lineage import column_lineage
from reamaze_pipeline.models.project import load_project
from reamaze_pipeline.models.seeds import load_seeds
from reamaze_pipeline.settings import Calendar
from tests.stored_pages import DAY
from tests.stored_pages import Warehouse as Stored

BOM = "\ufeff"
NEXT = DAY + dt.timedelta(days=1)
SOURCES = """
sources:
  - name: raw
    tables:
      - name: events
        config: {event_time: day}
        columns:
          - {name: day, data_type: DATE}
          - {name: kind, data_type: VARCHAR}
          - {name: size, data_type: INTEGER}
          - {name: place, data_type: "STRUCT(x INTEGER, y INTEGER)"}
          - {name: marks, data_type: "INTEGER[]"}
"""
E = "{{ source('raw', 'events') }}"
KINDS = {
    "from_first": f"from {E} select day, size",
    "from_alone": f"from {E}",
    "unnamed": f"select day, count(*), sum(size + 1) from {E} group by day",
    "pivoted": f"pivot (select day, kind from {E}) on kind in ('a', 'b') using count(*) group by day",
    "pivoted_inside": f"with p as (pivot (select day, kind from {E}) on kind in ('a') using count(*)) from p",
    "unpivoted": f"unpivot (select day, size, size + 1 as more from {E}) on size, more into name what value n",
    "by_pattern": f"select day, columns('k.*|s.*') from {E}",
    "by_lambda": f"select day, columns(lambda c: c like 's%') from {E}",
    "stars_alike": f"select day, * like 's%' from {E}",
    "without": f"select * exclude (place, marks) replace (size + 1 as size) from {E}",
    "renamed": f"select day, * exclude (day) rename (size as width) from {E}",
    "by_name": f"select day, size from {E} union all by name select size, day from {E}",
    "of_struct": f"select day, unnest(place) from {E}",
    "dotted": f"select day, place.*, place.x + 1 as next from {E}",
    "of_list": f"select day, unnest(marks) as mark from {E}",
    "comprehended": f"select day, [x + 1 for x in marks] as more from {E}",
    "recursive": f"with recursive r as (select day, 1 n from {E} union select day, n + 1 from r where n < 3) from r",
    "materialized_step": f"with s as materialized (from {E}) select day, size from s",
    "lateral_join": f"select e.day, t.double from {E} as e, lateral (select e.size * 2 as double) as t",
    "qualified": f"select day, size from {E} qualify row_number() over (partition by day order by size) = 1",
    "windowed": f"select day, sum(size) over w as so_far from {E} window w as (order by day, size)",
    "sampled": f"select day, size from {E} using sample 100 percent (bernoulli)",
    "valued": f"from (values (DATE '2026-03-01', 1)) as given(day, n) where day in (select day from {E})",
    "in_brackets": f"((select day, size from {E}) union (select day, size from {E})) order by all",
    "as_of": f"select a.day, b.size from {E} as a asof join {E} as b on a.kind = b.kind and a.day >= b.day",
    "prefixed_alias": f"select day, n: size + 1 from {E}",
    "upper_case": f"select day as DAY, size from {E}",
    "odd_columns": f"select day, size as \"Größe in m²\", kind as \"a 'b' \"\"c\"\"\" from {E}",
    "semicolon": f"select day, size from {E}; -- the end",
    "semicolons": f"-- 'one; two\nselect day, ';' as mark from {E} /* ; */ ;\n;\n/* the end; really */",
    "marked": f"{BOM}select day, size from {E}",
    "größe": f"select day, size from {E}",
    "mit leer-zeichen": f"select day, size from {E}",
}  # fmt: skip
TABLES = {
    "summary": f"summarize {E}",
    "described": f"-- what there is\nDESCRIBE {E}",
    "shown": f"show {E};",
    "constants": "values (1, 'a'), (2, 'b')",
}
ORIGINS_KNOWN = {
    "from_first": ("size", [("raw", "events", "size")]),
    "unnamed": ("sum((size + 1))", [("raw", "events", "size")]),
    "semicolon": ("size", [("raw", "events", "size")]),
    "marked": ("size", [("raw", "events", "size")]),
    "größe": ("size", [("raw", "events", "size")]),
}
UNKNOWN = {"pivoted", "by_pattern", "by_name", "of_struct"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for schema in ("raw", "s", "seeds"):
        (folder / schema).mkdir()
    (folder / "raw" / "schema.yml").write_text(BOM + SOURCES, encoding="utf-8")
    (folder / "seeds" / "codes.csv").write_text(f'{BOM}"code",name\n1,Größe\n', encoding="utf-8")
    for name, sql in KINDS.items():
        (folder / "s" / f"{name}.sql").write_text(sql, encoding="utf-8")
    for name, sql in TABLES.items():
        (folder / "s" / f"{name}.sql").write_text(f"{{{{ config(materialized='table') }}}}{sql}", encoding="utf-8")
        (folder / "s" / f"{name}_view.sql").write_text(f"{{{{ config(materialized='view') }}}}{sql}", encoding="utf-8")
    return folder


def test_every_select_is_stored(folder: Path, database: Path) -> None:
    project = load_project([folder])
    load_seeds(database, project.seeds)
    warehouse = Stored(database, project)
    rows = [
        {"day": day, "kind": kind, "size": size, "place": {"x": size, "y": 2}, "marks": [size]}
        for day in (DAY, NEXT)
        for kind, size in (("a", 1), ("b", 2), ("a", 3))
    ]
    warehouse.manager.replace(project.source("raw", "events").table, [DAY, NEXT], rows)
    for model in project.models:
        if model.materialized == "view":
            warehouse.manager.define_view(model.table, model.select())
            continue
        days = [DAY] if model.partitioned else []
        counts = warehouse.manager.replace(model.table, days, model.select(days or None))
        assert sum(counts.values()) > 0, model.name
        assert set(counts) == {DAY if model.partitioned else None}
    assert warehouse.rows('SELECT "count_star()", "sum((size + 1))" FROM s.unnamed') == [(3, 9)]
    assert warehouse.rows("SELECT a, b FROM s.pivoted") == [(2, 1)]
    assert warehouse.rows("SELECT count(*), count(DISTINCT size) FROM s.by_name") == [(6, 3)]
    assert warehouse.rows("SELECT count(*) FROM s.summary_view") == warehouse.rows("SELECT count(*) FROM s.summary")
    assert warehouse.rows('SELECT sum(size) FROM s."größe"') == [(6,)]
    assert warehouse.rows("SELECT code, name FROM seeds.codes") == [("1", "Größe")]


def test_lineage_is_told_or_unknown_never_wrong(folder: Path) -> None:
    project = load_project([folder])
    unknown = set()
    for model in project.models:
        try:
            told = column_lineage(model, project)
        except LineageUnknown:
            unknown.add(model.name)
            continue
        assert list(told) == list(model.table.column_names)
        if model.name in ORIGINS_KNOWN:
            column, origins = ORIGINS_KNOWN[model.name]
            assert told[column] == origins
    assert unknown >= UNKNOWN
    assert not unknown & ORIGINS_KNOWN.keys()


def test_dagster_takes_them_all_and_unknown_lineage_is_said_once(
    folder: Path, database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    project = load_project([folder])
    partitions = daily_partitions(Calendar(start_date=DAY))
    assets = [*table_assets(project, partitions), *view_assets(project)]
    view_assets(project)
    said = [record.getMessage() for record in caplog.records if "s.pivoted " in record.getMessage()]
    assert len(said) == 1
    assert {key.path[-1] for asset in assets for key in asset.keys} == {model.name for model in project.models}
    warehouse = PreviewingWarehouse(database=str(database))
    events = project.source("raw", "events").table
    warehouse.replace(events, [DAY], [{"day": DAY, "kind": "a", "size": 4}])
    some = [dg.AssetKey(["s", name]) for name in ("größe", "mit leer-zeichen", "pivoted")]
    resources = {"reamaze_warehouse": warehouse, "reamaze_crawl_progress": CrawlProgress()}
    done = dg.materialize(assets, selection=some, partition_key=str(DAY), resources=resources)
    assert {event.asset_key for event in done.get_asset_materialization_events()} == set(some)
    assert Stored(database, project).rows('SELECT size FROM s."größe"') == [(4,)]


@pytest.mark.parametrize(
    ("file", "text", "why"),
    [
        ("s/que*ry.sql", "select 1 as day", r"que\*ry\.sql:1: the file's name 'que\*ry' cannot be"),
        ("s/it's.sql", "select 1 as day", "it's.sql:1: the file's name"),
        ("s/ lead.sql", "select 1 as day", "the file's name ' lead'"),
        ("my:schema/a.sql", "select 1 as day", "the folder's name 'my:schema'"),
        ("temp/a.sql", "select 1 as day", "temp is DuckDB's own"),
        ("seeds/co,des.csv", "a,b\n", "the file's name 'co,des'"),
        ("s/FROM_FIRST.sql", "select 1 as day", "another model or seed is named (?i:from_first)"),
        ("raw/events.sql", "select 1 as day", "raw.events is a source"),
        ("s/free.sql", "pivot (select 1 as day, 'a' as k) on k using count(*)", "pivot … on … in"),
        ("s/two.sql", "select 1 as day; select 2 as day", "exactly one select"),
        ("s/nothing.sql", "-- nothing at all", "exactly one select"),
        ("s/loaded.sql", "call pragma_version()", "exactly one select"),
    ],
)
def test_what_cannot_be_is_refused_with_file_and_reason(tmp_path: Path, file: str, text: str, why: str) -> None:
    for name, content in {"raw/schema.yml": SOURCES, "s/from_first.sql": KINDS["from_first"], file: text}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match=why) as error:
        load_project([tmp_path])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("file", ["s/a.sql", "s/schema.yml", "seeds/codes.csv", "macros/m.sql"])
def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path, file: str) -> None:
    (tmp_path / file).parent.mkdir()
    (tmp_path / file).write_bytes("first\nGröße".encode("utf-16"))
    with pytest.raises(ModelError, match=rf"{Path(file).name}:\d: not UTF-8 text"):
        load_project([tmp_path])

"""Folders of models: what is read from them, and what is refused with file and line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from reamaze_pipeline.errors import ModelError
from reamaze_pipeline.models.column_tests import failing_rows
from reamaze_pipeline.models.findings import find
from reamaze_pipeline.models.lineage import column_lineage
from reamaze_pipeline.models.model import Model, Project
from reamaze_pipeline.models.project import load_project
from reamaze_pipeline.warehouse.connection import reading, writing
from reamaze_pipeline.warehouse.day_filter import DailySelect
from reamaze_pipeline.warehouse.partition import replace_partitions
from reamaze_pipeline.warehouse.table import Column, ColumnTest
from tests.stored_pages import CORE, DAY, SHIPPED, Warehouse, message, page

SOURCES = """
sources:
  - name: raw
    tables:
      - name: events
        config: {event_time: day}
        columns:
          - {name: day, data_type: DATE}
          - {name: kind, data_type: VARCHAR}
"""


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in {"raw/schema.yml": SOURCES, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def only(models: Sequence[Model]) -> Model:
    (model,) = models
    return model


COUNTS = """{{ config(
    materialized='incremental',
    event_time='day'
) }}
select day, kind, count(*) as events
from {{ source('raw', 'events') }}
group by all
"""


def test_what_a_model_says(tmp_path: Path) -> None:
    yml = """
models:
  - name: counts
    description: Events by kind.
    config: {meta: {owner: team@example.com}, tags: [daily]}
    columns:
      - name: kind
        description: The kind.
        data_tests: [not_null, {accepted_values: {arguments: {values: [a]}, config: {severity: warn}}}]
"""
    model = only(load_project([write(tmp_path, {"stats/counts.sql": COUNTS, "stats/schema.yml": yml})]).models)
    assert (model.schema, model.name, model.materialized, model.event_time) == ("stats", "counts", "incremental", "day")
    assert [(c.name, c.type) for c in model.columns] == [("day", "DATE"), ("kind", "VARCHAR"), ("events", "BIGINT")]
    assert (model.description, model.owners, model.tags) == ("Events by kind.", ("team@example.com",), ("daily",))
    assert [(column.name, test.name, test.severity) for column, test in model.tests] == [
        ("kind", "not_null", "error"),
        ("kind", "accepted_values", "warn"),
    ]
    assert model.sources == (("raw", "events"),)


MACROS = """{% macro loud(column) -%}
    upper({{ column }}){{ suffix() }}
{%- endmacro %}
{% macro suffix() %} || '{{ var('mark', '!') }}'{% endmacro %}
"""


def test_models_call_the_macros_of_all_folders(tmp_path: Path) -> None:
    loud = "{{ config(materialized='table') }}\nselect {{ loud('kind') }} as kind\nfrom {{ source('raw', 'events') }}"
    first = write(tmp_path / "shipped", {"macros/text.sql": MACROS, "own/loud.sql": loud})
    loaded = load_project([first])
    model = only(loaded.models)
    assert "select upper(kind) || '!' as kind" in " ".join(model.sql.split())
    assert column_lineage(model, loaded)["kind"] == [("raw", "events", "kind")]
    own = tmp_path / "own"
    (own / "macros").mkdir(parents=True)
    (own / "macros" / "suffix.sql").write_text("{% macro suffix() %} || '?'{% endmacro %}")
    assert "upper(kind) || '?'" in only(load_project([first, own]).models).sql


def test_what_goes_wrong_in_a_macro_is_told_where_it_is_called(tmp_path: Path) -> None:
    files = {
        "macros/bad.sql": "{% macro bad() %}\n\n\n{{ ref('nothing') }}{% endmacro %}",
        "own/calls.sql": "select 1 as one\nfrom {{ bad() }}",
    }
    with pytest.raises(ModelError, match=r"calls\.sql:\d: ref\('nothing'\) names no model"):
        load_project([write(tmp_path / "called", files)])
    with pytest.raises(ModelError, match=r"broken\.sql:2: "):
        load_project([write(tmp_path / "broken", {"macros/broken.sql": "{# #}\n{% macro %}"})])
    arguments = {
        "macros/two.sql": "{% macro two(a) %}{{ a }}{% endmacro %}",
        "own/m.sql": "select\n {{ two(1, 2) }} as one",
    }
    with pytest.raises(ModelError, match=r"m\.sql:2: "):
        load_project([write(tmp_path / "arguments", arguments)])


def test_a_window_is_parameters_and_render_opts_out(tmp_path: Path) -> None:
    windowed = "select day from {{ source('raw', 'events') }}"
    whole = "select day from {{ source('raw', 'events').render() }}"
    folder = write(tmp_path, {"s/windowed.sql": windowed, "s/whole.sql": whole})
    models = {model.name: model for model in load_project([folder]).models}
    select = models["windowed"].select([date(2026, 3, 2), DAY])
    assert isinstance(select, DailySelect)
    assert select.parameters == {"window_start_0": DAY, "window_end_0": date(2026, 3, 3)}
    assert "2026" not in select.sql
    assert models["whole"].select([DAY]).parameters == {}
    assert "$window" not in models["whole"].select([DAY]).sql


def test_a_folder_of_ones_own_builds_on_the_shipped_one(tmp_path: Path, warehouse: Warehouse) -> None:
    sql = "select day, sender_email, count(*) as messages from {{ ref('messages') }} group by all"
    own = write(tmp_path, {"metrics/my_metric.sql": sql})
    warehouse.project = load_project([SHIPPED, own])
    warehouse.store({DAY: [page(DAY, [message(1), message(2)])]})
    warehouse.derive([DAY], [*CORE, "my_metric"])
    assert warehouse.table("metrics.my_metric") == [(DAY, "hal@example.com", 2)]


BAD: list[tuple[dict[str, str], str, str]] = [
    ({"s/a.sql": "select 1 as day,\n  {{ ref('b') }}"}, r"s/a\.sql:2:", "names no model"),
    ({"s/a.sql": "select day\nfrom {{ source('raw', 'nothing') }}"}, r"s/a\.sql:2:", "declared in no schema.yml"),
    (
        {"s/a.sql": "select day\nfrom {{ ref('b') }}", "s/b.sql": "select day from {{ ref('a') }}"},
        r"s/(a\.sql:2|b\.sql:1):",
        "refer to each other",
    ),
    ({"s/a.sql": "{{ config(\n) }}\nselect day,\n  knd\nfrom {{ source('raw', 'events') }}"}, r"a\.sql:4:", "knd"),
    ({"s/a.sql": "select day\nfrom {{ source('raw', 'events') }\n"}, r"a\.sql:2:", ""),
    ({"s/a.sql": "select day\nfrom {{ unheard_of }}"}, r"a\.sql:2:", "unheard_of"),
    ({"s/a.sql": "select day\nfrom {% if %}"}, r"a\.sql:2:", ""),
    ({"s/a.sql": "selec day\n"}, r"a\.sql:1:", "selec"),
    ({"s/a.sql": "select 1 as day; select 2 as day"}, r"a\.sql:1:", "exactly one select"),
    ({"s/a.sql": "select 1 as day, 2 as DAY"}, r"a\.sql:1:", "more than one column day"),
    ({"s/a.sql": "drop table x"}, r"a\.sql:1:", "exactly one select"),
    ({"s/a.sql": "select kind from {{ source('raw', 'events') }}"}, r"a\.sql:1:", "event_time"),
    ({"s/a.sql": "{{ config(materialized='magic') }} select 1 as day"}, r"a\.sql:1:", "materialized"),
    ({"s/a.sql": "select {{ ''.__class__.__mro__ }} as day"}, r"a\.sql:1:", "unsafe"),
    ({"s/a.sql": "select '{{ var(\"x\") }}' as day"}, r"a\.sql:1:", "no value"),
    ({"s/a.sql": COUNTS, "t/a.sql": COUNTS}, r"t/a\.sql:1:", "another model"),
    ({"s/schema.yml": "models:\n  - name: a"}, r"s/schema\.yml:2:", "no s/a.sql"),
    ({"s/schema.yml": "models:\n  - name: [\n"}, r"s/schema\.yml:3:", "YAML"),
    ({"s/schema.yml": "- models"}, r"s/schema\.yml:1:", "mapping"),
    (
        {"s/a.sql": COUNTS, "s/schema.yml": "models:\n  - name: a\n    columns:\n      - name: knid"},
        r"s/schema\.yml:4:",
        "no column knid",
    ),
    (
        {
            "s/a.sql": COUNTS,
            "s/schema.yml": "models:\n  - name: a\n    columns:\n      - name: kind\n        data_type: TXT",
        },
        r"s/schema\.yml:4:",
        "TXT",
    ),
    (
        {
            "s/a.sql": COUNTS,
            "s/schema.yml": "models:\n  - name: a\n    columns:\n      - name: kind\n"
            "        data_tests: [{relationships: {arguments: {to: ref('b'), field: x}}}]",
        },
        r"s/schema\.yml:4:",
        "names no model",
    ),
    (
        {
            "s/a.sql": COUNTS,
            "s/schema.yml": "models:\n  - name: a\n    columns:\n      - name: kind\n        data_tests: [matches]",
        },
        r"s/schema\.yml:4:",
        "unknown test matches",
    ),
    (
        {
            "s/a.sql": COUNTS,
            "s/schema.yml": "models:\n  - name: a\n    columns:\n      - name: kind\n"
            "        config: {meta: {compression: zip}}",
        },
        r"s/schema\.yml:4:",
        "uncompressed or left out",
    ),
    (
        {
            "s/a.sql": COUNTS,
            "s/schema.yml": "models:\n  - name: a\n    columns:\n      - name: kind\n"
            "        config: {meta: {compression: uncompressed}}",
        },
        r"s/schema\.yml:4:",
        "only a source's columns",
    ),
    ({"seeds/codes.csv": ""}, r"seeds/codes\.csv:1:", "header"),
]


@pytest.mark.parametrize(("files", "place", "says"), BAD)
def test_a_bad_file_is_refused_with_file_and_line(tmp_path: Path, files: dict[str, str], place: str, says: str) -> None:
    with pytest.raises(ModelError, match=place) as error:
        load_project([write(tmp_path, files)])
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such folder"):
        load_project([tmp_path / "nowhere"])


def test_lineage_reaches_the_tables_through_ctes_and_nested_values(project: Project) -> None:
    models = {model.name: model for model in project.models}
    messages = column_lineage(models["messages"], project)
    assert ("raw", "message_pages", "payload") in messages["body"]
    assert messages["day"] == [("raw", "message_pages", "day")]
    assert ("seeds", "origins", "name") in messages["origin_name"]
    assert ("raw", "message_pages", "kept_is_staff") in messages["is_staff"]
    recipients = column_lineage(models["message_recipients"], project)
    assert recipients["email"] == [("core", "messages", "recipients")]
    for model in project.models:
        assert set(column_lineage(model, project)) == set(model.table.column_names)


def test_every_shipped_column_and_table_is_described(project: Project) -> None:
    for model in project.models:
        if model.schema == "core":
            assert model.description
            assert [column.name for column in model.columns if not column.description] == []


def test_column_tests_count_what_fails_in_the_days_of_the_run(warehouse: Warehouse, project: Project) -> None:
    other = date(2026, 3, 2)
    warehouse.run(
        {
            DAY: [page(DAY, [message(1, visibility=7), message(2, origin=99)])],
            other: [page(other, [message(3, visibility=8), message(4, visibility=9)])],
        }
    )
    others = [
        (Column("visibility", "INTEGER"), ColumnTest("accepted_values", {"values": [0, 1, 2]})),
        (Column("origin", "INTEGER"), ColumnTest("relationships", {"to": "origins", "field": "code"})),
    ]
    found = {}
    for model in project.models:
        if model.name not in CORE:
            continue
        for column, test in [*model.tests, *(others if model.name == "messages" else [])]:
            for days in ([DAY], [other], None):
                select = failing_rows(project, model, column, test, days)
                with reading(warehouse.path) as connection:
                    count = find(connection, select).count
                if count:
                    found[model.name, column.name, test.name, days[0] if days else None] = count
    assert found == {
        ("messages", "visibility", "accepted_values", DAY): 1,
        ("messages", "visibility", "accepted_values", other): 2,
        ("messages", "visibility", "accepted_values", None): 3,
        ("messages", "origin", "relationships", DAY): 1,
        ("messages", "origin", "relationships", None): 1,
    }


def test_a_column_may_be_stored_as_it_is(tmp_path: Path, database: Path) -> None:
    packed = SOURCES + "          - {name: text, data_type: VARCHAR}\n"
    plain = SOURCES + "          - {name: text, data_type: VARCHAR, config: {meta: {compression: uncompressed}}}\n"
    rows = [{"day": DAY, "kind": "k", "text": f"{n % 5} the same again and again"} for n in range(20_000)]
    found = {}
    for name, declared in (("packed", packed), ("plain", plain)):
        table = load_project([write(tmp_path / name, {"raw/schema.yml": declared})]).source("raw", "events").table
        with writing(database) as connection:
            connection.execute("DROP TABLE IF EXISTS raw.events")
            replace_partitions(connection, table, [DAY], rows)
        with reading(database) as connection:
            kinds = "SELECT DISTINCT compression FROM pragma_storage_info('raw.events') WHERE column_name = 'text'"
            found[name] = {kind for (kind,) in connection.execute(f"{kinds} AND segment_type = 'VARCHAR'").fetchall()}
    assert found["plain"] == {"Uncompressed"}
    assert "Uncompressed" not in found["packed"]

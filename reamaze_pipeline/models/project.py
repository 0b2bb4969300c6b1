"""Folders of SQL, YAML and CSV read into a checked `Project`: names resolved, ordered, every select bound.

DuckDB binds each select against empty tables of the declared types, in an in-memory database. So what the
loader accepts is what DuckDB will run, and columns nobody typed get the type the SQL gives them.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from io import StringIO
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

import duckdb

from reamaze_pipeline.errors import ModelError, TableRefused
from reamaze_pipeline.models.columns import declare
from reamaze_pipeline.models.declarations import Declared, read_declarations
from reamaze_pipeline.models.files.names import schema_name, table_name
from reamaze_pipeline.models.files.text import read_text
from reamaze_pipeline.models.model import ROWS_PER_BATCH, Materialized, Model, Node, Project, Seed, Source, relation
from reamaze_pipeline.models.template import Relation, Rendered, SqlTemplate, read_macros
from reamaze_pipeline.warehouse.staging import describe
from reamaze_pipeline.warehouse.table import Select, Table, quoted

_NOT_SCHEMAS = {"seeds", "tests", "macros", "target", "logs", "snapshots", "analyses", "dbt_packages"}
_SEEDS = "seeds"
_DEFAULTS: dict[str, Any] = {"materialized": "incremental", "event_time": "day"}  # as in dbt_project.yml
_SQL_LINE = re.compile(r"LINE (\d+):")


@dataclass(frozen=True, slots=True)
class _Draft:
    """A model's file once rendered, before its columns are known."""

    schema: str
    name: str
    template: SqlTemplate
    rendered: Rendered
    declared: Declared | None


def load_project(folders: Sequence[Path], variables: Mapping[str, Any] | None = None) -> Project:
    """Read and check folders laid out like ``dbt_like_sql/``, the first being the shipped one.

    ``variables`` are what ``{{ var('…') }}`` gives. Raises `ModelError`, with file and line, for anything
    wrong.
    """
    variables = variables or {}
    declared = _declarations(folders)
    with duckdb.connect() as scratch:
        scratch.execute("SET TimeZone = 'UTC'")
        nodes: dict[str, Node] = {}
        for entry in declared.values():
            if entry.kind == "source":
                nodes[f"{entry.schema}.{entry.name}"] = _source(scratch, entry)
        for path in _files(folders, "*.csv", inside=_SEEDS):
            name = table_name(path)
            _claim(nodes, path, name)
            nodes[name] = _seed(scratch, path, declared.get(("seed", _SEEDS, name)))
        drafts = _drafts(folders, declared, nodes, variables)
        _refuse_orphans(declared, nodes, drafts)
        models: list[Model] = []
        for name in _ordered(drafts, nodes):
            models.append(_bind(scratch, drafts[name], nodes, variables))
            nodes[name] = models[-1]
    _check_relationships(models, nodes, declared)
    return Project(
        tuple(models),
        tuple(node for node in nodes.values() if isinstance(node, Source)),
        tuple(node for node in nodes.values() if isinstance(node, Seed)),
    )


def _declarations(folders: Sequence[Path]) -> dict[tuple[str, str, str], Declared]:
    found: dict[tuple[str, str, str], Declared] = {}
    for folder in folders:
        for path in sorted([*folder.glob("*/*.yml"), *folder.glob("*/*.yaml")]):
            if path.parent.name in _NOT_SCHEMAS - {_SEEDS}:
                continue
            for entry in read_declarations(path):
                key = (entry.kind, entry.schema, entry.name)
                if key in found:
                    first = found[key]
                    raise ModelError(path, entry.line, f"{entry.name} is declared in {first.path}:{first.line} too")
                found[key] = entry
    return found


def _files(folders: Sequence[Path], pattern: str, inside: str | None = None) -> list[Path]:
    found = []
    for folder in folders:
        if not folder.is_dir():
            raise ModelError(folder, 1, "there is no such folder of models")
        for path in sorted(folder.glob(f"*/{pattern}")):
            schema = path.parent.name
            if schema == inside or (inside is None and schema not in _NOT_SCHEMAS and not schema.startswith(".")):
                found.append(path)
    return found


def _claim(taken: Mapping[str, object], path: Path, name: str) -> None:
    if name.lower() in {each.lower() for each in taken}:  # DuckDB's names do not tell upper from lower case
        raise ModelError(path, 1, f"another model or seed is named {name}; names are unique whatever their folder")
    if f"{schema_name(path)}.{name}".lower() in {each.lower() for each in taken}:
        raise ModelError(path, 1, f"{schema_name(path)}.{name} is a source, which something other than a model fills")


def _source(scratch: duckdb.DuckDBPyConnection, entry: Declared) -> Source:
    for column in entry.columns:
        if not column.type:
            raise ModelError(entry.path, column.line, f"the source column {column.name} needs a data_type")
    event_time = entry.config.get("event_time")
    columns = declare(scratch, entry.schema, entry.name, {column.name: column.type for column in entry.columns}, entry)
    table = Table(entry.schema, entry.name, columns, event_time)
    if event_time is not None and event_time not in table.column_names:
        raise ModelError(entry.path, entry.line, f"event_time names no column: {event_time}")
    rows_per_batch = int(entry.config.get("meta", {}).get("rows_per_batch", ROWS_PER_BATCH))
    return Source(table, event_time, entry.description, entry.path, entry.line, rows_per_batch)


def _seed(scratch: duckdb.DuckDBPyConnection, path: Path, entry: Declared | None) -> Seed:
    name = table_name(path)
    header = next(csv.reader(StringIO(read_text(path), newline="")), [])
    if not header:
        raise ModelError(path, 1, "a seed needs a header line with column names")
    columns = declare(scratch, _SEEDS, name, dict.fromkeys(header, "VARCHAR"), entry)
    return Seed(Table(_SEEDS, name, columns, None), path, entry.description if entry else "")


def _drafts(
    folders: Sequence[Path],
    declared: Mapping[tuple[str, str, str], Declared],
    nodes: Mapping[str, Node],
    variables: Mapping[str, Any],
) -> dict[str, _Draft]:
    paths: dict[str, Path] = {}
    for path in _files(folders, "*.sql"):
        name = table_name(path)
        _claim({**nodes, **paths}, path, name)
        paths[name] = path
    drafts = {}
    macros = read_macros(folders)
    for name, path in paths.items():
        template = SqlTemplate.read(path, macros)

        def ref(target: str, line: int, path: Path = path) -> Relation:
            if target in paths:
                schema = schema_name(paths[target])
                return relation(Seed(Table(schema, target, ()), path, ""), None)
            if target not in nodes or "." in target:
                raise ModelError(path, line, f"ref('{target}') names no model and no seed")
            return relation(nodes[target], None)

        def source(target: tuple[str, str], line: int, path: Path = path) -> Relation:
            if ".".join(target) not in nodes:
                raise ModelError(path, line, f"source('{target[0]}', '{target[1]}') is declared in no schema.yml")
            return relation(nodes[".".join(target)], None)

        schema = schema_name(path)
        this = f"{quoted(schema)}.{quoted(name)}"
        rendered = template.render(ref, source, Relation(this, this), variables=variables)
        drafts[name] = _Draft(schema, name, template, rendered, declared.get(("model", schema, name)))
    return drafts


def _refuse_orphans(
    declared: Mapping[tuple[str, str, str], Declared], nodes: Mapping[str, Node], drafts: Mapping[str, _Draft]
) -> None:
    for (kind, schema, name), entry in declared.items():
        known = drafts.get(name) if kind == "model" else nodes.get(name)
        if kind == "model" and (known is None or drafts[name].schema != schema):
            raise ModelError(entry.path, entry.line, f"{name} is described, but there is no {schema}/{name}.sql")
        if kind == "seed" and known is None:
            raise ModelError(entry.path, entry.line, f"{name} is described, but there is no {schema}/{name}.csv")


def _ordered(drafts: Mapping[str, _Draft], nodes: Mapping[str, Node]) -> list[str]:
    graph = {name: sorted(set(draft.rendered.refs) - set(nodes)) for name, draft in sorted(drafts.items())}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        cycle: list[str] = error.args[1]
        draft = drafts[cycle[1]]  # TopologicalSorter lists a node after the one it depends on
        line = draft.rendered.refs[cycle[0]]
        raise ModelError(draft.template.path, line, f"models refer to each other: {' → '.join(cycle)}") from error


def _bind(
    scratch: duckdb.DuckDBPyConnection, draft: _Draft, nodes: Mapping[str, Node], variables: Mapping[str, Any]
) -> Model:
    path, rendered, entry = draft.template.path, draft.rendered, draft.declared
    config = {**_DEFAULTS, **(entry.config if entry else {}), **rendered.config}
    if config["materialized"] not in get_args(Materialized):
        raise ModelError(path, 1, f"materialized is one of {', '.join(get_args(Materialized))}")
    try:
        statements = scratch.extract_statements(rendered.sql)
        if len(statements) > 1 and statements[0].type == duckdb.StatementType.CREATE and not statements[0].query:
            raise ModelError(path, 1, "columns cannot depend on rows; name them: pivot … on … in ('a', 'b')")
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise ModelError(path, 1, "a model is exactly one select")
        given = describe(scratch, Select(rendered.sql))
    except TableRefused as error:
        raise ModelError(path, 1, str(error)) from error
    except duckdb.Error as error:
        at = _SQL_LINE.search(str(error))
        raise ModelError(path, int(at[1]) if at else 1, str(error).split("\n\nLINE", maxsplit=1)[0]) from error
    columns = declare(scratch, draft.schema, draft.name, given, entry)
    incremental = config["materialized"] == "incremental"
    event_time = {column.name.lower(): column.name for column in columns}.get(str(config.get("event_time")).lower())
    if event_time is None and incremental:
        needed = config.get("event_time")
        raise ModelError(path, 1, f"an incremental model needs its event_time among its columns: {needed}")
    meta = dict(config.get("meta") or {})
    meta.pop("__line__", None)
    owner = meta.get("owner") or ()
    return Model(
        table=Table(draft.schema, draft.name, columns, event_time if incremental else None),
        path=path,
        sql=rendered.sql,
        materialized=config["materialized"],
        event_time=event_time,
        description=entry.description if entry else "",
        refs=_keys(nodes, rendered, Model),
        sources=tuple(rendered.sources),
        seeds=_keys(nodes, rendered, Seed),
        owners=(owner,) if isinstance(owner, str) else tuple(owner),
        tags=tuple([config["tags"]] if isinstance(config.get("tags"), str) else config.get("tags") or ()),
        meta=meta,
        template=draft.template,
        inputs=_inputs(nodes, rendered),
        variables=variables,
    )


def _inputs(nodes: Mapping[str, Node], rendered: Rendered) -> Mapping[str, Node]:
    """What the SQL reads, models and seeds before sources; all of it is bound by now."""
    referred = {name: nodes[name] for name in rendered.refs}
    in_order = sorted(referred, key=lambda name: isinstance(referred[name], Seed))
    sources = {".".join(source): nodes[".".join(source)] for source in rendered.sources}
    return MappingProxyType({**{name: referred[name] for name in in_order}, **sources})


def _keys(nodes: Mapping[str, Node], rendered: Rendered, kind: type) -> tuple[tuple[str, str], ...]:
    referred = [nodes[name] for name in rendered.refs]
    return tuple((node.table.schema, node.table.name) for node in referred if isinstance(node, kind))


def _check_relationships(
    models: Sequence[Model], nodes: Mapping[str, Node], declared: Mapping[tuple[str, str, str], Declared]
) -> None:
    for model in models:
        for column, test in model.tests:
            if test.name != "relationships":
                continue
            entry = declared["model", model.schema, model.name]
            line = next(c.line for c in entry.columns if c.name == column.name)
            target = nodes.get(test.arguments["to"])
            if target is None:
                raise ModelError(entry.path, line, f"relationships: ref('{test.arguments['to']}') names no model")
            if test.arguments["field"] not in target.table.column_names:
                missing = f"{target.table.label} has no column {test.arguments['field']}"
                raise ModelError(entry.path, line, f"relationships: {missing}")

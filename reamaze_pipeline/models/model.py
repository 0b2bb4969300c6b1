"""SQL models: one select per file, its place in the graph, its columns and what is promised of them.

`load_project` reads folders laid out like ``dbt_like_sql/`` and lets DuckDB itself bind every select
against empty tables, so a wrong column or type is found when the project loads, with file and line. Running
a select and storing what it gives belong to `partition` and the IO manager.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

from reamaze_pipeline.warehouse.table import Column, ColumnTest, Select, Table, quoted
from reamaze_pipeline.warehouse.template import Relation, SqlTemplate
from reamaze_pipeline.warehouse.window import DailySelect, Input, Window

ROWS_PER_BATCH = 150_000
"""Rows of an input that a model is computed from at a time, unless the input's ``meta`` says otherwise."""

Materialized = Literal["incremental", "table", "view"]


@dataclass(frozen=True, slots=True)
class Source:
    """A table that something other than a model fills. ``event_time`` is None where it has no days."""

    table: Table
    event_time: str | None
    description: str
    path: Path
    line: int
    rows_per_batch: int


@dataclass(frozen=True, slots=True)
class Seed:
    """A CSV file that is stored as a table."""

    table: Table
    csv: Path
    description: str
    event_time: None = None
    rows_per_batch: int = ROWS_PER_BATCH


@dataclass(frozen=True, slots=True)
class Model:
    """One SQL file.

    ``sql`` reads everything; `select` reads what a run is about. ``refs`` are other models, ``sources`` and
    ``seeds`` what they say, each as (schema, name). ``materialized`` is ``incremental`` for a model that is
    stored day by day.
    """

    table: Table
    path: Path
    sql: str
    materialized: Materialized
    event_time: str | None
    description: str
    refs: tuple[tuple[str, str], ...]
    sources: tuple[tuple[str, str], ...]
    seeds: tuple[tuple[str, str], ...]
    owners: tuple[str, ...]
    tags: tuple[str, ...]
    meta: Mapping[str, Any]
    template: SqlTemplate = field(repr=False)
    nodes: Mapping[str, Source | Seed | Model] = field(repr=False, compare=False)
    variables: Mapping[str, Any] = field(repr=False)

    @property
    def rows_per_batch(self) -> int:
        """How many of its rows are worth computing at once."""
        return int(self.meta.get("rows_per_batch", ROWS_PER_BATCH))

    @property
    def schema(self) -> str:
        return self.table.schema

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.table.columns

    @property
    def tests(self) -> tuple[tuple[Column, ColumnTest], ...]:
        """Every test of every column."""
        return tuple((column, test) for column in self.columns for test in column.tests)

    @property
    def partitioned(self) -> bool:
        """Whether it is stored day by day."""
        return self.materialized == "incremental"

    @property
    def daily(self) -> bool:
        """Whether its rows belong to days: stored day by day, or a view that says of each row which day it is of."""
        return self.event_time is not None and self.materialized != "table"

    @property
    def upstream(self) -> tuple[Source | Seed | Model, ...]:
        """What it reads, by its own SQL."""
        names = [*(name for _, name in (*self.refs, *self.seeds)), *map(".".join, self.sources)]
        return tuple(self.nodes[name] for name in names)

    @property
    def version(self) -> str:
        """A digest of its SQL, settings and types included, and of the views it reads, which store nothing."""
        views = [node.version for node in self.upstream if isinstance(node, Model) and node.materialized == "view"]
        text = "\n".join([self.sql, *(column.definition for column in self.columns), *views])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def select(self, days: Iterable[date] | None = None) -> Select:
        """The select to run. With days, references that have an ``event_time`` hold only these days' rows."""
        if days is None or not self.partitioned:
            return Select(self.sql, as_view=self.materialized == "view", version=self.version)
        wanted = tuple(sorted(set(days)))
        window = Window.spanning(wanted)
        rendered = self.template.render(
            lambda name, _: relation(self.nodes[name], window),
            lambda name, _: relation(self.nodes[".".join(name)], window),
            relation(self, None),
            windowed=True,
            variables=self.variables,
        )
        if "$window_" not in rendered.sql:
            return Select(rendered.sql, version=self.version)
        inputs = {Input(node.table, node.rows_per_batch) for node in _stored(self.upstream) if node.event_time}
        return DailySelect(rendered.sql, window.parameters, version=self.version, days=wanted, inputs=tuple(inputs))


@dataclass(frozen=True, slots=True)
class Project:
    """All folders read together; models in an order in which each comes after what it refers to."""

    models: tuple[Model, ...]
    sources: tuple[Source, ...]
    seeds: tuple[Seed, ...]

    def source(self, schema: str, name: str) -> Source:
        """One source. Raises KeyError if it is not declared."""
        return {(s.table.schema, s.table.name): s for s in self.sources}[schema, name]


def _stored(nodes: Iterable[Source | Seed | Model]) -> Iterator[Source | Seed | Model]:
    """The nodes, views replaced by what they read."""
    for node in nodes:
        if isinstance(node, Model) and node.materialized == "view":
            yield from _stored(node.upstream)
        else:
            yield node


def relation(node: Source | Seed | Model, window: Window | None) -> Relation:
    """The SQL that stands for a table in a run over ``window``; the whole table if either knows no days."""
    whole = node.table.qualified
    if window is None or node.event_time is None:
        return Relation(whole, whole)
    return Relation(f"(SELECT * FROM {whole} WHERE {window.predicate(quoted(node.event_time))})", whole)


def load_models(folders: Sequence[Path], variables: Mapping[str, Any] | None = None) -> list[Model]:
    """The models of `load_project`."""
    return list(load_project(folders, variables).models)


def load_project(folders: Sequence[Path], variables: Mapping[str, Any] | None = None) -> Project:
    """Read and check folders laid out like ``dbt_like_sql/``, the first being the shipped one.

    ``variables`` are what ``{{ var('…') }}`` gives. Raises `ModelError`, with file and line, for anything
    wrong.
    """
    from reamaze_pipeline.warehouse.project import read_project  # noqa: PLC0415 (project builds what is defined here)

    return read_project(folders, variables or {})

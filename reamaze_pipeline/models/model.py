"""What a project is made of: models (one select a file), the seeds and sources they read, and the graph of them all.

Plain values. Reading them from files and checking them belongs to `project`; running a select and storing what it
gives, to the warehouse.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from reamaze_pipeline.models.template import Relation, SqlTemplate
from reamaze_pipeline.warehouse.day_filter import DailyInput, DailySelect, DayFilter
from reamaze_pipeline.warehouse.table import Column, ColumnTest, Select, Table, quoted

ROWS_PER_BATCH = 30_000
"""Rows of an input that a model is computed from at a time, unless the input's ``meta`` says otherwise."""

META = "meta"
"""Schema of what the warehouse keeps about itself: no input that could be missing or newer."""

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
    ``seeds`` what they say, each as (schema, name); ``inputs`` are all of them, by the name its SQL calls them.
    ``materialized`` is ``incremental`` for a model that is stored day by day.
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
    inputs: Mapping[str, Source | Seed | Model] = field(repr=False, compare=False)
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
        return tuple(self.inputs.values())

    @property
    def stored_inputs(self) -> tuple[Node, ...]:
        """The tables it is computed from, behind the views it reads as well; not the warehouse's own."""
        return tuple(
            {node.table.label: node for node in _stored(self.upstream) if node.table.schema != "meta"}.values()
        )

    @property
    def version(self) -> str:
        """A digest of its SQL, settings and types included, and of the views it reads, which store nothing."""
        views = [node.version for node in self.upstream if isinstance(node, Model) and node.materialized == "view"]
        text = "\n".join([self.sql, *(column.definition for column in self.columns), *views])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def select(self, days: Iterable[date] | None = None) -> Select:
        """The select to run. With days, references that have an ``event_time`` hold only these days' rows."""
        if days is None or not self.partitioned:
            return Select(self.sql, as_view=self.materialized == "view", version=self.version, columns=self.columns)
        wanted = tuple(sorted(set(days)))
        window = DayFilter.spanning(wanted)
        rendered = self.template.render(
            lambda name, _: relation(self.inputs[name], window),
            lambda name, _: relation(self.inputs[".".join(name)], window),
            relation(self, None),
            windowed=True,
            variables=self.variables,
        )
        if "$window_" not in rendered.sql:
            return Select(rendered.sql, version=self.version, columns=self.columns)
        inputs = {DailyInput(node.table, node.rows_per_batch) for node in _stored(self.upstream) if node.event_time}
        known: dict[str, Any] = {"version": self.version, "columns": self.columns}
        return DailySelect(rendered.sql, window.parameters, **known, days=wanted, inputs=tuple(inputs))


Node = Source | Seed | Model


@dataclass(frozen=True)
class Project:
    """All folders read together, and the graph of what they hold.

    ``models`` are in an order in which each comes after what it refers to. ``nodes`` holds everything under the name
    that ``ref`` (a model, a seed) or ``source`` (``schema.table``) calls it.
    """

    models: tuple[Model, ...]
    sources: tuple[Source, ...]
    seeds: tuple[Seed, ...]

    @cached_property
    def nodes(self) -> Mapping[str, Node]:
        """Everything that can be referred to."""
        return MappingProxyType(
            {
                **{source.table.label: source for source in self.sources},
                **{seed.table.name: seed for seed in self.seeds},
                **{model.name: model for model in self.models},
            }
        )

    def source(self, schema: str, name: str) -> Source:
        """One source. Raises KeyError if it is not declared."""
        return {(s.table.schema, s.table.name): s for s in self.sources}[schema, name]


def _stored(nodes: Iterable[Node]) -> Iterator[Node]:
    """The nodes, views replaced by what they read."""
    for node in nodes:
        if isinstance(node, Model) and node.materialized == "view":
            yield from _stored(node.upstream)
        else:
            yield node


def relation(node: Node, window: DayFilter | None) -> Relation:
    """The SQL that stands for a table in a run over ``window``; the whole table if either knows no days."""
    whole = node.table.qualified
    if window is None or node.event_time is None:
        return Relation(whole, whole)
    return Relation(f"(SELECT * FROM {whole} WHERE {window.predicate(quoted(node.event_time))})", whole)

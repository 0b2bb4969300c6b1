"""Tests that one SQL file states: `tests/<schema>/<table>/<name>.sql` selects the rows that break a promise.

dbt calls them singular tests. The comment lines at the top of the file describe the promise; `config(severity='warn')`
makes breaking it a warning, and `config(meta={'blocking': false})` leaves it an error that stops nothing. In a run over
some days, `ref` and `source` hold the rows of these days, as in a model. When a test runs, and what it blocks, is for
whoever runs it to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from reamaze_pipeline.errors import ModelError
from reamaze_pipeline.models.files.names import schema_name, table_name
from reamaze_pipeline.models.model import Model, Node, Project, relation
from reamaze_pipeline.models.template import Relation, Rendered, SqlTemplate, read_macros
from reamaze_pipeline.warehouse.day_filter import DayFilter
from reamaze_pipeline.warehouse.table import Select

FOLDER = "tests"


@dataclass(frozen=True, slots=True)
class SingularTest:
    """One file: the table it is about (schema, name), what it promises, how grave it is to break that."""

    table: tuple[str, str]
    name: str
    description: str
    severity: str
    blocking: bool
    refs: tuple[tuple[str, str], ...]
    template: SqlTemplate = field(repr=False)
    inputs: Mapping[str, Node] = field(repr=False)
    variables: Mapping[str, Any] = field(repr=False)

    def failing_rows(self, days: Iterable[date] | None = None) -> Select:
        """The rows that break the promise, of the given days; None means all days."""
        window = None if days is None else DayFilter.of(days)
        sql = _render(self.template, self.inputs, self.variables, window).sql
        return Select(sql, window.parameters if window is not None and "$window_" in sql else {})


def load_singular_tests(
    folders: Sequence[Path], project: Project, variables: Mapping[str, Any] | None = None
) -> list[SingularTest]:
    """The tests beside the models of a project; ``variables`` are what ``{{ var('…') }}`` gives.

    Raises:
        ModelError: a test is about no table of the project or refers to nothing that exists; names file and line.
    """
    paths = [path for folder in folders for path in sorted((folder / FOLDER).glob("*/*/*.sql"))]
    macros = read_macros(folders)
    return [_read(SqlTemplate.read(path, macros), project, variables or {}) for path in paths]


def _read(template: SqlTemplate, project: Project, variables: Mapping[str, Any]) -> SingularTest:
    nodes = project.nodes
    path = template.path
    table = _table(path)
    if not any(isinstance(node, Model) and (node.schema, node.name) == table for node in nodes.values()):
        raise ModelError(path, 1, f"this tests {'.'.join(table)}, but there is no such model")
    rendered = _render(template, nodes, variables, None)
    severity = str(rendered.config.get("severity", "error"))
    if severity not in {"error", "warn"}:
        raise ModelError(path, 1, f"severity is error or warn, not {severity}")
    meta = rendered.config.get("meta")
    blocking = not (isinstance(meta, Mapping) and meta.get("blocking") is False)
    read = {name: nodes[name] for name in (*rendered.refs, *map(".".join, rendered.sources))}
    refs = tuple((read[name].table.schema, read[name].table.name) for name in rendered.refs)
    description = _description(template.text)
    inputs = MappingProxyType(read)
    return SingularTest(table, table_name(path), description, severity, blocking, refs, template, inputs, variables)


def _render(
    template: SqlTemplate, nodes: Mapping[str, Node], variables: Mapping[str, Any], window: DayFilter | None
) -> Rendered:
    def known(name: str, line: int) -> Relation:
        if name not in nodes:
            raise ModelError(template.path, line, f"{name} is no model, seed or source")
        return relation(nodes[name], window)

    this = ".".join(f'"{part}"' for part in _table(template.path))
    return template.render(
        known,
        lambda names, line: known(".".join(names), line),
        Relation(this, this),
        windowed=window is not None,
        variables=variables,
    )


def _table(path: Path) -> tuple[str, str]:
    return schema_name(path.parent), schema_name(path)


def _description(text: str) -> str:
    lines = [line.strip() for line in text.splitlines()]
    return " ".join(line.removeprefix("--").strip() for line in lines if line.startswith("--"))

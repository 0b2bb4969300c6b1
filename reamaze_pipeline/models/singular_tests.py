"""Tests that one SQL file states: `tests/<schema>/<table>/<name>.sql` selects the rows that break a promise.

dbt calls them singular tests. The comment lines at the top of the file describe the promise; `config(severity='warn')`
makes breaking it a warning. In a run over some days, `ref` and `source` hold the rows of these days, as in a model.
When a test runs, and what it blocks, is for whoever runs it to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from reamaze_pipeline.warehouse.errors import ModelError
from reamaze_pipeline.warehouse.model import Model, Project, Seed, Source, relation
from reamaze_pipeline.warehouse.table import Select
from reamaze_pipeline.warehouse.template import Relation, Rendered, SqlTemplate, read_macros
from reamaze_pipeline.warehouse.window import Window

FOLDER = "tests"


Node = Source | Seed | Model


@dataclass(frozen=True, slots=True)
class SingularTest:
    """One file: the table it is about (schema, name), what it promises, and how grave it is to break that."""

    table: tuple[str, str]
    name: str
    description: str
    severity: str
    refs: tuple[tuple[str, str], ...]
    template: SqlTemplate = field(repr=False)
    nodes: Mapping[str, Node] = field(repr=False)
    variables: Mapping[str, Any] = field(repr=False)

    def failing_rows(self, days: Iterable[date] | None = None) -> Select:
        """The rows that break the promise, of the given days; None means all days."""
        window = None if days is None else Window.of(days)
        sql = _render(self.template, self.nodes, self.variables, window).sql
        return Select(sql, window.parameters if window is not None and "$window_" in sql else {})


def load_singular_tests(
    folders: Sequence[Path], project: Project, variables: Mapping[str, Any] | None = None
) -> list[SingularTest]:
    """The tests beside the models of a project; ``variables`` are what ``{{ var('…') }}`` gives.

    Raises:
        ModelError: a test is about no table of the project or refers to nothing that exists; names file and line.
    """
    nodes = _nodes(project)
    paths = [path for folder in folders for path in sorted((folder / FOLDER).glob("*/*/*.sql"))]
    macros = read_macros(folders)
    return [_read(SqlTemplate.read(path, macros), nodes, variables or {}) for path in paths]


def _read(template: SqlTemplate, nodes: Mapping[str, Node], variables: Mapping[str, Any]) -> SingularTest:
    path = template.path
    table = _table(path)
    if not any(isinstance(node, Model) and (node.schema, node.name) == table for node in nodes.values()):
        raise ModelError(path, 1, f"this tests {'.'.join(table)}, but there is no such model")
    rendered = _render(template, nodes, variables, None)
    severity = str(rendered.config.get("severity", "error"))
    if severity not in {"error", "warn"}:
        raise ModelError(path, 1, f"severity is error or warn, not {severity}")
    upstream = [nodes[name] for name in rendered.refs]
    refs = tuple((node.table.schema, node.table.name) for node in upstream)
    return SingularTest(table, path.stem, _description(template.text), severity, refs, template, nodes, variables)


def _render(
    template: SqlTemplate, nodes: Mapping[str, Node], variables: Mapping[str, Any], window: Window | None
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
    return path.parent.parent.name, path.parent.name


def _nodes(project: Project) -> dict[str, Node]:
    """Everything `ref` and `source` can name."""
    return {
        **{f"{source.table.schema}.{source.table.name}": source for source in project.sources},
        **{seed.table.name: seed for seed in project.seeds},
        **{model.name: model for model in project.models},
    }


def _description(text: str) -> str:
    lines = [line.strip() for line in text.splitlines()]
    return " ".join(line.removeprefix("--").strip() for line in lines if line.startswith("--"))

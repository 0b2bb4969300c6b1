"""What the schema.yml files beside the models say: descriptions, columns, types, tests, sources.

Only the part of dbt's format that the pipeline uses is read; the rest is left to dbt. Which SQL a name
stands for does not belong here; see `model`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from reamaze_pipeline.errors import ModelError
from reamaze_pipeline.models.files.names import composed, schema_name
from reamaze_pipeline.models.files.text import read_text
from reamaze_pipeline.warehouse.table import ColumnTest

TESTS = {"not_null": (), "unique": (), "accepted_values": ("values",), "relationships": ("to", "field")}
"""The tests that are understood, with the arguments each must have."""

_LINE = "__line__"
_REF = re.compile(r"""^ref\(\s*['"]([^'"]+)['"]\s*\)$""")


@dataclass(frozen=True, slots=True)
class DeclaredColumn:
    """One column as written; ``type`` is empty where the file leaves it to the SQL."""

    name: str
    line: int
    type: str
    description: str
    tests: tuple[ColumnTest, ...]
    compressed: bool


@dataclass(frozen=True, slots=True)
class Declared:
    """A model, seed or source table as written. ``kind`` is ``model``, ``seed`` or ``source``."""

    kind: str
    schema: str
    name: str
    path: Path
    line: int
    description: str = ""
    columns: tuple[DeclaredColumn, ...] = ()
    config: Mapping[str, Any] = ()  # type: ignore[assignment]


def read_declarations(path: Path) -> Iterator[Declared]:
    """Everything one YAML file declares. Raises `ModelError` where it is not YAML or not dbt's format."""
    try:
        content = yaml.load(read_text(path), _LinesLoader)  # noqa: S506 (a SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ModelError(path, line, f"not valid YAML: {error.problem}") from error
    if content is None:
        return
    if not isinstance(content, dict):
        raise ModelError(path, 1, "expected a mapping with models, seeds or sources")
    schema = schema_name(path)
    for kind in ("model", "seed"):
        for entry in _entries(path, content, f"{kind}s"):
            yield _declared(path, kind, schema, entry)
    for group in _entries(path, content, "sources"):
        owner = str(group.get("schema", _name(path, group)))
        for entry in _entries(path, group, "tables"):
            yield _declared(path, "source", owner, entry, group.get("config") or {})


# The same safe loader in C, ten times faster, wherever PyYAML was built with it.
_SafeLoader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _LinesLoader(_SafeLoader):  # type: ignore[misc, valid-type]
    """A safe loader whose mappings remember the line they begin on."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        mapping[_LINE] = node.start_mark.line + 1
        return mapping


def _entries(path: Path, holder: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    entries = holder.get(key) or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ModelError(path, int(holder.get(_LINE, 1)), f"{key} must be a list of mappings with a name")
    return entries


def _name(path: Path, entry: Mapping[str, Any]) -> str:
    name = entry.get("name")
    if not isinstance(name, str):
        raise ModelError(path, int(entry[_LINE]), "an entry has no name")
    return composed(name)


def _declared(
    path: Path, kind: str, schema: str, entry: dict[str, Any], inherited: Mapping[str, Any] | None = None
) -> Declared:
    config = {**(inherited or {}), **(entry.get("config") or {})}
    config.pop(_LINE, None)
    columns = tuple(_column(path, kind, column) for column in _entries(path, entry, "columns"))
    if entry.get("data_tests") or entry.get("tests"):
        raise ModelError(path, entry[_LINE], f"{entry.get('name')}: tests belong to a column, not to the table")
    description = _sentence(entry.get("description"))
    return Declared(kind, schema, _name(path, entry), path, entry[_LINE], description, columns, config)


def _column(path: Path, kind: str, entry: dict[str, Any]) -> DeclaredColumn:
    line = int(entry[_LINE])
    tests = entry.get("data_tests") or entry.get("tests") or []
    if not isinstance(tests, list):
        raise ModelError(path, line, f"the tests of {entry.get('name')} must be a list")
    return DeclaredColumn(
        _name(path, entry),
        line,
        str(entry.get("data_type") or ""),
        _sentence(entry.get("description")),
        tuple(_test(path, line, test) for test in tests),
        _compressed(path, line, kind, entry),
    )


def _compressed(path: Path, line: int, kind: str, entry: dict[str, Any]) -> bool:
    compression = ((entry.get("config") or {}).get("meta") or {}).get("compression")
    if compression not in {None, "uncompressed"}:
        raise ModelError(path, line, f"compression of {entry.get('name')} is uncompressed or left out")
    if compression and kind != "source":
        raise ModelError(path, line, f"compression of {entry.get('name')}: only a source's columns have one")
    return compression is None


def _test(path: Path, line: int, written: Any) -> ColumnTest:
    if isinstance(written, dict):
        line = int(written.pop(_LINE, line))
        if len(written) != 1:
            raise ModelError(path, line, "a test is one name with its arguments below it")
        ((name, body),) = written.items()
        body = dict(body or {})
        config = body.pop("config", None) or {}
        arguments = {**body, **(body.pop("arguments", None) or {})}
        arguments.pop("arguments", None)
    else:
        name, arguments, config = written, {}, {}
    arguments = {key: value for key, value in arguments.items() if key != _LINE}
    if name not in TESTS:
        raise ModelError(path, line, f"unknown test {name}; known are {', '.join(TESTS)}")
    for needed in TESTS[name]:
        if needed not in arguments:
            raise ModelError(path, line, f"the test {name} needs {needed}")
    if name == "relationships":
        target = _REF.match(str(arguments["to"]))
        if target is None:
            raise ModelError(path, line, f"relationships: write to as ref('table'), not {arguments['to']}")
        arguments["to"] = target[1]
    severity = str(config.get("severity", "error")).lower()
    if severity not in {"error", "warn"}:
        raise ModelError(path, line, f"severity is error or warn, not {severity}")
    return ColumnTest(str(name), arguments, severity)


def _sentence(text: Any) -> str:
    return " ".join(str(text or "").split())

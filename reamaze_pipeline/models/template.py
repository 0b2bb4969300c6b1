"""Jinja in SQL files, as dbt people write it: `ref`, `source`, `config`, `this`, `is_incremental`, `var`, macros.

Turns a file into SQL and says what it refers to and on which line. What a reference stands for is the
caller's to say; that SQL is valid is `model`'s to check.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.runtime import Macro
from jinja2.sandbox import SandboxedEnvironment

from reamaze_pipeline.errors import ModelError
from reamaze_pipeline.models.files.statement import embeddable
from reamaze_pipeline.models.files.text import read_text

_ENVIRONMENT = SandboxedEnvironment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False)


class Relation(str):
    """What `ref` and `source` give: SQL for the rows in question. `.render()` stands for all of them."""

    __slots__ = ("whole",)
    whole: str

    def __new__(cls, sql: str, whole: str) -> Relation:
        relation = super().__new__(cls, sql)
        relation.whole = whole
        return relation

    def render(self) -> str:
        """The table itself, without the window of the run."""
        return self.whole


@dataclass(slots=True)
class Rendered:
    """SQL, the file's `config(...)` and the names it refers to with the line of each."""

    sql: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    refs: dict[str, int] = field(default_factory=dict)
    sources: dict[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SqlTemplate:
    """One SQL file with Jinja in it. Lines of the rendered SQL are the file's own where Jinja does not loop."""

    path: Path
    text: str
    macros: str = field(default="", repr=False)

    @classmethod
    def read(cls, path: Path, macros: str = "") -> SqlTemplate:
        """``macros`` are those it can call, see `read_macros`. Raises `ModelError` if the file is not UTF-8 text."""
        return cls(path, read_text(path), macros)

    def render(
        self,
        ref: Callable[[str, int], Relation],
        source: Callable[[tuple[str, str], int], Relation],
        this: Relation,
        *,
        windowed: bool = False,
        variables: Mapping[str, Any] | None = None,
    ) -> Rendered:
        """The SQL. ``ref`` and ``source`` are called with a name and the line it is written on."""
        rendered = Rendered()
        try:
            lines, templates = _compiled(self.text)
        except jinja2.TemplateSyntaxError as error:
            raise ModelError(self.path, error.lineno, error.message or "bad Jinja") from error

        def call_ref(*names: str) -> Relation:
            line = lines.get(("ref", names), 1)
            rendered.refs.setdefault(names[-1], line)
            return ref(names[-1], line)

        def call_source(schema: str, table: str) -> Relation:
            line = lines.get(("source", (schema, table)), 1)
            rendered.sources.setdefault((schema, table), line)
            return source((schema, table), line)

        def config(**settings: Any) -> str:
            rendered.config.update(settings)
            return ""

        known = dict(variables or {})

        def var(name: str, *default: Any) -> Any:
            if name not in known and not default:
                raise ModelError(self.path, lines.get(("var", (name,)), 1), f"the variable {name} has no value")
            return known.get(name, *default)

        names: dict[str, Any] = {
            "ref": call_ref,
            "source": call_source,
            "config": config,
            "this": this,
            "var": var,
            "is_incremental": lambda: windowed,
        }
        try:
            macros = vars(_macros(self.macros).make_module(names))
            names |= {name: macro for name, macro in macros.items() if isinstance(macro, Macro)}
            for template in templates:
                rendered.sql = embeddable(template.render(names))
        except jinja2.TemplateError as error:
            raise ModelError(self.path, _line_of(error), error.message or "bad Jinja") from error
        except TypeError as error:
            raise ModelError(self.path, _line_of(error), str(error)) from error
        return rendered


def read_macros(folders: Sequence[Path]) -> str:
    """The macros of all folders, for `SqlTemplate.read`: files under ``macros/``; of one name, the last one counts.

    Raises `ModelError` for a file that is not UTF-8 text or not Jinja.
    """
    texts = []
    for path in [path for folder in folders for path in sorted(folder.glob("macros/**/*.sql"))]:
        texts.append(read_text(path))
        try:
            _macros(texts[-1])
        except jinja2.TemplateSyntaxError as error:
            raise ModelError(path, error.lineno, error.message or "bad Jinja") from error
    return "\n".join(texts)


@cache
def _macros(text: str) -> jinja2.Template:
    """Compiled under another name than models are: what goes wrong in a macro is told at the line that calls it."""
    code = _ENVIRONMENT.compile(text, filename="<macros>")
    return jinja2.Template.from_code(_ENVIRONMENT, code, _ENVIRONMENT.make_globals(None))


@cache
def _compiled(text: str) -> tuple[dict[tuple[str, tuple[Any, ...]], int], list[jinja2.Template]]:
    """The lines of its calls, and the template: as written for the lines of errors, with its lines kept for the SQL.

    Where no tag goes over several lines, one serves for both.
    """
    return _call_lines(text), [_ENVIRONMENT.from_string(each) for each in dict.fromkeys((text, _keep_lines(text)))]


def _keep_lines(text: str) -> str:
    """The template with each tag followed by the line breaks it swallows, so that line numbers hold."""
    kept, swallowed = [], 0
    for _, kind, value in _ENVIRONMENT.lex(text):
        kept.append(value)
        if kind.endswith("_begin") and kind != "raw_begin":
            swallowed = value.count("\n")
        elif kind.endswith("_end") and kind != "raw_end":
            kept.append("\n" * swallowed)
            swallowed = 0
        elif kind != "data":
            swallowed += value.count("\n")
    return "".join(kept)


def _call_lines(text: str) -> dict[tuple[str, tuple[Any, ...]], int]:
    """The line of each call with constant arguments, such as ``ref('messages')``."""
    found: dict[tuple[str, tuple[Any, ...]], int] = {}
    for call in _ENVIRONMENT.parse(text).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name):
            arguments = tuple(a.value for a in call.args if isinstance(a, nodes.Const))
            found.setdefault((call.node.name, arguments), call.lineno)
            found.setdefault((call.node.name, arguments[:1]), call.lineno)
    return found


def _line_of(error: BaseException) -> int:
    """The template line on which rendering failed; Jinja calls the file of such frames ``<template>``."""
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line

"""Several brands' warehouses as one: a small file of views, each table of all brands with a column `brand`.

The views hold no rows; they read the brands' files (or their copies, where there are some) when they are queried. Which
brands there are and where their files are is told by whoever calls.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from reamaze_pipeline.models.model import Model, Node, Project
from reamaze_pipeline.models.template import Relation
from reamaze_pipeline.warehouse.connection import FILE_FORMAT, reading
from reamaze_pipeline.warehouse.files.permissions import make_private
from reamaze_pipeline.warehouse.table import literal, quoted

_TABLES = """
    SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database() AND NOT internal
    ORDER BY ALL
"""
_VIEWS = """
    SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = current_database() AND NOT internal
"""


@dataclass(frozen=True, slots=True)
class BrandFile:
    """A brand's warehouse: `file` is what is written, `copy` what readers are to read instead, if it is there."""

    brand: str
    file: Path
    copy: Path | None
    project: Project

    @property
    def read(self) -> Path:
        """What the views read."""
        return (self.copy if self.copy is not None and self.copy.exists() else self.file).absolute()


def define_union(path: Path, brands: Sequence[BrandFile]) -> list[str]:
    """Make `path` anew, all of it or nothing; returns the tables that it has views of, as schema.table.

    Raises `DatabaseUnavailable` or `DatabaseLocked` for a brand's file that cannot be read.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    try:
        with closing(duckdb.connect()) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            # Under the name that it has when it is opened by itself, because a view may keep the name.
            connection.execute(f"ATTACH {literal(unfinished)} AS {quoted(path.stem)} (STORAGE_VERSION '{FILE_FORMAT}')")
            connection.execute(f"USE {quoted(path.stem)}")
            union: dict[tuple[str, str], list[str]] = {}
            for brand in brands:
                for schema, name, sql in _selects(brand):
                    own = _schema(brand.brand, schema)
                    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(own)}")
                    connection.execute(f"CREATE VIEW {quoted(own)}.{quoted(name)} AS {sql}")
                    union.setdefault((schema, name), []).append(
                        f"SELECT {literal(brand.brand)} AS brand, * FROM {quoted(own)}.{quoted(name)}"
                    )
            for (schema, name), selects in union.items():
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
                whole = " UNION ALL BY NAME ".join(selects)
                connection.execute(f"CREATE VIEW {quoted(schema)}.{quoted(name)} AS {whole}")
            connection.execute(f"USE memory; DETACH {quoted(path.stem)}")
        make_private(unfinished)
        unfinished.replace(path)
    finally:
        with suppress(OSError):
            unfinished.unlink()
    return sorted(f"{schema}.{name}" for schema, name in union)


def _selects(brand: BrandFile) -> Iterator[tuple[str, str, str]]:
    """Schema, name and select of everything in the brand's file, each after what it reads."""
    with reading(brand.read) as connection:
        tables = connection.execute(_TABLES).fetchall()
        views = set(connection.execute(_VIEWS).fetchall())
    for schema, name in tables:
        where = f"{literal(brand.read)}, schema_name={literal(schema)}, table_name={literal(name)}"
        yield schema, name, f"SELECT * FROM read_duckdb({where})"
    for model in brand.project.models:
        if model.materialized == "view" and (model.schema, model.name) in views:
            yield model.schema, model.name, _over(brand.brand, model)


def _over(brand: str, model: Model) -> str:
    """A view's own select, over the brand's tables."""

    def there(node: Node) -> Relation:
        whole = f"{quoted(_schema(brand, node.table.schema))}.{quoted(node.table.name)}"
        return Relation(whole, whole)

    rendered = model.template.render(
        lambda name, _: there(model.inputs[name]),
        lambda name, _: there(model.inputs[".".join(name)]),
        there(model),
        variables=model.variables,
    )
    return re.sub(r"[;\s]+$", "", rendered.sql)


def _schema(brand: str, schema: str) -> str:
    return f"{brand.replace('-', '_')}_{schema}"

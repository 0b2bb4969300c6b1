"""Warehouses with the shipped models, filled as runs fill them, but from rows instead of API pages."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from reamaze_pipeline.models.model import Model, Project
from reamaze_pipeline.models.project import load_project
from reamaze_pipeline.models.seeds import store_seed
from reamaze_pipeline.warehouse.connection import writing
from reamaze_pipeline.warehouse.partition import replace_partitions, replace_views
from tests.metrics.reference import Message, Row, Rules

SHIPPED = Path(__file__).parents[2] / "dbt_like_sql"
COMPUTED = {"intermediate", "metrics"}
"""Schemas whose models have a reference."""


def variables(rules: Rules) -> dict[str, Any]:
    """The rules as the models' variables."""
    return {
        "timezone": rules.timezone,
        "excluded_senders": list(rules.excluded_senders),
        "excluded_origins": list(rules.excluded_origins),
        "business_hours": rules.business_hours,
        "targets": list(rules.targets),
        "documents": rules.document_characters is not None,
        "document_characters": rules.document_characters or 4000,
    }


@cache
def _project(settings: str) -> Project:
    return load_project([SHIPPED], json.loads(settings))


class Warehouse:
    """An open DuckDB file; `run` does what one Dagster run does for some days."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, rules: Rules) -> None:
        self.connection = connection
        self.defined: dict[str, str] = {}
        self.use(rules)
        for seed in self.project.seeds:
            store_seed(connection, seed)

    def use(self, rules: Rules) -> None:
        """From now on run under these rules."""
        self.project = _project(json.dumps(variables(rules)))

    @property
    def models(self) -> list[Model]:
        return [model for model in self.project.models if model.schema in COMPUTED]

    def run(self, messages: Mapping[dt.date, Sequence[Message]]) -> None:
        self.store(messages)
        self.derive(list(messages))

    def store(self, messages: Mapping[dt.date, Sequence[Message]]) -> None:
        """`raw.message_pages` and `core.messages` of some days."""
        days = list(messages)
        pages = self.project.source("raw", "message_pages").table
        replace_partitions(self.connection, pages, days, [])
        rows = [_row(message) for day in days for message in messages[day]]
        table = next(model.table for model in self.project.models if model.table.label == "core.messages")
        replace_partitions(self.connection, table, days, rows)

    def derive(self, days: Sequence[dt.date]) -> None:
        """Every metric of some days."""
        changed: list[Model] = []
        for model in self.models:
            if model.partitioned:
                self._define(changed)
                replace_partitions(self.connection, model.table, days, model.select(days), version=model.version)
            elif self.defined.get(model.name) != model.sql:
                changed.append(model)
        self._define(changed)

    def _define(self, views: list[Model]) -> None:
        """These views at once, because each transaction ends in a checkpoint; none are left to define."""
        if views:
            replace_views(self.connection, [(view.table, view.select()) for view in views])
            self.defined |= {view.name: view.sql for view in views}
            views.clear()

    def rows(self, sql: str) -> list[Row]:
        return self.connection.execute(sql).fetchall()

    def table(self, name: str) -> list[Row]:
        (table,) = (model.table.qualified for model in self.models if model.name == name)
        return self.rows(f"SELECT * FROM {table}")


@contextmanager
def warehouse(rules: Rules) -> Iterator[Warehouse]:
    """An empty warehouse in a file of its own."""
    with TemporaryDirectory() as folder, writing(Path(folder) / "warehouse.duckdb") as connection:
        yield Warehouse(connection, rules)


def multiset(rows: Sequence[Row]) -> Counter[Row]:
    """Rows without an order, their floats rounded below what a sum in another order changes."""
    return Counter(tuple(_plain(value) for value in row) for row in rows)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return tuple(_plain(inner) for inner in value.values())
    return tuple(_plain(inner) for inner in value) if isinstance(value, list) else value


def _row(message: Message) -> dict[str, Any]:
    return {
        "message_id": message.message_id,
        "created_at": message.created_at,
        "day": message.day,
        "conversation_slug": message.slug,
        "conversation_created_at": message.conversation_created_at,
        "sender_name": message.sender_name,
        "sender_email": message.sender_email,
        "is_staff": message.is_staff,
        "origin": message.origin,
        "origin_name": message.origin_name,
        "visibility": message.visibility,
        "body": message.body,
        "category_slug": message.category_slug,
        "category_name": message.category_name,
    }

"""A report of one sender, inbox or channel: the same questions, asked of a warehouse that shows these rows alone.

The narrowed warehouse lies in memory: a view for each table, in the same schemas, so that no query knows of it. What a
person wrote and answered is narrowed by row, what a conversation is by conversation, and everything else follows by
the models' own SQL. What a metric means is the models' to say.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from reamaze_pipeline.errors import NarrowingRefused
from reamaze_pipeline.models.model import Model, Project
from reamaze_pipeline.report.numbers.metric_query import fetch
from reamaze_pipeline.warehouse.catalog import relations
from reamaze_pipeline.warehouse.connection import end_transaction
from reamaze_pipeline.warehouse.ledger import LEDGER
from reamaze_pipeline.warehouse.table import Table, quoted


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Names as people type them, in any case: a sender's email or name, an inbox's slug or name, a channel's name or
    code. None narrows nothing.
    """

    sender: str | None = None
    category: str | None = None
    origin: str | None = None

    def __bool__(self) -> bool:
        return any((self.sender, self.category, self.origin))

    @property
    def in_words(self) -> str:
        """What the page is about, for its head."""
        named = (("", self.sender), ("inbox ", self.category), ("channel ", self.origin))
        return " · ".join(f"{kind}{name}" for kind, name in named if name)


_MINE = "lower($sender) IN (sender_key, lower(sender_name))"
_PLACED = {
    "category": "lower($category) IN (lower(category_slug), lower(category_name))",
    "origin": "lower($origin) IN (origin::varchar, lower(origin_name))",
}
_EXAMPLES = {
    "sender": (_MINE, "is_staff", "coalesce(sender_email, sender_name)"),
    "category": (_PLACED["category"], "true", "coalesce(category_name, category_slug)"),
    "origin": (_PLACED["origin"], "true", "origin_name"),
}
_BY_CONVERSATION = {"conversation_days", "conversation_history"}
_BY_REPLY = {"responses", "reply_turns"}


@contextmanager
def narrowed(
    connection: duckdb.DuckDBPyConnection, project: Project, narrowing: Narrowing
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Within the block, the connection reads what the narrowing leaves; with it ends a transaction that it is in.

    Raises `NarrowingRefused`, `NotComputed`.
    """
    if not narrowing:
        yield connection
        return
    _refuse_unknown(connection, narrowing)
    ((whole,),) = connection.execute("SELECT current_database()").fetchall()
    there = relations(connection)
    name = f"narrowed_{uuid.uuid4().hex}"
    connection.execute(f"ATTACH ':memory:' AS {quoted(name)}")
    try:
        connection.execute(f"CREATE TEMP TABLE narrowed_to AS {_conversations(narrowing)}", _values(narrowing))
        connection.execute(f"USE {quoted(name)}")
        for table, sql in _views(project, whole, narrowing):
            if (table.schema, table.name) not in there:
                continue
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(table.schema)}")
            connection.execute(f"CREATE VIEW {table.qualified} AS {sql}")
        yield connection
    finally:
        end_transaction(connection)  # a lake is read in one, which would hold on to the views
        connection.execute(f"USE {quoted(whole)}")
        connection.execute("DROP TABLE IF EXISTS temp.narrowed_to")
        connection.execute(f"DETACH DATABASE IF EXISTS {quoted(name)}")


def _views(project: Project, whole: str, narrowing: Narrowing) -> Iterator[tuple[Table, str]]:
    kept = [source.table for source in project.sources] + [seed.table for seed in project.seeds]
    for table in (LEDGER, *(table for table in kept if table.label != LEDGER.label)):
        yield table, f"SELECT * FROM {quoted(whole)}.{table.qualified}"
    for model in project.models:
        yield model.table, _sql(model, whole, narrowing)


def _sql(model: Model, whole: str, narrowing: Narrowing) -> str:
    stored = f"SELECT * FROM {quoted(whole)}.{model.table.qualified}"
    placed = " AND ".join(_literal(_PLACED[kind], narrowing) for kind in _PLACED if getattr(narrowing, kind)) or "true"
    mine = _literal(_MINE, narrowing) if narrowing.sender else "true"
    if model.name == "counted_messages":  # of a sender: what they wrote, and what customers wrote where they answered
        theirs = "is_staff IS NOT TRUE AND conversation_slug IN (FROM temp.narrowed_to)"
        return f"{stored} WHERE {placed} AND ({mine} OR ({theirs}))" if narrowing.sender else f"{stored} WHERE {placed}"
    if model.name in _BY_REPLY:
        return f"{stored} WHERE {placed} AND {mine}"
    if model.name in _BY_CONVERSATION:
        return f"{stored} WHERE conversation_slug IN (FROM temp.narrowed_to)"
    return stored if model.schema not in {"intermediate", "metrics"} else model.sql


def _conversations(narrowing: Narrowing) -> str:
    """Those in the inbox, with a message of the channel, that the sender answered."""
    wanted = [f"bool_or({_PLACED[kind]})" for kind in _PLACED if getattr(narrowing, kind)]
    wanted += [f"bool_or({_MINE} AND speaker = 'staff')"] if narrowing.sender else []
    return (
        "SELECT conversation_slug FROM intermediate.counted_messages WHERE conversation_slug IS NOT NULL"
        f" GROUP BY conversation_slug HAVING {' AND '.join(wanted)}"
    )


def _values(narrowing: Narrowing) -> dict[str, str]:
    return {kind: value for kind in _EXAMPLES if (value := getattr(narrowing, kind))}


def _literal(condition: str, narrowing: Narrowing) -> str:
    """The condition with the values as literals, because a view takes no parameters."""
    for kind, value in _values(narrowing).items():
        condition = condition.replace(f"${kind}", "'" + value.replace("'", "''") + "'")
    return condition


def _refuse_unknown(connection: duckdb.DuckDBPyConnection, narrowing: Narrowing) -> None:
    for kind, value in _values(narrowing).items():
        condition, rows, name = _EXAMPLES[kind]
        counted = "intermediate.counted_messages"
        if fetch(connection, f"SELECT 1 FROM {counted} WHERE {rows} AND {condition} LIMIT 1", **{kind: value}):
            continue
        known = fetch(
            connection, f"SELECT {name} FROM {counted} WHERE {rows} AND {name} <> '' GROUP BY 1 ORDER BY count(*) DESC"
        )
        some = ", ".join(str(row[0]) for row in known[:8])
        raise NarrowingRefused(f"--{kind} {value} is in no stored message; there are {some or 'none'}")

"""Conversations as texts."""

from __future__ import annotations

import datetime as dt

from tests.metrics.reference.message import Message, Row
from tests.metrics.reference.stored import Stored

SIDES = {True: "staff", False: "customer", None: "unknown"}
_NEVER = dt.datetime(1970, 1, 1)  # noqa: DTZ001 naive UTC, as all instants here
KINDS = {1: " (internal note)", 2: " (not sent)"}


def conversation_documents(stored: Stored) -> list[Row]:
    """Conversation; chunk; of how many; its text; messages; first and last instant."""
    size = stored.rules.document_characters
    if size is None:
        return []
    rows: list[Row] = []
    for conversation in stored.conversations:
        said = sorted(conversation.messages, key=_place)
        text = "\n\n".join(map(_line, said))
        chunks = [text[start : start + size] for start in range(0, len(text), size)]
        instants = [m.created_at for m in said if m.created_at is not None]
        span = (min(instants, default=None), max(instants, default=None))
        rows += [
            (conversation.slug, n, len(chunks), chunk, len(said), *span) for n, chunk in enumerate(chunks, start=1)
        ]
    return rows


def _place(message: Message) -> tuple[bool, dt.datetime, bool, str]:
    at = message.created_at
    return at is None, at or _NEVER, bool(message.is_staff), message.message_id


def _line(message: Message) -> str:
    at = f"{message.created_at:%Y-%m-%d %H:%M}" if message.created_at else "undated"
    who = message.name or message.email or "no name"
    return f"{at} {SIDES[message.is_staff]} {who}{KINDS.get(message.visibility or 0, '')}: {message.body or ''}"

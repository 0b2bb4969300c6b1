"""What the report's numbers mean: the documentation of the models where there is one, plain words otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup, escape

from reamaze_pipeline.models.model import Project

_CODE = re.compile(r"`([^`]+)`")

_PLAIN = {
    "conversation_volume_daily": (
        "Volume",
        "Messages received are customer messages that everybody sees. New conversations are counted on the day they "
        "were created, conversations replied to on each day on which staff replied; customers helped are the "
        "distinct emails of customers in these.",
    ),
    "messages_per_origin": ("Origins", "Messages by where they came from, notes and collisions included."),
    "staff_response_counts": (
        "Responses",
        "A response is a staff message that customers see. Internal notes and collisions are counted apart. Email "
        "decides who a sender is.",
    ),
    "reply_turns": (
        "Response time",
        "A turn opens with a customer's first message since the last response and closes with the next response. "
        "Several messages in a row are one turn. It counts on the day of the response, in calendar time.",
    ),
    "first_response_times": (
        "First response",
        "From a conversation's first customer message to the first response after it; conversations that staff "
        "opened are left out.",
    ),
    "busiest_hours": (
        "Busiest hours",
        "Customer messages by weekday and hour, on average per week; days that are not stored do not count.",
    ),
    "awaiting_reply": (
        "Waiting",
        "Conversations whose last message by a customer or staff is a customer's. Messages do not say whether a "
        "conversation was closed, so one that ended with thanks still waits.",
    ),
}


@dataclass(frozen=True, slots=True)
class Definition:
    """``table`` is where the numbers come from; ``text`` is HTML."""

    term: str
    table: str
    text: Markup


def definitions(project: Project | None) -> Iterator[Definition]:
    """One for each metric that the report shows, in its order."""
    described = {model.table.label: model.description for model in project.models} if project else {}
    for name, (term, plain) in _PLAIN.items():
        table = f"metrics.{name}"
        yield Definition(term, table, _html(described.get(table) or plain))


def _html(text: str) -> Markup:
    """Escaped, with `code` set as such."""
    pieces = _CODE.split(" ".join(text.split()))
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if n % 2 else escape(piece) for n, piece in enumerate(pieces)
    )

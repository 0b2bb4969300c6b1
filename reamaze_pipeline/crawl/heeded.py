"""Whether an answer is of the list that was asked for: a parameter that the API does not know is ignored in silence.

Told from the messages themselves where they show what was asked for, else from the counts with and without the
parameter. What does not belong here: dates, which every crawl observes as it goes (`reading.listing`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from reamaze_pipeline.api.message_list import MessageList
from reamaze_pipeline.api.page import Page
from reamaze_pipeline.crawl.reading.session import PageSource
from reamaze_pipeline.errors import ParameterIgnored

Message = Mapping[str, Any]


def refuse_unheeded(
    pages: PageSource, wanted: MessageList, first: Page, messages: Sequence[Message], dates: Sequence[datetime | None]
) -> None:
    """Looks at a list's first page with rows; asks once more where only a count can tell.

    Raises:
        ParameterIgnored: the answer holds what was to be left out, or as much as without the parameter.
    """
    for name in ("origin", "category"):
        given = getattr(wanted, name)
        if given is not None and any(given not in _shown(message, name) for message in messages):
            raise _ignored(name)
    emails = {str(_object(message, "user").get("email") or "").strip().lower() for message in messages}
    in_doubt = []
    if wanted.sent_by is not None and emails != {wanted.sent_by.strip().lower()}:
        if len(emails) > 1:
            raise _ignored("sent_by")
        in_doubt.append("sent_by")  # one person may write from an address other than the one they are known by
    if wanted.tag is not None:
        in_doubt.append("tag")
    for name in in_doubt:
        without = replace(wanted, sent_by=None) if name == "sent_by" else replace(wanted, tag=None)
        everything = pages.page(without.audience if without.is_brand else without, 1, *dates)
        if everything.total_count <= first.total_count:
            raise _ignored(name)


def _shown(message: Message, name: str) -> tuple[object, ...]:
    """What a message shows of a parameter."""
    if name == "origin":
        return (message.get("origin"),)
    category = _object(_object(message, "conversation"), "category")
    return category.get("slug"), category.get("name")


def _object(message: Message, name: str) -> Message:
    value = message.get(name) if isinstance(message, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _ignored(name: str) -> ParameterIgnored:
    return ParameterIgnored(
        f"the API ignored `{name}`: its answer is the same list as without it; "
        "ask without it and choose among the messages yourself"
    )

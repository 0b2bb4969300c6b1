"""One answer, read as it comes: a page with what it contradicts, or why it is no page, in words that quote nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from reamaze_pipeline.api.answers import Answer, is_error_body
from reamaze_pipeline.api.message_list import MessageList
from reamaze_pipeline.api.page import Page, read_page
from reamaze_pipeline.errors import UnexpectedAnswer

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """A page of a list, between two moments (aware) or without."""

    of: MessageList
    number: int = 1
    start: datetime | None = None
    end: datetime | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the main list is asked for as a whole."""
        return self.of == MessageList() and self.start is None and self.end is None


@dataclass(frozen=True, slots=True)
class Look:
    """What was asked and what came; `page` is None where the answer is none, for the reason that `problem` is."""

    question: Question
    answer: Answer
    page: Page | None = field(repr=False)
    problem: str = ""

    @property
    def messages(self) -> list[Any]:
        """The rows as they were sent, in the order of `page.rows`."""
        found: list[Any] = json.loads(self.page.payload)["messages"] if self.page is not None else []
        return found


def read(question: Question, answer: Answer) -> Look:
    """Never raises: what cannot be read is the look's problem."""
    if answer.status != 200:
        return Look(question, answer, None, f"status {answer.status}")
    try:
        page = read_page(
            answer.body,
            audience=question.of.audience,
            number=question.number,
            fetched_at=datetime.now(UTC),
            as_it_comes=True,
        )
    except UnexpectedAnswer as error:
        said = "an error with status 200" if is_error_body(answer.body) else str(error).partition(";")[0]
        return Look(question, answer, None, said)
    return Look(question, answer, page)


def part(message: object, *names: str) -> object:
    """What a message holds below these names; None where there is nothing."""
    for name in names:
        message = message.get(name) if isinstance(message, Mapping) else None
    return message

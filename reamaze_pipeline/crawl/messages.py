"""Messages of any list one by one, newest first, exact while the list moves, a few pages in memory at a time.

The same sweep that proves a day's pages stands behind it. What does not belong here: windows that must be whole
before anything of them counts (`crawl`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from reamaze_pipeline.api.client import ReamazeClient
from reamaze_pipeline.api.message_list import MessageList
from reamaze_pipeline.api.page import Audience
from reamaze_pipeline.crawl.heeded import refuse_unheeded
from reamaze_pipeline.crawl.reading.listing import BEGINNING, FOREVER, Listing
from reamaze_pipeline.crawl.reading.prefetch import Prefetcher
from reamaze_pipeline.crawl.reading.session import CrawlSession, PageSource
from reamaze_pipeline.crawl.reading.sweep import Sweep


@dataclass(frozen=True, slots=True)
class ListedMessage:
    """One message of a list. `sent` is what the API sent, whole; the other fields are read from it.

    `created_at` is aware UTC, None where it cannot be read. `is_staff` is None where neither the message nor the list
    it came from tells.
    """

    created_at: datetime | None
    is_staff: bool | None
    conversation_slug: str | None
    sender_email: str | None
    sender_name: str | None
    origin: int | None
    visibility: int | None
    sent: Mapping[str, Any] = field(repr=False)

    @property
    def body(self) -> str | None:
        """The text, as it was sent."""
        return _text(self.sent.get("body"))


def messages_of(
    pages: PageSource,
    wanted: MessageList,
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    concurrency: int | None = None,
) -> Iterator[ListedMessage]:
    """The messages of a list with `start <= created_at < end` (aware; None is no bound), newest first.

    Every message that exists from the first request to the last comes exactly once. Closing the iterator stops asking.

    Raises:
        ListNotFound: there is no such conversation.
        ParameterIgnored: the API does not know a parameter of the list.
        ReamazeError: any other reason why the next message cannot be had; those before it stay true.
    """
    threads: int = getattr(pages, "concurrency", 1) if concurrency is None else concurrency
    session = CrawlSession(pages, Prefetcher(threads), threads)
    listing = Listing(session, wanted, start or BEGINNING, end or FOREVER)
    told = {"staff": True, "customer": False}.get(wanted.audience)
    checked = False
    try:
        for page, placed in Sweep(listing).pages():
            messages = json.loads(page.payload)["messages"]
            if not checked and messages:
                refuse_unheeded(pages, wanted, page, messages, () if session.dates_ignored else (start, end))
                checked = True
            for item in placed:
                if item.instant < listing.start:
                    return
                is_staff = item.row.is_staff if told is None else told
                yield _listed(messages[item.row.index], item.row.created_at, is_staff)
    finally:
        session.prefetcher.close()


class BrandClient(ReamazeClient):
    """A `ReamazeClient` that also reads whole lists of messages."""

    def messages(
        self,
        *,
        conversation: str | None = None,
        sent_by: str | None = None,
        audience: Audience = "all",
        origin: int | None = None,
        category: str | None = None,
        tag: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Iterator[ListedMessage]:
        """Messages with `start <= created_at < end`, newest first: all, or those of a conversation, a sender, a side …

        See `MessageList` for the parameters and `messages_of` for what is promised and raised.
        """
        wanted = MessageList(audience, conversation, sent_by, origin, category, tag)
        for bound in (start, end):
            if bound is not None and bound.tzinfo is None:
                raise ValueError("start and end must carry a time zone")
        return messages_of(self, wanted, start, end)


def _listed(sent: object, created_at: datetime | None, is_staff: bool | None) -> ListedMessage:
    message: Mapping[str, Any] = sent if isinstance(sent, Mapping) else {}
    user, conversation = message.get("user"), message.get("conversation")
    user = user if isinstance(user, Mapping) else {}
    conversation = conversation if isinstance(conversation, Mapping) else {}
    return ListedMessage(
        created_at,
        is_staff,
        _text(conversation.get("slug")),
        _text(user.get("email")),
        _text(user.get("name")),
        _code(message.get("origin")),
        _code(message.get("visibility")),
        message,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _code(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None

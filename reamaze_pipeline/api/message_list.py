"""Which list of messages is asked for: a path below the API root and its parameters. Dates and page are not part of it.

One value for all that the API offers, so that pages are read, joined and proven in one way whatever the list is.
What does not belong here: asking (the client), and whether a parameter was heeded (`crawl.heeded`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import quote

from reamaze_pipeline.api.page import Audience
from reamaze_pipeline.errors import ListMisnamed


@dataclass(frozen=True, slots=True)
class MessageList:
    """Messages of the whole brand, or of one `conversation` (its slug), narrowed by any of the other fields.

    `sent_by` is a user's email. `origin` (a code), `category` (a slug) and `tag` are known to the newer revision of the
    API only; the older one ignores them in silence. Raises `ListMisnamed` for a slug or email that cannot be asked for.
    """

    audience: Audience = "all"
    conversation: str | None = None
    sent_by: str | None = None
    origin: int | None = None
    category: str | None = None
    tag: str | None = None

    def __post_init__(self) -> None:
        for name in ("conversation", "sent_by", "category", "tag"):
            given = getattr(self, name)
            if given is not None and not given.strip():
                raise ListMisnamed(f"the {name.replace('_', ' ')} asked for is blank")
        if self.conversation in {".", ".."}:  # in a path these mean another place, whatever the encoding
            raise ListMisnamed("a conversation named by dots alone cannot be asked for; take it from the whole list")

    @property
    def path(self) -> str:
        """Below the API root."""
        if self.conversation is None:
            return "/messages"
        slug = self.conversation.encode("utf-8", "surrogatepass")
        return f"/conversations/{quote(slug, safe='')}/messages"

    def query(self, number: int, start: datetime | None, end: datetime | None) -> dict[str, str | int]:
        """What is sent to ask for one page; `start` and `end` are aware."""
        dates = {"start_date": start, "end_date": end}
        return {
            "page": number,
            **self.parameters(),
            **{name: _iso(moment) for name, moment in dates.items() if moment is not None},
        }

    def parameters(self) -> dict[str, str | int]:
        """What is sent besides the page and the dates."""
        named: dict[str, str | int | None] = {
            "filter": None if self.audience == "all" else self.audience,
            "sent_by": self.sent_by,
            "origin": self.origin,
            "category": self.category,
            "tag": self.tag,
        }
        return {name: value for name, value in named.items() if value is not None}

    @property
    def is_brand(self) -> bool:
        """Whether nothing but the audience narrows it."""
        return self == MessageList(self.audience)

    @property
    def in_words(self) -> str:
        """For people; names nobody, because errors are logged."""
        whose = {"all": "all messages", "staff": "staff messages", "customer": "customer messages"}[self.audience]
        narrowed = [
            words
            for given, words in (
                (self.conversation, "of one conversation"),
                (self.sent_by, "of one sender"),
                (self.origin, "of one origin"),
                (self.category, "of one category"),
                (self.tag, "with one tag"),
            )
            if given is not None
        ]
        return " ".join([whose, *narrowed])

    def only(self, audience: Audience) -> MessageList:
        """The same list, of one side or both."""
        return replace(self, audience=audience)

    @classmethod
    def named(cls, given: MessageList | Audience) -> MessageList:
        """A list, or the whole brand's messages of an audience."""
        return given if isinstance(given, MessageList) else cls(given)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")

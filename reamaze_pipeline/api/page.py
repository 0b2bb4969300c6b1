"""What a page is: one answer of `GET /messages`, read strictly.

The envelope is held to every promise it makes (types, counts, order, number of rows); a row is held to none:
whatever is odd about a message, it stays a row. Who means to look at answers that break a promise, or to keep what can
be had of them, has it noted instead. What does not belong here: HTTP (the client) and which rows of a page count for a
day (the crawl).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Literal, NoReturn

from reamaze_pipeline.api.text import clean_json_text
from reamaze_pipeline.api.times import Time, read_time, shape_of
from reamaze_pipeline.errors import KEEPING, UnexpectedAnswer

Audience = Literal["all", "staff", "customer"]

_EXPLANATION_LENGTH = 200
_ABSENT = object()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_one_way_to_write = json.JSONEncoder(sort_keys=True, check_circular=False).encode


@dataclass(frozen=True, slots=True)
class Row:
    """What the crawl needs to know of one message; the message itself stays in the page's payload.

    `index` is 0-based in `payload["messages"]`. `created_at` is aware UTC, exact to the microsecond, or None
    where it is missing or cannot be read (`times`). `is_staff` is the `user["staff?"]` flag, None where it is absent.
    `identity` is a digest of the fields of a message that never change; identical twins share it.
    `conversation_created_at` is read like `created_at`.
    """

    index: int
    created_at: datetime | None
    is_staff: bool | None
    identity: bytes
    conversation_created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One answer. `payload` is its JSON text, verbatim except for `cleaned` characters that break loaders."""

    audience: Audience
    number: int
    page_size: int
    page_count: int
    total_count: int
    fetched_at: datetime
    payload: str = field(repr=False)
    cleaned: int
    rows: tuple[Row, ...] = field(repr=False)
    utc_offset: timedelta = timedelta(0)
    """What the brand's clock was ahead of UTC at the first row with a date."""
    contradictions: tuple[str, ...] = ()
    """Promises that it breaks, each as half a sentence; of a page that was held to them there are none."""

    @property
    def offset(self) -> int:
        """How many rows of the list stand in front of this page's first row."""
        return (self.number - 1) * self.page_size

    @property
    def newest(self) -> datetime | None:
        """The first instant on the page; None where no row has one."""
        return next((row.created_at for row in self.rows if row.created_at is not None), None)

    @property
    def oldest(self) -> datetime | None:
        """The last instant on the page; None where no row has one."""
        return next((row.created_at for row in reversed(self.rows) if row.created_at is not None), None)

    @property
    def undated(self) -> str:
        """How its first row without a readable `created_at` has it written, in words that quote nothing."""
        messages = json.loads(self.payload)["messages"]
        row: object = next((messages[row.index] for row in self.rows if row.created_at is None), None)
        return shape_of(row.get("created_at") if isinstance(row, dict) else None)

    @property
    def is_last(self) -> bool:
        """Whether no row of the list stands behind this page."""
        return self.offset + self.page_size >= self.total_count


def read_page(body: bytes, *, audience: Audience, number: int, fetched_at: datetime, as_it_comes: bool = False) -> Page:
    """Reads one answer; raises `UnexpectedAnswer` where its envelope breaks a promise.

    Promises (the API's documentation): `page_size`, `page_count`, `total_count` in every response; rows
    sorted by `created_at`, newest first. A page beyond the end is an empty list. `as_it_comes` notes a contradiction in
    counts or order instead; what is no page at all is refused all the same.
    """
    payload, cleaned = clean_json_text(body)
    try:
        document = json.loads(payload, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise UnexpectedAnswer(
            f"the API's answer for page {number} is not JSON; check that the API root is Re:amaze's /api/v1"
        ) from None
    if not isinstance(document, dict):
        raise UnexpectedAnswer(f"the API's answer for page {number} is not a JSON object; check the API root")
    if "messages" not in document and ("error" in document or "errors" in document):
        raise UnexpectedAnswer(f"the API answered status 200 with an error: {explanation(document)}")

    size, count, total = (_number(document, name) for name in ("page_size", "page_count", "total_count"))
    messages = document.get("messages")
    if not isinstance(messages, list):
        _broken(number, "`messages` is not a list")
    if size < 1:
        _broken(number, f"page_size is {size}")
    broken = []
    if count != -(-total // size) and not (total == 0 and count == 1):
        broken.append(f"page_count is {count}, but {total} rows make {-(-total // size)} pages of {size}")
    promised = min(size, max(0, total - (number - 1) * size))
    if len(messages) != promised:
        broken.append(f"{promised} rows are promised (total_count {total}), {len(messages)} came")

    times = [_time(message) for message in messages]
    rows = tuple(_row(index, message, time) for index, (message, time) in enumerate(zip(messages, times, strict=True)))
    dated = [row.created_at for row in rows if row.created_at is not None]
    if any(newer < older for newer, older in pairwise(dated)):
        broken.append("its rows are not sorted newest first")
    if broken and not as_it_comes:
        _broken(number, broken[0])
    offset = next((time.utc_offset for time in times if time is not None and time.utc_offset is not None), timedelta(0))
    return Page(audience, number, size, count, total, fetched_at, payload, cleaned, rows, offset, tuple(broken))


def explanation(document: object) -> str:
    """The API's own words out of an error body, on one line and short; never a message's content."""
    if not isinstance(document, dict):
        return "no explanation given"
    said = document.get("error", document.get("errors"))
    if isinstance(said, dict):
        said = "; ".join(
            f"{name} {', '.join(map(str, texts)) if isinstance(texts, list) else texts}" for name, texts in said.items()
        )
    elif isinstance(said, list):
        said = "; ".join(map(str, said))
    line = " ".join("".join(c if c.isprintable() else " " for c in str(said or "")).split())
    return line[:_EXPLANATION_LENGTH] or "no explanation given"


def _number(document: dict[str, object], name: str) -> int:
    value = document.get(name, _ABSENT)
    if value is _ABSENT:
        raise UnexpectedAnswer(f"the API's answer lacks `{name}`; check that the API root is Re:amaze's /api/v1")
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UnexpectedAnswer(f"the API's answer has a `{name}` that is not a count")
    return value


def _broken(number: int, what: str) -> NoReturn:
    raise UnexpectedAnswer(
        f"page {number} breaks its own promise: {what}; try again later, or report it to Re:amaze; {KEEPING}"
    )


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _time(message: object) -> Time | None:
    return read_time(message.get("created_at")) if isinstance(message, dict) else None


def _row(index: int, message: object, time: Time | None) -> Row:
    if not isinstance(message, dict):
        return Row(index, None, None, _digest(message))
    user = message.get("user")
    conversation = message.get("conversation")
    flag = user.get("staff?") if isinstance(user, dict) else None
    began = read_time(conversation.get("created_at")) if isinstance(conversation, dict) else None
    identity = _digest(
        [
            message.get("created_at") if time is None else (time.instant - _EPOCH) // _MICROSECOND,
            conversation.get("slug") if isinstance(conversation, dict) else conversation,
            user.get("email") if isinstance(user, dict) else user,
            message.get("body"),
            message.get("visibility"),
            message.get("origin"),
            message.get("origin_id"),
        ]
    )
    return Row(
        index,
        time.instant if time else None,
        flag if isinstance(flag, bool) else None,
        identity,
        began.instant if began else None,
    )


def _digest(value: object) -> bytes:
    return hashlib.blake2b(_one_way_to_write(value).encode(), digest_size=16).digest()

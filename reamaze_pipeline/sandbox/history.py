"""The live list of messages, newest first: looked at through views, changed by inserts and deletions.

A row keeps its number for life; the list is an array of row numbers that every change replaces as a whole, so a
view once taken never moves. Whoever wants list and counts from one moment holds `lock`. Rendering is `envelope`'s.
"""

from __future__ import annotations

import copy
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from reamaze_pipeline.sandbox.envelope import Message, render, served
from reamaze_pipeline.sandbox.generate import Conversations, Rows, generate
from reamaze_pipeline.sandbox.options import SandboxOptions, microseconds
from reamaze_pipeline.sandbox.people import AGENTS, FIRST_CUSTOMER, People
from reamaze_pipeline.sandbox.texts import CATEGORIES, TAGS, conversation_of

VIEWS_KEPT = 16


@dataclass(frozen=True)
class ViewKey:
    """Which rows are asked for; None is no condition. `audience` is all, staff or customer."""

    audience: str = "all"
    slug: str | None = None
    sent_by: str | None = None
    origin: int | None = None
    category: str | None = None
    tag: str | None = None


@dataclass(frozen=True)
class View:
    """Row numbers newest first, and their instants negated (ascending, for bisection)."""

    rows: npt.NDArray[np.int32]
    ages: npt.NDArray[np.int64]

    def between(
        self, start: int | None, end: int | None, *, start_inclusive: bool, end_inclusive: bool
    ) -> View:
        """The part of the view between two instants in microseconds UTC."""
        first, last = 0, len(self.rows)
        if end is not None:
            first = int(np.searchsorted(self.ages, -end, side="left" if end_inclusive else "right"))
        if start is not None:
            last = int(np.searchsorted(self.ages, -start, side="right" if start_inclusive else "left"))
        return View(self.rows[first:last], self.ages[first:last])


@dataclass(frozen=True)
class Truth:
    """One row as it is, whatever the revision shows of it."""

    row: int
    created_at: datetime
    """Aware, UTC."""
    is_staff: bool
    message: Message
    """As `GET /messages` serves it."""


class History:
    """All messages of the brand. Every method is safe to call from any thread."""

    def __init__(self, options: SandboxOptions, rows: Iterable[Mapping[str, Any]] | None = None) -> None:
        self.options = options
        self.lock = threading.RLock()
        self.people = People(options.seed, options.brand)
        self._made: dict[int, Message] = {}
        self._slugs: dict[str, int] = {}
        self._emails: dict[str, int] = {}
        self._categories = {slug: code for code, (_, slug, _) in enumerate(CATEGORIES)}
        self._tags = {tag: code for code, tag in enumerate(TAGS)}
        self._views: OrderedDict[ViewKey, View] = OrderedDict()
        given = None if rows is None else list(rows)
        self._rows, self._conversations = generate(options if given is None else replace(options, messages=0))
        self._order = np.arange(len(self._rows.at), dtype=np.int32)
        self._drift = np.random.default_rng([options.seed % 2**63, 0xD81F7])
        if given is not None:
            self._load(given)

    def __len__(self) -> int:
        return len(self._order)

    def newest(self) -> datetime | None:
        """Instant of the first row (UTC), None where there is none."""
        with self.lock:
            return _instant(int(self._rows.at[self._order[0]])) if len(self._order) else None

    def oldest(self) -> datetime | None:
        """Instant of the last row (UTC), None where there is none."""
        with self.lock:
            return _instant(int(self._rows.at[self._order[-1]])) if len(self._order) else None

    # -- looking ---------------------------------------------------------------------------------------------

    def view(self, key: ViewKey) -> View:
        """The rows of a view at this moment; kept until the list changes."""
        with self.lock:
            found = self._views.get(key)
            if found is None:
                chosen = self._order if key == ViewKey() else self._order[self._mask(key)]
                found = self._views[key] = View(chosen, -self._rows.at[chosen])
                if len(self._views) > VIEWS_KEPT:
                    self._views.popitem(last=False)
            self._views.move_to_end(key)
            return found

    def knows(self, slug: str) -> bool:
        """Whether a conversation with this slug has a message in the list."""
        return len(self.view(ViewKey(slug=slug)).rows) > 0

    def message(self, row: int, *, original_body: bool = False) -> Message:
        """A row as the API's revision shows it."""
        made = self._made.get(row)
        if made is not None:
            return served(made, self.options, staff=bool(self._rows.staff[row]))
        return render(
            self._rows, self._conversations, row, self.options, self.people, original_body=original_body
        )

    def truth(self, start: datetime | None = None, end: datetime | None = None) -> Iterator[Truth]:
        """Every row of the list as it stood at the call, newest first; optionally with start <= created_at < end."""
        view = self.view(ViewKey()).between(
            start and microseconds(start),
            end and microseconds(end),
            start_inclusive=True,
            end_inclusive=False,
        )
        return (
            Truth(row, _instant(int(self._rows.at[row])), bool(self._rows.staff[row]), self.message(row))
            for row in view.rows.tolist()
        )

    def _mask(self, key: ViewKey) -> npt.NDArray[np.bool_]:
        rows, order = self._rows, self._order
        mask = np.ones(len(order), dtype=np.bool_)
        if key.audience == "staff":
            mask &= rows.staff[order]
        elif key.audience == "customer":
            mask &= ~rows.staff[order]
            if self.options.null_user_view == "none":
                mask &= rows.user[order] != -1
        if key.slug is not None:
            number = self._conversation(key.slug)
            mask &= (rows.conversation[order] == number) if number is not None else False
        if key.sent_by is not None:
            person = self._person(key.sent_by)
            mask &= (rows.user[order] == person) if person is not None else False
        if key.origin is not None:
            mask &= rows.origin[order] == key.origin
        if key.category is not None:
            mask &= rows.category[order] == self._categories.get(key.category, -2)
        if key.tag is not None:
            mask &= rows.tag[order] == self._tags.get(key.tag, -2)
        return mask

    def _conversation(self, slug: str) -> int | None:
        number = conversation_of(self.options.seed, slug)
        if number is not None and number < len(self._conversations.begun):
            return number
        return self._slugs.get(slug)

    def _person(self, email: str) -> int | None:
        number = self.people.find(email)
        return number if number is not None else self._emails.get(email.lower())

    # -- changing --------------------------------------------------------------------------------------------

    def insert(self, message: Mapping[str, Any], *, at: datetime | None = None) -> int:
        """Insert a message dict where its `created_at` (or `at`) belongs, before rows of the same instant.

        `"_staff": true` in the dict (never served) says who wrote it where no `user["staff?"]` does. Returns the
        row's number. Raises ValueError where neither `created_at` nor `at` gives an instant.
        """
        made = copy.deepcopy(dict(message))
        instant = at or created_at(made)
        if instant is None:
            raise ValueError("the message has no created_at that can be read: pass at=")
        with self.lock:
            return self._add(self._columns(made, microseconds(instant)), made)

    def insert_front(self, *, after_seconds: float | None = None) -> int:
        """Insert a generated message newer than all (by up to 90 seconds unless told). Returns its number."""
        with self.lock:
            gap = float(self._drift.random() * 90) if after_seconds is None else after_seconds
            newest = self.newest() or self.options.end_instant()
            return self._new_row(microseconds(newest) + int(gap * 1000) * 1000)

    def insert_late(self, at: datetime | None = None) -> int:
        """Insert a generated message at an older instant (any in the history unless told). Returns its number."""
        with self.lock:
            if at is not None:
                return self._new_row(microseconds(at))
            newest, oldest = self.newest(), self.oldest()
            if newest is None or oldest is None:
                return self.insert_front()
            span = (microseconds(newest) - microseconds(oldest)) // 1000
            return self._new_row(microseconds(oldest) + int(self._drift.integers(0, span + 1)) * 1000)

    def delete(self, place: int) -> int:
        """Delete the row at a place of the list, 0 the newest, -1 the oldest. Returns its number; IndexError."""
        with self.lock:
            row = int(self._order[place])
            self._replace(np.delete(self._order, place))
            return row

    def delete_rows(self, rows: Iterable[int]) -> int:
        """Delete rows by number; numbers no longer in the list are passed over. Returns how many went."""
        with self.lock:
            before = len(self._order)
            self._replace(self._order[~np.isin(self._order, np.fromiter(rows, dtype=np.int64))])
            return before - len(self._order)

    def delete_conversation(self, slug: str) -> int:
        """Delete all rows of a conversation. Returns how many there were."""
        return self.delete_rows(self.view(ViewKey(slug=slug)).rows.tolist())

    def delete_random_row(self) -> int | None:
        """Delete a row anywhere. Returns its number, None where the list is empty."""
        with self.lock:
            return self.delete(int(self._drift.integers(len(self._order)))) if len(self._order) else None

    def delete_random_conversation(self) -> int:
        """Delete all rows of the conversation of a row anywhere. Returns how many there were."""
        with self.lock:
            if not len(self._order):
                return 0
            number = self._rows.conversation[self._order[int(self._drift.integers(len(self._order)))]]
            return self.delete_rows(self._order[self._rows.conversation[self._order] == number].tolist())

    def _load(self, given: list[Mapping[str, Any]]) -> None:
        """Take hand-made rows: newest first, ties in the order given; an undated row stays below its neighbour."""
        dated: list[tuple[int, Message]] = []
        instants = [created_at(dict(message)) for message in given]
        above = next((instant for instant in instants if instant), datetime(1970, 1, 1, tzinfo=UTC))
        for message, instant in zip(given, instants, strict=True):
            above = instant or above
            dated.append((microseconds(above), copy.deepcopy(dict(message))))
        dated.sort(key=lambda pair: -pair[0])
        for at, message in dated:
            self._made[len(self._rows.at)] = message
            self._rows = self._rows.joined(self._columns(message, at))
        self._replace(np.arange(len(dated), dtype=np.int32))

    def _columns(self, message: Message, at: int) -> Rows:
        user, conversation = message.get("user"), message.get("conversation")
        user = user if isinstance(user, Mapping) else None
        conversation = conversation if isinstance(conversation, Mapping) else {}
        staff = bool(message.pop("_staff", (user or {}).get("staff?", False)))
        origin, category = message.get("origin"), conversation.get("category")
        slug = str(conversation.get("slug", ""))
        number = self._conversation(slug)
        if number is None:
            number = self._slugs.setdefault(slug, -1 - len(self._slugs))
        category_slug = str(category.get("slug")) if isinstance(category, Mapping) else None
        return _one_row(
            at=at,
            conversation=number,
            user=self._sender(user),
            staff=staff,
            visibility=0,
            origin=origin if isinstance(origin, int) and abs(origin) < 2**15 else -1,
            category=-1
            if category_slug is None
            else self._categories.setdefault(category_slug, len(self._categories)),
            tag=-1,
            quirk=0,
            content=0,
        )

    def _sender(self, user: Mapping[str, Any] | None) -> int:
        if user is None:
            return -1
        email = str(user.get("email") or "").lower()
        if not email:
            return -2
        known = self._person(email)
        return known if known is not None else self._emails.setdefault(email, -3 - len(self._emails))

    def _new_row(self, at: int) -> int:
        """A generated message at an instant: mostly of a new conversation, else an answer in the newest one."""
        staff = bool(self._drift.random() < 0.45)
        table = self._conversations
        follows = int(self._rows.conversation[self._order[0]]) if len(self._order) else -1
        if follows < 0 or self._drift.random() < 0.7:
            follows = len(table.begun)
            table = self._conversations = Conversations(
                np.append(table.begun, np.int64(at - 82_000)),
                np.append(table.customer, np.int32(FIRST_CUSTOMER + follows)),
                np.append(table.agent, np.int32(self._drift.integers(len(AGENTS)))),
            )
        row = _one_row(
            at=at,
            conversation=follows,
            user=int(table.agent[follows] if staff else table.customer[follows]),
            staff=staff,
            visibility=0,
            origin=1,
            category=0,
            tag=-1,
            quirk=0,
            content=int(2**30 + len(self._rows.at)),
        )
        return self._add(row, None)

    def _add(self, row: Rows, made: Message | None) -> int:
        number = len(self._rows.at)
        if made is not None:
            self._made[number] = made
        place = int(np.searchsorted(-self._rows.at[self._order], -row.at[0], side="left"))
        self._rows = self._rows.joined(row)
        self._replace(np.insert(self._order, place, number))
        return number

    def _replace(self, order: npt.NDArray[np.int32]) -> None:
        self._order = order
        self._views.clear()


def created_at(message: Mapping[str, Any]) -> datetime | None:
    """The instant of a message dict (aware; a naive one is taken as UTC), None where it cannot be read."""
    value = message.get("created_at")
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _instant(at: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)


def _one_row(
    *,
    at: int,
    conversation: int,
    user: int,
    staff: bool,
    visibility: int,
    origin: int,
    category: int,
    tag: int,
    quirk: int,
    content: int,
) -> Rows:
    return Rows(
        at=np.array([at], dtype=np.int64),
        conversation=np.array([conversation], dtype=np.int32),
        user=np.array([user], dtype=np.int32),
        staff=np.array([staff], dtype=np.bool_),
        visibility=np.array([visibility], dtype=np.int8),
        origin=np.array([origin], dtype=np.int16),
        category=np.array([category], dtype=np.int16),
        tag=np.array([tag], dtype=np.int16),
        quirk=np.array([quirk], dtype=np.int8),
        content=np.array([content], dtype=np.int32),
    )

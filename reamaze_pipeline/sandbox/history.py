"""The live list of messages, newest first: looked at through views, changed by inserts and deletions.

A row keeps its number for life; the list is an array of row numbers that every change replaces as a whole, so
a view once taken never moves. Who wants list and counts of one moment holds `lock`. `envelope` renders.
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

from reamaze_pipeline.sandbox.brand.envelope import Message, render, served
from reamaze_pipeline.sandbox.brand.generate import generate
from reamaze_pipeline.sandbox.brand.names import Names, created_at
from reamaze_pipeline.sandbox.brand.people import AGENTS, FIRST_CUSTOMER, People
from reamaze_pipeline.sandbox.brand.rows import NO_USER, Conversations, Rows, one_row
from reamaze_pipeline.sandbox.options import SandboxOptions, microseconds
from reamaze_pipeline.sandbox.views import View, ViewKey

VIEWS_KEPT = 16


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
        self._names = Names(options.seed, self.people)
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
        return render(self._rows, self._conversations, row, self.options, self.people, original_body=original_body)

    def truth(self, start: datetime | None = None, end: datetime | None = None) -> Iterator[Truth]:
        """Every row of the list as it stands at the call, newest first, if start <= created_at < end."""
        view = self.view(ViewKey()).between(
            None if start is None else microseconds(start),
            None if end is None else microseconds(end),
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
                mask &= rows.user[order] != NO_USER
        for column, number in self._conditions(key):
            mask &= (column[order] == number) if number is not None else False
        return mask

    def _conditions(self, key: ViewKey) -> Iterator[tuple[npt.NDArray[np.signedinteger[Any]], int | None]]:
        """Each condition as a column and the number it must hold; None where nothing has that name."""
        rows, names = self._rows, self._names
        if key.slug is not None:
            yield rows.conversation, names.conversation(key.slug, len(self._conversations.begun))
        if key.sent_by is not None:
            yield rows.user, names.person(key.sent_by)
        if key.origin is not None:
            yield rows.origin, key.origin
        if key.category is not None:
            yield rows.category, names.category(key.category)
        if key.tag is not None:
            yield rows.tag, names.tag(key.tag)

    # -- changing --------------------------------------------------------------------------------------------

    def insert(self, message: Mapping[str, Any], *, at: datetime | None = None) -> int:
        """Insert a message dict where its `created_at` (or `at`) belongs, before rows of the same instant.

        `"_staff": true` in the dict (never served) says who wrote it where no `user["staff?"]` does. Returns
        the row's number. Raises ValueError where neither `created_at` nor `at` gives an instant.
        """
        made = copy.deepcopy(dict(message))
        instant = at or created_at(made)
        if instant is None:
            raise ValueError("the message has no created_at that can be read: pass at=")
        with self.lock:
            return self._add(self._columns(made, microseconds(instant)), made)

    def insert_front(self, *, after_seconds: float | None = None) -> int:
        """Insert a generated message newer than all, by up to 90 seconds unless told. Returns its number."""
        with self.lock:
            gap = float(self._drift.random() * 90) if after_seconds is None else after_seconds
            newest = self.newest() or self.options.end_instant()
            return self._new_row(microseconds(newest) + int(gap * 1000) * 1000)

    def insert_late(self, at: datetime | None = None) -> int:
        """Insert a generated message at an older instant, any unless told. Returns its number."""
        with self.lock:
            if at is not None:
                return self._new_row(microseconds(at))
            newest, oldest = self.newest(), self.oldest()
            if newest is None or oldest is None:
                return self.insert_front()
            span = (microseconds(newest) - microseconds(oldest)) // 1000
            return self._new_row(microseconds(oldest) + int(self._drift.integers(0, span + 1)) * 1000)

    def delete(self, place: int) -> int:
        """Delete the row at a place, 0 the newest, -1 the oldest. Returns its number. Raises IndexError."""
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
        """Take hand-made rows; ties keep their order, an undated row stays below the one before it."""
        instants = [created_at(message) for message in given]
        above = next((instant for instant in instants if instant), datetime(1970, 1, 1, tzinfo=UTC))
        dated: list[tuple[int, Message]] = []
        for message, instant in zip(given, instants, strict=True):
            above = instant or above
            dated.append((microseconds(above), copy.deepcopy(dict(message))))
        dated.sort(key=lambda pair: -pair[0])
        columns = [self._columns(message, at) for at, message in dated]
        self._rows = Rows.stacked([self._rows, *columns])
        self._made = {number: message for number, (_, message) in enumerate(dated)}
        self._replace(np.arange(len(dated), dtype=np.int32))

    def _columns(self, message: Message, at: int) -> Rows:
        return self._names.columns(message, at, len(self._conversations.begun))

    def _new_row(self, at: int) -> int:
        """A generated message at an instant: of a new conversation, or else one more in the newest."""
        staff = bool(self._drift.random() < 0.45)
        table = self._conversations
        follows = int(self._rows.conversation[self._order[0]]) if len(self._order) else -1
        if follows < 0 or table.begun[follows] >= at or self._drift.random() < 0.7:
            follows = len(table.begun)
            table = self._conversations = Conversations(
                np.append(table.begun, np.int64(at - 82_000)),
                np.append(table.customer, np.int32(FIRST_CUSTOMER + follows)),
                np.append(table.agent, np.int32(self._drift.integers(len(AGENTS)))),
            )
        row = one_row(
            at=at,
            conversation=follows,
            user=int(table.agent[follows] if staff else table.customer[follows]),
            staff=staff,
            origin=1,
            category=0,
            content=int(2**30 + len(self._rows.at)),
        )
        return self._add(row, None)

    def _add(self, row: Rows, made: Message | None) -> int:
        number = len(self._rows.at)
        if made is not None:
            self._made[number] = made
        place = int(np.searchsorted(-self._rows.at[self._order], -row.at[0], side="left"))
        self._rows = Rows.stacked([self._rows, row])
        self._replace(np.insert(self._order, place, number))
        return number

    def _replace(self, order: npt.NDArray[np.int32]) -> None:
        self._order = order
        self._views.clear()


def _instant(at: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)

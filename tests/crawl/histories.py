"""Histories in memory: a list of messages that moves between requests, and the plain reference for a crawl.

`MovingList` answers pages as the API does, each answer one snapshot, and moves between any two of them. Used
where thousands of cases must run fast; the same properties are tested over HTTP too.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock

from reamaze_pipeline.api.page import Audience, Page, Row
from reamaze_pipeline.crawl.crawl import CrawledWindow, Window

EPOCH = datetime(2024, 1, 1, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """An instant so many minutes after the test epoch."""
    return EPOCH + timedelta(minutes=minutes)


@dataclass(frozen=True)
class Message:
    """`serial` names the message in the reference; `text` is what the API shows (twins share it)."""

    serial: int
    created_at: datetime
    text: str
    staff: bool | None = False
    flagged: bool = True
    dated: bool = True


@dataclass
class MovingList:
    """A page source over messages, newest first."""

    messages: list[Message]
    page_size: int = 3
    dates_honoured: bool = False
    staff_flag: bool = True
    end_inclusive: bool = True
    utc_offset: timedelta = timedelta(0)
    before_each: Callable[[MovingList, int], None] | None = None
    asked: list[tuple[Audience, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lock = Lock()
        self._cut: tuple[object, list[Message]] | None = None
        self.messages = list(self.messages)
        self.lasting = list(self.messages)
        self.ever = {m.serial: m for m in self.messages}

    def page(
        self,
        audience: Audience = "all",
        number: int = 1,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Page:
        with self.lock:
            return self._answer(audience, number, start, end)

    def _answer(self, audience: Audience, number: int, start: datetime | None, end: datetime | None) -> Page:
        if self.before_each is not None:
            self.before_each(self, len(self.asked))
        self.asked.append((audience, number))
        shown = self._shown(audience, start, end)
        part = shown[(number - 1) * self.page_size : number * self.page_size]
        rows = tuple(
            Row(
                index,
                m.created_at if m.dated else None,
                m.staff if self.staff_flag and m.flagged else None,
                f"{m.created_at}{m.text}".encode(),
            )
            for index, m in enumerate(part)
        )
        count = -(-len(shown) // self.page_size)
        payload = json.dumps({"messages": [m.serial for m in part]})
        now = datetime.now(UTC)
        return Page(audience, number, self.page_size, count, len(shown), now, payload, 0, rows, self.utc_offset)

    def _shown(self, audience: Audience, start: datetime | None, end: datetime | None) -> list[Message]:
        asked = (id(self.messages), audience, start, end)
        if self._cut is None or self._cut[0] != asked:  # a list at rest is not cut anew for each page
            shown = self.messages
            if audience != "all":
                shown = [m for m in shown if m.staff is (audience == "staff")]
            if self.dates_honoured:
                shown = [
                    m
                    for m in shown
                    if (start is None or m.created_at >= start)
                    and (end is None or m.created_at < end or (self.end_inclusive and m.created_at == end))
                ]
            self._cut = asked, shown
        return self._cut[1]

    def insert(self, message: Message) -> None:
        """Puts a message where its time says; in front of those of the same instant."""
        self._cut = None
        place = next((i for i, m in enumerate(self.messages) if m.created_at <= message.created_at), len(self.messages))
        self.messages.insert(place, message)
        self.ever[message.serial] = message

    def delete(self, place: int) -> None:
        """Takes a message away."""
        self._cut = None
        gone = self.messages.pop(place)
        self.lasting = [m for m in self.lasting if m is not gone]


def newest_first(messages: Iterable[Message]) -> list[Message]:
    return sorted(messages, key=lambda m: m.created_at, reverse=True)


def delivered(crawled: CrawledWindow) -> list[int]:
    """The serials of the messages a crawled window holds."""
    return [json.loads(kept.page.payload)["messages"][row.index] for kept in crawled.pages for row in kept.rows]


def contents(messages: Iterable[Message]) -> Counter[tuple[datetime, str]]:
    """What can be told apart from outside: twins count as two of one kind."""
    return Counter((m.created_at, m.text) for m in messages)


def assert_exact(source: MovingList, crawled: CrawledWindow) -> None:
    """Every message that lasted is there; none is there more often than it ever existed."""
    got = contents(source.ever[serial] for serial in delivered(crawled))
    assert got >= contents(inside(source.lasting, crawled.window))
    assert got <= contents(inside(source.ever.values(), crawled.window))
    assert crawled.message_count == got.total()


def days(first: int, count: int, minutes: int = 10) -> list[Window]:
    """Adjacent windows of so many minutes each."""
    return [Window(str(first + i), at((first + i) * minutes), at((first + i + 1) * minutes)) for i in range(count)]


def inside(messages: Iterable[Message], window: Window) -> list[Message]:
    """The plain reference: all messages, then cut."""
    return [m for m in messages if window.start <= m.created_at < window.end]


def perfect_pages(messages: Sequence[Message], windows: Sequence[Window], page_size: int) -> int:
    """W: how many pages hold a message of the windows."""
    return len(
        {
            place // page_size
            for place, m in enumerate(messages)
            if any(w.start <= m.created_at < w.end for w in windows)
        }
    )


def drifting(seed: int, front: float, late: float, deletion: float, span: int) -> Callable[[MovingList, int], None]:
    """Before an answer, one movement at most: a message arrives in front, one comes late, or one goes."""
    draw = random.Random(seed)
    serial = 1_000_000

    def step(source: MovingList, _ordinal: int) -> None:
        nonlocal serial
        serial += 1
        dice = draw.random()
        staff = draw.random() < 0.5
        if dice < front:
            source.insert(Message(serial, at(span + serial), "front", staff))
        elif dice < front + late:
            source.insert(Message(serial, at(draw.randrange(span)), f"late{draw.randrange(3)}", staff))
        elif dice < front + late + deletion and source.messages:
            source.delete(draw.randrange(len(source.messages)))

    return step

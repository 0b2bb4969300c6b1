"""A whole history from a seed and a size, as columns: no text is made here, only what each row is.

A million messages take about a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from reamaze_pipeline.sandbox.brand.people import AGENTS, FIRST_CUSTOMER, SHARED_INBOX
from reamaze_pipeline.sandbox.brand.rhythm import Rhythm, rhythm
from reamaze_pipeline.sandbox.brand.rows import NO_USER, Conversations, Quirk, Rows
from reamaze_pipeline.sandbox.brand.texts import CATEGORIES, TAGS
from reamaze_pipeline.sandbox.options import SandboxOptions, microseconds

ORIGINS = np.array([1, 0, 17, 8, 3, 9, 15, 16, 2, 19, 6, 7, 10, 11], dtype=np.int16)
ORIGIN_SHARES = np.array([44, 22, 9, 4, 3, 4, 4, 0, 2, 3, 1.5, 1.5, 1, 1]) / 100
UNKNOWN_ORIGINS = np.array([5, 23], dtype=np.int16)
OUTBOUND = 16
ODD_FROM = 200
"""From this size on every oddity is present at least once."""
MS = 1000


QUIRK_SHARES = {quirk: 3.0 for quirk in Quirk if quirk} | {
    Quirk.NUL_IN_BODY: 0.5,
    Quirk.LONE_SURROGATE: 0.5,
    Quirk.HUGE_BODY: 0.2,
    Quirk.EMOJI: 15.0,
    Quirk.RIGHT_TO_LEFT: 6.0,
    Quirk.MISSING_USER: 1.0,
}
CUSTOMERS_ONLY = (Quirk.NULL_USER, Quirk.MISSING_USER)
CATEGORY_QUIRKS = (Quirk.NULL_CATEGORY, Quirk.MISSING_CATEGORY)


def generate(options: SandboxOptions) -> tuple[Rows, Conversations]:
    """The history these options describe: exactly `options.messages` rows, newest first."""
    size = options.messages
    if not size:
        return Rows.empty(), Conversations.empty()
    rng = np.random.default_rng([options.seed % 2**63, size])
    end = options.end_instant()
    calendar = rhythm(end - timedelta(days=options.days), end, options.zone)
    twins = size // 5000 + (1 if size >= ODD_FROM else 0)
    wanted = size - twins
    conversations = wanted // 4 + 20
    while True:
        threads = _threads(rng, conversations, calendar)
        if len(threads.at) >= wanted:
            break
        conversations = 2 * conversations
    rows, table = _rows(rng, threads, wanted)
    del threads
    order = np.lexsort((rows.content, rows.at))
    rows = rows.take(order)
    _tie(rng, rows)
    _quirks(rng, rows)
    _edges_of_days(rng, rows, calendar, table)
    rows = Rows.stacked([rows, rows.take(rng.integers(0, wanted, twins))])
    return rows.take(np.lexsort((rows.content, rows.at))[::-1]), table


@dataclass
class _Threads:
    """Messages in order of depth: which conversation, the how-many-th in it, when, by whom."""

    conversation: npt.NDArray[np.int32]
    depth: npt.NDArray[np.int8]
    at: npt.NDArray[np.int64]
    staff: npt.NDArray[np.bool_]
    origin: npt.NDArray[np.int16]
    """By conversation."""


def _threads(rng: np.random.Generator, conversations: int, calendar: Rhythm) -> _Threads:
    """Conversations of 1 to 20 messages; those that would come after the history's end are cut off."""
    lengths = np.minimum(rng.geometric(0.23, conversations), 20)
    origin = rng.choice(ORIGINS, conversations, p=ORIGIN_SHARES / ORIGIN_SHARES.sum()).astype(np.int16)
    outbound = rng.random(conversations) < 0.08
    origin[outbound] = OUTBOUND
    sure = min(len(ORIGINS), conversations)
    origin[:sure] = ORIGINS[:sure]
    haste = np.where(np.isin(origin, (0, 6, 10)), 0.06, 1.0)
    length = (calendar.end - calendar.begin).total_seconds()
    begin = microseconds(calendar.begin)

    alive = np.arange(conversations)
    seconds = calendar.customers.when(rng.random(conversations) * calendar.customers.total)
    staff = origin == OUTBOUND
    parts: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.bool_]]] = []
    while len(alive):
        inside = seconds < length
        alive, seconds, staff = alive[inside], seconds[inside], staff[inside]
        parts.append((alive, seconds, staff))
        going_on = lengths[alive] > len(parts)
        alive, seconds = alive[going_on], seconds[going_on]
        staff = rng.random(len(alive)) < np.where(staff[going_on], 0.35, 0.85)
        pause = haste[alive] * rng.lognormal(0, 1.3, len(alive))
        by_staff = calendar.staff.at(seconds) + 0.7 * pause
        by_customer = calendar.customers.at(seconds) + 1.6 * pause
        seconds = np.where(staff, calendar.staff.when(by_staff), calendar.customers.when(by_customer))
    return _Threads(
        np.concatenate([part[0] for part in parts]).astype(np.int32),
        np.repeat(np.arange(len(parts), dtype=np.int8), [len(part[0]) for part in parts]),
        np.concatenate([begin + (part[1] * 1000).astype(np.int64) * MS for part in parts]),
        np.concatenate([part[2] for part in parts]),
        origin,
    )


def _rows(rng: np.random.Generator, threads: _Threads, wanted: int) -> tuple[Rows, Conversations]:
    """Whole conversations until there are `wanted` rows (the last one may be cut), with senders and codes."""
    reached = np.cumsum(np.bincount(threads.conversation, minlength=len(threads.origin)))
    last = int(np.searchsorted(reached, wanted))
    room = wanted - (int(reached[last - 1]) if last else 0)
    kept = (threads.conversation < last) | ((threads.conversation == last) & (threads.depth < room))
    conversation, staff = threads.conversation[kept], threads.staff[kept]
    count, number = int(kept.sum()), last + 1

    customers = max(1, int(number * 0.6))
    customer = np.arange(number)
    customer[customers:] = (rng.random(number - customers) ** 2 * customers).astype(np.int64)
    customer += FIRST_CUSTOMER
    customer[rng.random(number) < 0.004] = SHARED_INBOX
    agent = rng.integers(0, len(AGENTS), number).astype(np.int32)
    helper = np.where(rng.random(count) < 0.15, rng.integers(0, len(AGENTS), count), agent[conversation]).astype(
        np.int32
    )
    begun = np.full(number, np.iinfo(np.int64).max)
    np.minimum.at(begun, conversation, threads.at[kept])

    visibility = np.zeros(count, dtype=np.int8)
    chance = rng.random(count)
    visibility[staff & (chance < 0.09)] = 1
    visibility[staff & (chance < 0.012)] = 2
    origin = threads.origin[conversation]
    stray = rng.choice(count, min(count, _share(count, 4.0)), replace=False)
    origin[stray] = UNKNOWN_ORIGINS[np.arange(len(stray)) % len(UNKNOWN_ORIGINS)]
    if count >= ODD_FROM:
        for code in (1, 2):
            if not (visibility == code).any():
                visibility[rng.choice(np.flatnonzero(staff & (visibility == 0)))] = code
    rows = Rows(
        at=threads.at[kept],
        conversation=conversation,
        user=np.where(staff, helper, customer[conversation]).astype(np.int32),
        staff=staff,
        visibility=visibility,
        origin=origin,
        category=rng.integers(0, len(CATEGORIES), number).astype(np.int16)[conversation],
        tag=rng.integers(-1, len(TAGS), number).astype(np.int16)[conversation],
        quirk=np.zeros(count, dtype=np.int8),
        content=np.arange(count, dtype=np.int32),
    )
    return rows, Conversations(begun - 82 * MS, customer.astype(np.int32), agent)


def _share(count: int, thousandths: float) -> int:
    return int(count * thousandths / 1000) + (2 if count >= ODD_FROM else 0)


def _tie(rng: np.random.Generator, rows: Rows) -> None:
    """Give some rows the instant of the next newer one; rarely four share it. `rows` oldest first."""
    count = len(rows.at)
    if count < 5:
        return
    for width, thousandths in ((1, 4.0), (3, 0.5)):
        for place in rng.integers(3, count - 1, _share(count, thousandths)):
            rows.at[place + 1 - width : place + 1] = rows.at[place + 1]


def _quirks(rng: np.random.Generator, rows: Rows) -> None:
    """Hand out the oddities, at most one a row. `rows` oldest first."""
    count = len(rows.at)
    for quirk, thousandths in QUIRK_SHARES.items():
        eligible = rows.quirk == Quirk.NONE
        if quirk in CUSTOMERS_ONLY:
            eligible &= ~rows.staff
        places = np.flatnonzero(eligible)
        chosen = rng.choice(places, min(len(places), _share(count, thousandths)), replace=False)
        rows.quirk[chosen] = quirk
        if quirk in CUSTOMERS_ONLY:
            rows.user[chosen] = NO_USER
        if quirk in CATEGORY_QUIRKS:
            rows.category[chosen] = -1


def _edges_of_days(rng: np.random.Generator, rows: Rows, calendar: Rhythm, table: Conversations) -> None:
    """Move the newest message of some conversations to the next midnight, or a millisecond before it."""
    newest = np.full(len(table.begun), -1, dtype=np.int64)
    np.maximum.at(newest, rows.conversation, np.arange(len(rows.at)))
    candidates = rng.permutation(newest[newest >= 0])
    each = min(_share(len(rows.at), 0.6) * 2, len(candidates) // 16)
    flavours = (
        (calendar.utc_midnights, 0),
        (calendar.brand_midnights, 0),
        (calendar.utc_midnights, MS),
        (calendar.brand_midnights, MS),
    )
    for flavour, (midnights, before) in enumerate(flavours):
        chosen = candidates[flavour * each : (flavour + 1) * each]
        after = np.searchsorted(midnights, rows.at[chosen], side="right")
        chosen, after = chosen[after < len(midnights)], after[after < len(midnights)]
        instants = midnights[after] - before
        fits = calendar.open_at(instants) & (instants >= rows.at[chosen])
        rows.at[chosen[fits]] = instants[fits]

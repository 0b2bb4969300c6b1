"""Things that come one by one, handed on a few at a time, and stored while the next few arrive."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")

TIMES_AS_LONG = 8
"""Gathering takes so much longer than handing on, which thus costs a ninth of the time."""
MOST = 10
"""But at most so many times as long as was asked for, because what is gathered is lost with the process."""


def batches(
    items: Iterable[Item], *, seconds: float, weight: Callable[[Item], int] = lambda _: 0, most: int = 1
) -> Iterator[list[Item]]:
    """The items in order, in lists. Each ends with the first item that arrives `seconds` after it was begun, or later
    by up to `MOST` times where whoever takes the lists is slow with them; or with the item that makes it weigh `most`.

    If the source fails, what had arrived is handed on first, then the failure is raised.
    """
    batch: list[Item] = []
    weighs, lasting, begun = 0, seconds, time.monotonic()
    try:
        for item in items:
            batch.append(item)
            weighs += weight(item)
            if weighs >= most or time.monotonic() - begun >= lasting:
                handed = time.monotonic()
                yield batch
                batch, weighs, begun = [], 0, time.monotonic()
                lasting = min(max(seconds, TIMES_AS_LONG * (begun - handed)), MOST * seconds)
    except Exception:  # raised again below: complete days must not be lost because a later one failed
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def stored_behind(lists: Iterable[list[Item]], store: Callable[[list[Item]], None]) -> Iterator[list[Item]]:
    """Each list once it is stored, which a thread does while the next one is gathered; one is stored at a time.

    If the source fails, what it gave is stored and handed on first, then the failure is raised; so is one of `store`.
    """
    source, failure = iter(lists), None
    under_way: tuple[list[Item], Future[None]] | None = None
    with ThreadPoolExecutor(1, thread_name_prefix="storing") as thread:
        while True:
            try:
                gathered = next(source)
            except StopIteration:
                break
            except Exception as error:  # raised again below: what is under way must be told of
                failure = error
                break
            if under_way is not None:
                yield _settled(*under_way)
            under_way = gathered, thread.submit(store, gathered)
        if under_way is not None:
            yield _settled(*under_way)
    if failure is not None:
        raise failure


def _settled(gathered: list[Item], storing: Future[None]) -> list[Item]:
    storing.result()
    return gathered

"""Things that come one by one, handed on a few at a time: what arrives while a write would take longer than it."""

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def batches(items: Iterable[Item], *, seconds: float) -> Iterator[list[Item]]:
    """The items in order, in lists: each ends with the first item that arrives `seconds` after it was begun.

    If the source fails, what had arrived is handed on first, then the failure is raised.
    """
    batch: list[Item] = []
    begun = time.monotonic()
    try:
        for item in items:
            batch.append(item)
            if time.monotonic() - begun >= seconds:
                yield batch
                batch, begun = [], time.monotonic()
    except Exception:  # raised again below: complete days must not be lost because a later one failed
        if batch:
            yield batch
        raise
    if batch:
        yield batch

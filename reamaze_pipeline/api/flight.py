"""Several requests in flight at once, on threads that never keep the program alive.

A `ThreadPoolExecutor` is joined when the interpreter exits, so that Ctrl-C would wait for the slowest answer.
What does not belong here: what is asked for, and in which order the answers are used.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")


class Flight(Generic[T]):
    """Runs calls on so many daemon threads. `close` forgets what has not begun and waits for nobody."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._started = 0
        self._calls: SimpleQueue[tuple[Future[T], Callable[[], T]] | None] = SimpleQueue()
        self._waiting: set[Future[T]] = set()

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Runs the call as soon as a thread is free."""
        if self._started < self._threads:
            self._started += 1
            threading.Thread(target=self._work, name=f"reamaze-{self._started}", daemon=True).start()
        future: Future[T] = Future()
        self._waiting = {other for other in self._waiting if not other.done()} | {future}
        self._calls.put((future, call))
        return future

    @property
    def in_flight(self) -> int:
        """How many calls have not ended yet."""
        return sum(not future.done() for future in self._waiting)

    def close(self) -> None:
        """Lets the threads end after the call they are in."""
        for future in self._waiting:
            future.cancel()
        for _ in range(self._started):
            self._calls.put(None)

    def _work(self) -> None:
        while (item := self._calls.get()) is not None:
            future, call = item
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call())
            except BaseException as error:
                future.set_exception(error)

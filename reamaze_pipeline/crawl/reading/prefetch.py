"""Several requests in flight at once, on threads that never keep the program alive.

A `ThreadPoolExecutor` is joined when the interpreter exits, so that Ctrl-C would wait for the slowest answer.
What does not belong here: what is asked for, and in which order the answers are used.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import count
from queue import PriorityQueue
from typing import Generic, TypeVar

T = TypeVar("T")

_URGENT, _IN_TURN, _END = range(3)


@dataclass(order=True)
class _Task(Generic[T]):
    """A call in the queue: urgent ones first, then in the order in which they came."""

    rank: int
    ordinal: int
    future: Future[T] = field(compare=False)
    call: Callable[[], T] | None = field(compare=False)


class Prefetcher(Generic[T]):
    """Runs calls on so many daemon threads. `close` forgets what has not begun and waits for nobody.

    Calls may be queued far beyond the number of threads: while the caller is busy, the threads are not idle.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._started = 0
        self._ordinals = count()
        self._tasks: PriorityQueue[_Task[T]] = PriorityQueue()
        self._waiting: set[Future[T]] = set()

    def submit(self, call: Callable[[], T], *, urgent: bool = False) -> Future[T]:
        """Runs the call as soon as a thread is free; an urgent one before those that wait in turn."""
        if self._started < self._threads:
            self._started += 1
            threading.Thread(target=self._work, name=f"reamaze-{self._started}", daemon=True).start()
        future: Future[T] = Future()
        self._waiting = {other for other in self._waiting if not other.done()} | {future}
        self._tasks.put(_Task(_URGENT if urgent else _IN_TURN, next(self._ordinals), future, call))
        return future

    def close(self) -> None:
        """Lets the threads end after the call they are in."""
        for future in self._waiting:
            future.cancel()
        for _ in range(self._started):
            self._tasks.put(_Task(_END, next(self._ordinals), Future(), None))

    def _work(self) -> None:
        while (task := self._tasks.get()).call is not None:
            if not task.future.set_running_or_notify_cancel():
                continue
            try:
                task.future.set_result(task.call())
            except BaseException as error:
                task.future.set_exception(error)

"""When the next request may go out: one gate that all threads pass.

It spaces requests (`requests_per_minute`) and holds everybody when the API says 429. What does not belong
here: what is retried, and how long a wait should be (the client's).
"""

from __future__ import annotations

import threading
import time

from reamaze_pipeline.errors import ClientClosed


class RateLimiter:
    """A gate for all threads of one client. Waits end at once when it is closed or on Ctrl-C."""

    def __init__(self, requests_per_minute: float | None = None) -> None:
        if requests_per_minute is not None and requests_per_minute <= 0:
            raise ValueError("requests per minute must be above 0, or left out for no bound")
        self._interval = 60.0 / requests_per_minute if requests_per_minute else 0.0
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._next = 0.0
        self._held_until = 0.0

    def hold(self, seconds: float) -> None:
        """Lets nobody pass for so many seconds from now; never shortens a hold that is longer."""
        with self._lock:
            self._held_until = max(self._held_until, time.monotonic() + seconds)
            self._next = max(self._next, self._held_until)

    def pass_through(self) -> float:
        """Returns when the next request may go out; the seconds waited. Raises `ClientClosed`."""
        began = time.monotonic()
        with self._lock:
            turn = max(began, self._next)
            self._next = turn + self._interval
        waited = 0.0
        while True:
            with self._lock:
                left = max(turn, self._held_until) - began - waited
            if left <= 0 and not self._closed.is_set():
                return waited
            self.sleep(left)
            waited = time.monotonic() - began

    def sleep(self, seconds: float) -> None:
        """Waits, unless the gate is closed: then raises `ClientClosed` at once."""
        if self._closed.wait(max(0.0, seconds)):
            raise ClientClosed("the Re:amaze client is closed; open a new one to ask for more")

    def close(self) -> None:
        """Sends away everyone who waits or comes."""
        self._closed.set()

"""How often one page is asked for, and how long to wait in between.

What does not belong here: which answers are asked for again (the client) and what holds every thread (`rate_limit.py`).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tenacity import RetryCallState

from reamaze_pipeline.api.page import Page
from reamaze_pipeline.errors import ReamazeError
from reamaze_pipeline.settings import clock


class AskAgain(Exception):
    """Carries the error to raise when patience has run out.

    `asked` is how many seconds the API wants to be left alone (None if it did not say), `limited` that it counts our
    requests, `unreadable` that it answered, but with nothing that can be used.
    """

    def __init__(
        self, error: ReamazeError, *, asked: float | None = None, limited: bool = False, unreadable: bool = False
    ) -> None:
        super().__init__()
        self.error = error
        self.asked = asked
        self.limited = limited
        self.unreadable = unreadable


def give_up(state: RetryCallState) -> Page:
    """Raises what the last attempt ended with, when there is to be no further one."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, AskAgain):
        raise error.error from None
    raise AssertionError("the retry loop ends in a page, a known error, or one that it does not catch")


@dataclass(frozen=True)
class RetryPolicy:
    """How long one page may take. Seconds throughout; every wait has random jitter of up to a fifth."""

    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    attempts: int = 6
    """Requests for one page, the first included."""
    unreadable_attempts: int = 3
    """The same for answers with status 200 that are not a page, or not whole in time."""
    first_wait: float = 0.5
    """The wait after the first failure; it doubles with each further one, up to `longest_wait`."""
    longest_wait: float = 30.0
    rate_limit_wait: float = 60.0
    """The wait after a 429 without Retry-After: Re:amaze counts requests per minute."""
    longest_retry_after: float = 300.0
    """What Retry-After is clamped to. One of 0, or of a moment that has passed, is no leave to hammer: the wait still
    grows, after a 429 fourfold up to `rate_limit_wait`, so that all attempts together outlast a minute."""
    total_seconds: float = 900.0
    """No new attempt for one page once so much time has passed since the first; waits end then at the latest."""

    def is_enough(self, state: RetryCallState) -> bool:
        """Whether the attempt that just failed was the last one."""
        error = state.outcome.exception() if state.outcome else None
        unreadable = isinstance(error, AskAgain) and error.unreadable
        allowed = self.unreadable_attempts if unreadable else self.attempts
        return state.attempt_number >= allowed or _passed(state) >= self.total_seconds

    def wait_before(self, state: RetryCallState) -> float:
        """Seconds until the next attempt."""
        error = state.outcome.exception() if state.outcome else None
        asked, limited = (error.asked, error.limited) if isinstance(error, AskAgain) else (None, False)
        if limited and asked is None:
            asked = self.rate_limit_wait
        growth, most = (4.0, self.rate_limit_wait) if limited else (2.0, self.longest_wait)
        grown = min(self.first_wait * growth ** min(state.attempt_number - 1, 30), most)
        seconds = max(grown, min(asked or 0.0, self.longest_retry_after))
        return min(_with_jitter(seconds), max(0.0, self.total_seconds - _passed(state)))


def _passed(state: RetryCallState) -> float:
    return state.seconds_since_start or 0.0


def retry_after(value: str | None) -> float | None:
    """Seconds asked for by a Retry-After header, which holds seconds or an HTTP date; None if unusable."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    moment = http_date(text)
    return None if moment is None else (moment - clock.now()).total_seconds()


def http_date(text: str) -> datetime | None:
    """A time as HTTP headers write it (aware); None if it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _with_jitter(seconds: float) -> float:
    return seconds * (1.0 + 0.2 * random.random())  # noqa: S311 - spreads load, guards nothing

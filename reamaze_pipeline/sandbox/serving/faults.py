"""What can go wrong, switchable while the sandbox runs: latency, limits, failures, and rows that move.

`Faults` decides; `endpoints` and `server` carry out. Nothing here knows HTTP beyond names and numbers.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

import numpy as np

from reamaze_pipeline.sandbox.history import History
from reamaze_pipeline.sandbox.options import SandboxOptions

Failure = Literal[
    "500", "502", "503", "504",  # with the bodies that servers and proxies send
    "408", "425", "520", "521", "522", "523", "524",  # what proxies and CDNs say of a moment
    "429", "401", "403", "404", "422",
    "html200",  # an HTML page with status 200
    "error200",  # an error body with status 200
    "not_json", "empty",  # status 200 with a body that is no JSON, or none
    "truncated",  # a body cut in the middle
    "reset",  # the connection is reset
    "hang",  # no answer for `hang_seconds`
    "redirect",  # 302 to another host
]  # fmt: skip
FAILURES: tuple[str, ...] = get_args(Failure)
PASSING: tuple[Failure, ...] = (
    *("408", "425", "500", "502", "503", "504", "520", "521", "522", "523", "524"),
    *("html200", "truncated", "reset"),
)
"""Failures that a second try may overcome."""

STEPS = ("insert", "insert_front", "insert_late", "delete", "delete_conversation")

CHANCES = ("insert_front", "insert_late", "delete_row", "delete_conversation")

Script = Callable[[int, History], None]


@dataclass
class RateLimit:
    """At most `requests` in any `seconds`; over it 429, `Retry-After` in seconds, as a date, or absent."""

    requests: int
    seconds: float = 60.0
    retry_after: Literal["seconds", "date"] | None = "seconds"

    def __post_init__(self) -> None:
        if self.requests < 1 or self.seconds <= 0 or self.retry_after not in ("seconds", "date", None):
            raise ValueError("rate_limit: requests from 1 on, seconds above 0, retry_after seconds, date or null")


@dataclass
class Drift:
    """Chances, before each answer, that rows move. Repeatable from `seed` for requests made one at a time."""

    insert_front: float = 0.0
    insert_late: float = 0.0
    delete_row: float = 0.0
    delete_conversation: float = 0.0
    seed: int = 0
    _random: np.random.Generator = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name in CHANCES:
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"drift: {name} must be between 0 and 1")
        self._random = np.random.default_rng(self.seed)

    def chances(self) -> dict[str, float]:
        """The chances and the seed, by name."""
        return {name: getattr(self, name) for name in (*CHANCES, "seed")}

    def __call__(self, ordinal: int, history: History) -> None:
        """Move rows, or not. `ordinal` is the request's number and plays no part."""
        del ordinal
        if self._random.random() < self.insert_front:
            history.insert_front()
        if self._random.random() < self.insert_late:
            history.insert_late()
        if self._random.random() < self.delete_row:
            history.delete_random_row()
        if self._random.random() < self.delete_conversation:
            history.delete_random_conversation()


@dataclass
class Faults:
    """The controls. Assign to any field at any time, from any thread."""

    latency_ms: float = 0.0
    """How long each answer takes at least, in milliseconds from the request's arrival; requests wait side by side."""
    rate_limit: RateLimit | None = None
    failures: Sequence[Failure | None] = ()
    """What happens to the next requests, one each, in order; None lets one pass."""
    failure_probability: float = 0.0
    """Chance that a request not covered by `failures` fails, in one of `failure_kinds`."""
    failure_kinds: Sequence[Failure] = PASSING
    failure_seed: int = 0
    failure_retry_after: str | None = None
    """`Retry-After` of the failures 429 and 503, word for word; None sends none."""
    hang_seconds: float = 3600.0
    drift: Drift | Script | None = None
    """Called before each answer with the request's number (from 1) and the history."""
    plan: Mapping[int, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """Steps (see `take_step`) to take before the answer to the request with that number."""
    tamper: Callable[[dict[str, Any]], Any] | None = None
    """Alters the envelope on its way out, for answers that break their own promise."""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._random = (self.failure_seed, np.random.default_rng(self.failure_seed))
        self._let_through: deque[float] = deque()

    @classmethod
    def of(cls, options: SandboxOptions) -> Faults:
        """The faults that the options start with."""
        limit = options.requests_per_minute
        return cls(latency_ms=options.latency_ms, rate_limit=RateLimit(limit) if limit else None)

    def next_failure(self) -> Failure | None:
        """What happens to this request; takes it off the list."""
        with self._lock:
            if self.failures:
                first, *rest = self.failures
                self.failures = rest
                return first
            if self._random[0] != self.failure_seed:
                self._random = (self.failure_seed, np.random.default_rng(self.failure_seed))
            chance = self._random[1]
            if self.failure_probability and chance.random() < self.failure_probability:
                return self.failure_kinds[int(chance.integers(len(self.failure_kinds)))]
            return None

    def over_limit(self) -> float | None:
        """Seconds to wait where this request is over the limit, None where it is let through."""
        with self._lock:
            limit, now = self.rate_limit, time.monotonic()
            if limit is None:
                return None
            while self._let_through and self._let_through[0] <= now - limit.seconds:
                self._let_through.popleft()
            if len(self._let_through) >= limit.requests:
                return max(0.0, self._let_through[0] + limit.seconds - now)
            self._let_through.append(now)
            return None

    def move_rows(self, ordinal: int, history: History) -> None:
        """Take the planned steps, then let the drift act; the caller holds the history's lock."""
        for step in self.plan.get(ordinal, ()):
            take_step(step, history)
        if self.drift is not None:
            self.drift(ordinal, history)

    def clear(self) -> None:
        """No latency, no limit, no failures, no drift."""
        fresh = Faults()
        with self._lock:
            for name in Faults.__dataclass_fields__:
                setattr(self, name, getattr(fresh, name))
            self._let_through.clear()


def take_step(step: Mapping[str, Any], history: History) -> int:
    """Carry out one step written as JSON; returns how many rows it touched. Raises ValueError if it is none.

    `{"do": "insert", "message": {...}}`, `{"do": "insert_front"}`,
    `{"do": "insert_late", "at": "2026-01-01T00:00Z"}`, `{"do": "delete", "place": 0}`,
    `{"do": "delete_conversation", "slug": "..."}`. Without `at`, `place` or
    `slug` it is any row or conversation.
    """
    match step.get("do"):
        case "insert" if isinstance(step.get("message"), Mapping):
            history.insert(step["message"])
        case "insert_front":
            history.insert_front()
        case "insert_late":
            history.insert_late(datetime.fromisoformat(step["at"]) if step.get("at") else None)
        case "delete" if "place" not in step:
            return int(history.delete_random_row() is not None)
        case "delete" if -len(history) <= int(step["place"]) < len(history):
            history.delete(int(step["place"]))
        case "delete":
            return 0
        case "delete_conversation" if "slug" in step:
            return history.delete_conversation(str(step["slug"]))
        case "delete_conversation":
            return history.delete_random_conversation()
        case other:
            raise ValueError(f"no such step: {other!r}")
    return 1

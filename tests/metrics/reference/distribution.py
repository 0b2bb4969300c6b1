"""What is said of a set of numbers: means, shares, percentiles, and of turns all of these."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import fmean, median
from typing import TypeVar

from tests.metrics.reference.conversation import Turn
from tests.metrics.reference.message import Row
from tests.metrics.reference.stored import Stored

Item = TypeVar("Item")
HOUR = 3600


def distribution(stored: Stored, turns: Sequence[Turn]) -> Row:
    """The columns that every `response_times_…` table ends with."""
    known = [turn.seconds for turn in turns if turn.seconds is not None]
    within = [stored.business_seconds(turn.opened_at, turn.reply.created_at) for turn in turns]
    business = [seconds for seconds in within if seconds is not None]
    edges = [0, HOUR, 4 * HOUR, 8 * HOUR, 24 * HOUR, float("inf")]
    return (
        len(known),
        len(turns) - len(known),
        median(known) if known else None,
        quantile(known, 0.9),
        mean(known),
        share(known, lambda s: s < HOUR),
        share(known, lambda s: s < 24 * HOUR),
        share(known, lambda s: s < 168 * HOUR),
        *(sum(1 for s in known if low <= s < high) for low, high in pairwise(edges)),
        median(business) if business else None,
        quantile(business, 0.9),
        mean(business),
    )


def quantile(values: Sequence[float], part: float) -> float | None:
    """Between the two nearest values in proportion, as most tools compute a percentile."""
    if not values:
        return None
    ordered = sorted(values)
    place = part * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def share(values: Sequence[Item], holds: Callable[[Item], bool]) -> float | None:
    return sum(1 for value in values if holds(value)) / len(values) if values else None

"""What a night must catch up: the days since the newest stored one, so that nights without power leave no hole."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta


def first_day_to_fetch(stored: Iterable[date], newest: date) -> date:
    """The day after the newest stored one before `newest`, or `newest` if nothing older is stored."""
    older = [day for day in stored if day < newest]
    return max(older) + timedelta(1) if older else newest

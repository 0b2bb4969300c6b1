"""The settings that metrics depend on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from tests.metrics.reference.message import Message

QUARTER = dt.timedelta(minutes=15)
"""Clocks change on a whole quarter of an hour."""


@dataclass(frozen=True)
class Rules:
    """The settings that metrics depend on."""

    timezone: str = "UTC"
    excluded_senders: tuple[str, ...] = ()
    excluded_origins: tuple[str, ...] = ()
    business_hours: Mapping[str, Any] | None = None
    targets: tuple[Mapping[str, Any], ...] = ()
    document_characters: int | None = None
    """None is without documents."""

    def excludes(self, message: Message) -> bool:
        senders = [name.lower() for name in self.excluded_senders]
        origins = [name.lower() for name in self.excluded_origins]
        return (message.email or "").lower() in senders or (
            str(message.origin) in origins or message.origin_name.lower() in origins
        )

    def local(self, instant: dt.datetime) -> dt.datetime:
        return instant.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(self.timezone))

    def end_of(self, day: dt.date) -> dt.datetime:
        """The first instant, naive UTC, at which the clock shows a later day."""
        instant = dt.datetime.combine(day, dt.time(12))
        while self.local(instant).date() > day:
            instant -= QUARTER
        while self.local(instant).date() <= day:
            instant += QUARTER
        return instant

"""The calendar: one daily partition per day of `created_at`, and the instants at which a day begins and ends.

What a partition holds is not decided here.
"""

import datetime as dt
from collections.abc import Iterable
from zoneinfo import ZoneInfo

import dagster as dg

from reamaze_pipeline.api.crawl import Window
from reamaze_pipeline.settings import Calendar


def daily_partitions(calendar: Calendar) -> dg.DailyPartitionsDefinition:
    """The one partitions definition every asset shares; a day exists once it is over in its time zone."""
    return dg.DailyPartitionsDefinition(start_date=calendar.start_date.isoformat(), timezone=calendar.timezone)


def day_window(day: dt.date, timezone: str) -> Window:
    """The half-open window `[first instant of the day, first instant of the next)`, in UTC.

    Reckoned by the time zone's own rules, so a day lasts 23, 24 or 25 hours. Where the clock skips midnight
    the day begins with its first instant that exists; where midnight comes twice, with the first of the two.
    """
    return Window(day.isoformat(), _first_instant(day, timezone), _first_instant(day + dt.timedelta(1), timezone))


def days_of(partition_keys: Iterable[str]) -> list[dt.date]:
    """The days behind partition keys `YYYY-MM-DD`, oldest first."""
    return sorted(dt.date.fromisoformat(key) for key in partition_keys)


def _first_instant(day: dt.date, timezone: str) -> dt.datetime:
    midnight = dt.datetime.combine(day, dt.time(), ZoneInfo(timezone))
    return midnight.astimezone(dt.UTC)

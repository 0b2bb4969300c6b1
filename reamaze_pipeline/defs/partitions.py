"""The calendar: one daily partition per day of `created_at`, and the instants at which a day begins and ends.

What a partition holds is not decided here.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

import dagster as dg

from reamaze_pipeline.crawl.crawl import Window
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


def days_between(first: dt.date, last: dt.date) -> list[dt.date]:
    """All days from `first` to `last`, both included, oldest first."""
    return [first + dt.timedelta(n) for n in range((last - first).days + 1)]


def range_tags(first: dt.date, last: dt.date) -> dict[str, str]:
    """The run tags with which Dagster materializes a range of partitions in one run."""
    return {
        "dagster/asset_partition_range_start": first.isoformat(),
        "dagster/asset_partition_range_end": last.isoformat(),
    }


def last_whole_day(partitions: dg.DailyPartitionsDefinition, now: dt.datetime | None = None) -> dt.date | None:
    """The newest day that is over at `now` (aware; None is this moment), None if the first is not over yet."""
    keys = partitions.get_partition_keys(current_time=now)
    return dt.date.fromisoformat(keys[-1]) if keys else None


def all_days(partitions: dg.DailyPartitionsDefinition, newest: dt.date) -> list[dt.date]:
    """Every day of the calendar up to `newest`, oldest first."""
    return days_between(partitions.start.date(), newest)


def days_of_run(tags: Mapping[str, str]) -> list[dt.date] | None:
    """The days a run is about, oldest first; None for a run about no day in particular."""
    if "dagster/partition" in tags:
        return [dt.date.fromisoformat(tags["dagster/partition"])]
    if "dagster/asset_partition_range_start" in tags:
        first, last = (tags[f"dagster/asset_partition_range_{end}"] for end in ("start", "end"))
        return days_between(dt.date.fromisoformat(first), dt.date.fromisoformat(last))
    return None

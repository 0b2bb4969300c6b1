"""What a run is told by whoever started it, in tags; all but one Dagster keeps out of sight."""

from collections.abc import Mapping
from datetime import date

MISSING_ONLY = ".dagster/reamaze_missing_only"
"""Compute and fetch only what is missing or stale. A run from the UI has no such tag: it makes all anew."""


DAYS = "days"
"""In words, for whoever reads the list of runs or previews a night: the only one of these that Dagster shows."""


REFRESH_FROM = ".dagster/reamaze_refresh_from"
"""Days from this one on are fetched anew all the same: messages may have come late."""


TODAY = ".dagster/reamaze_today"
"""A run for a day that is going on. It is no night: neither its failure nor its success says anything of days."""


def missing_only_tags(*, missing_only: bool) -> dict[str, str]:
    """The tag, or none."""
    return {MISSING_ONLY: "true"} if missing_only else {}


def asks_for_missing_only(tags: Mapping[str, str]) -> bool:
    """Whether days that are as they should be are left alone."""
    return tags.get(MISSING_ONLY) == "true"


def refreshed_from(tags: Mapping[str, str]) -> date | None:
    """From which day on days are fetched anew although nothing is wrong with them."""
    return date.fromisoformat(tags[REFRESH_FROM]) if REFRESH_FROM in tags else None

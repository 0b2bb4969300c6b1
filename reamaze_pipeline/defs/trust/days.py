"""The audit's verdict day by day, for the UI to show red on the day that differs: a check with the days as partitions.

Dagster stores a check's result by partition, and its UI shows them so; a run over a range of days can tell but one
result, which is of no day. So whoever learns of days (an audit, a run that fetched some) reports each by itself, and
only what has changed: an event costs as much as a request.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping

import dagster as dg

from reamaze_pipeline.audit.findings import DayDifference
from reamaze_pipeline.settings.typed import typed

CHECK = "day_is_what_reamaze_holds"
DESCRIPTION = (
    "This day holds the messages that Re:amaze does. Told by audits: red where a day differs, green where it was read"
    " in full and is equal; executed by itself for a day, it reads this day in full."
)


def day_spec(asset: dg.AssetKey, partitions: dg.DailyPartitionsDefinition) -> dg.AssetCheckSpec:
    """The check, one result a day."""
    return dg.AssetCheckSpec(CHECK, asset=asset, description=DESCRIPTION, partitions_def=partitions)


def tell_days(
    instance: dg.DagsterInstance,
    asset: dg.AssetKey,
    different: Collection[DayDifference],
    equal: Collection[dt.date] = (),
) -> None:
    """Report the days that differ as red, those known to be `equal` and those that differ no more as green."""
    told = _told(instance, asset)
    red = {each.day: each for each in different}
    for day, difference in sorted(red.items()):
        if told.get(day) is not False:
            _report(instance, asset, day, difference)
    for day in sorted({*equal, *(day for day, passed in told.items() if not passed)} - set(red)):
        if told.get(day) is not True:
            _report(instance, asset, day, None)


def verdict(difference: DayDifference | None) -> dict[str, int | str]:
    """What is told of a day besides red or green: both counts, and the command that mends it."""
    if difference is None:
        return {}
    command = typed(f"audit --days --repair --from {difference.day} --to {difference.day}")
    return {
        "stored": difference.stored,
        "re_amaze": difference.api,
        "what": "as many messages, but others" if difference.stored == difference.api else "counts differ",
        "mend": command,
    }


def _report(instance: dg.DagsterInstance, asset: dg.AssetKey, day: dt.date, difference: DayDifference | None) -> None:
    instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(
            asset_key=asset,
            check_name=CHECK,
            passed=difference is None,
            partition=day.isoformat(),
            metadata=verdict(difference),
        )
    )


def _told(instance: dg.DagsterInstance, asset: dg.AssetKey) -> Mapping[dt.date, bool | None]:
    """By day whether it is shown as green; None where a run passed over it."""
    return dict(_newest(instance, dg.AssetCheckKey(asset, CHECK)))


def _newest(instance: dg.DagsterInstance, key: dg.AssetCheckKey) -> Iterator[tuple[dt.date, bool | None]]:
    for each in instance.event_log_storage.get_asset_check_partition_info([key]):
        if each.partition_key is not None:
            shown = {"SUCCEEDED": True, "FAILED": False}
            yield dt.date.fromisoformat(each.partition_key), shown.get(each.latest_execution_status.value)

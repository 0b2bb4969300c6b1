"""The asset `reports/newest_day`: its freshness is that of the newest whole day, its check says if anything is missing.

Dagster's freshness knows no days: on a table of days any old backfill would turn it green. This asset is materialized
once for each day, by the first run after which no table lacks the newest day that is over; its policy asks for that
each morning. The check `nothing_is_missing` asks the state of all days, in each run and, because a night may not come
at all, every few minutes besides.
"""

import datetime as dt
from collections.abc import Iterator, Sequence

import dagster as dg

from reamaze_pipeline.defs.naming import ALONE, Naming, tags_of
from reamaze_pipeline.defs.nights.schedules import State
from reamaze_pipeline.defs.partitions import all_days, last_whole_day
from reamaze_pipeline.errors import PipelineError
from reamaze_pipeline.state.days import KINDS, Kind, WarehouseState
from reamaze_pipeline.state.plan import commands

KEY = dg.AssetKey(["reports", "newest_day"])
CHECK = "nothing_is_missing"
DEADLINE = "0 6 * * *"
SINCE_MIDNIGHT = dt.timedelta(hours=7)
"""Six hours, and one more for the night in which clocks are set back. No evening tells a day that a night has told."""
SECONDS = 300
SHOWN = 100


def newest_day(
    partitions: dg.DailyPartitionsDefinition, tables: Sequence[dg.AssetKey], state: State, names: Naming = ALONE
) -> dg.AssetsDefinition:
    """The asset, which stands behind all `tables`."""
    key = names.key(*KEY.path)

    @dg.asset(
        key=names.plain_key(*KEY.path),
        deps=tables,
        group_name=names.group_of("reports"),
        kinds={"python"},
        tags=tags_of("reports"),
        description="The newest day that is over, once no table lacks it. Overdue at 6:00 if no night brought it.",
        freshness_policy=dg.FreshnessPolicy.cron(DEADLINE, SINCE_MIDNIGHT, partitions.timezone),
        check_specs=[
            dg.AssetCheckSpec(
                CHECK, asset=names.plain_key(*KEY.path), description="No day since the first is missing or stale."
            )
        ],
        output_required=False,
        io_manager_key=names.resource("warehouse"),
    )
    @names.asking
    def newest_day(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        newest = last_whole_day(partitions)
        found = state(all_days(partitions, newest) if newest else [])
        passed, metadata = _verdict(found)
        if newest is not None and found.newest_whole == newest and _told(context.instance, key) != str(newest):
            yield dg.MaterializeResult(metadata={"day": str(newest)})
        yield dg.AssetCheckResult(passed=passed, check_name=CHECK, metadata=metadata)

    return names.keyed(newest_day, *KEY.path)


def nothing_missing_sensor(
    partitions: dg.DailyPartitionsDefinition, state: State, names: Naming = ALONE
) -> dg.SensorDefinition:
    """Tells the check's result between runs, where it is another than before."""

    @dg.sensor(
        name=names.name(CHECK),
        minimum_interval_seconds=SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Looks whether a day is missing or stale, and tells the check nothing_is_missing.",
    )
    @names.asking
    def nothing_is_missing(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        newest = last_whole_day(partitions)
        try:
            passed, metadata = _verdict(state(all_days(partitions, newest) if newest else []))
        except PipelineError as error:
            return dg.SkipReason(str(error))
        told = f"{newest}: {passed} {metadata}"
        if told == context.cursor:
            return dg.SkipReason("nothing has changed")
        result = dg.AssetCheckEvaluation(
            asset_key=names.key(*KEY.path), check_name=CHECK, passed=passed, metadata=metadata
        )
        return dg.SensorResult(asset_events=[result], cursor=told)

    return nothing_is_missing


def _verdict(found: WarehouseState) -> tuple[bool, dict[str, str | int]]:
    """Whether all days are as they should be; how many are not, which, and the commands that mend them."""
    days: dict[Kind, list[dt.date]] = {kind: found.of_kind(kind) for kind in KINDS}
    metadata: dict[str, str | int] = {kind: len(those) for kind, those in days.items()}
    wrong = sorted({day for those in days.values() for day in those})
    if wrong:
        metadata["days"] = ", ".join(map(str, wrong[:SHOWN])) + " …" * (len(wrong) > SHOWN)
        metadata["mend"] = "\n".join(commands(found)[:SHOWN])
    return not wrong, metadata


def _told(instance: dg.DagsterInstance, key: dg.AssetKey) -> str | None:
    event = instance.get_latest_materialization_event(key)
    found = event.asset_materialization.metadata.get("day") if event and event.asset_materialization else None
    return str(found.value) if found is not None else None

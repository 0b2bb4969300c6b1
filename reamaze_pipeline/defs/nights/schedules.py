"""When it runs: the job `daily_messages` after midnight in the time zone of the partitions, and the upkeep of a lake.

What a night has to do is told by `reamaze_pipeline.state`.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterator

import dagster as dg

from reamaze_pipeline.defs.naming import ALONE, JOB, Naming
from reamaze_pipeline.defs.partitions import all_days, last_whole_day, range_tags
from reamaze_pipeline.defs.runs_of_ours import DAYS, MISSING_ONLY, REFRESH_FROM
from reamaze_pipeline.settings import Nights
from reamaze_pipeline.state.days import WarehouseState
from reamaze_pipeline.state.plan import nightly_work
from reamaze_pipeline.warehouse.io_manager import DuckDBWarehouse
from reamaze_pipeline.warehouse.lake.location import Lake, Location
from reamaze_pipeline.warehouse.lake.upkeep import keep_up

SCHEDULE = "daily_messages_schedule"
DESCRIPTION = "Fetch the days' messages, normalize them and derive every metric; for one day or a range of days."
MINUTES_AFTER_MIDNIGHT = 15

State = Callable[[Collection[dt.date]], WarehouseState]


def daily_schedule(
    partitions: dg.DailyPartitionsDefinition, state: State, nights: Nights, names: Naming = ALONE
) -> dg.ScheduleDefinition:
    """Every night the day that has just ended, all that is missing or stale, and the last days once more.

    Dagster's own partitioned schedule asks for the newest day alone, so a night that failed would leave a hole for
    ever. A new deployment loads its history by itself: so many days a night, the oldest first.
    """

    @dg.schedule(
        name=names.name(SCHEDULE),
        job_name=names.name(JOB),
        cron_schedule=f"{MINUTES_AFTER_MIDNIGHT} 0 * * *",
        execution_timezone=partitions.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING if nights.schedule else dg.DefaultScheduleStatus.STOPPED,
        description="Each night: the day that has just ended, what is missing or stale, and the last days once more.",
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        newest = last_whole_day(partitions, context.scheduled_execution_time)
        if newest is None:
            yield dg.SkipReason("The first day is not over yet.")
            return
        again = newest - dt.timedelta(max(nights.look_back_days - 1, 0))
        work = nightly_work(state(all_days(partitions, newest)), newest, again, most_days=nights.catch_up_days)
        for each in work:
            yield dg.RunRequest(
                run_key=f"{context.scheduled_execution_time:%Y-%m-%dT%H:%M}:{each.first}..{each.last}",
                tags={
                    **range_tags(each.first, each.last),
                    DAYS: f"{each.first} to {each.last}" if each.first != each.last else str(each.first),
                    MISSING_ONLY: "true",
                    **({REFRESH_FROM: again.isoformat()} if each.last == newest and nights.look_back_days else {}),
                },
            )

    return nightly


EVERY_NIGHT = "45 3 * * *"


def _lake_upkeep(names: Naming) -> dg.JobDefinition:
    @dg.op(
        name=names.name("keep_lake_up"),
        description="Merge small files and let go of states that are older than a week; writers wait meanwhile.",
    )
    @names.asking
    def keep_lake_up(context: dg.OpExecutionContext, warehouse: dg.ResourceParam[DuckDBWarehouse]) -> None:
        done = keep_up(warehouse.database)
        context.log.info(
            f"{done.files_before} files became {done.files_after}; {done.states_let_go} states were let go"
        )

    @dg.job(
        name=names.name("lake_upkeep"),
        executor_def=dg.in_process_executor,
        description="Keep the lake's files few.",
    )
    def lake_upkeep() -> None:
        keep_lake_up()

    return lake_upkeep


def upkeep_schedules(database: Location, timezone: str, names: Naming = ALONE) -> list[dg.ScheduleDefinition]:
    """One, for a lake: after the night's load."""
    if not isinstance(database, Lake):
        return []
    return [
        dg.ScheduleDefinition(
            name=names.name("lake_upkeep_schedule"),
            job=_lake_upkeep(names),
            cron_schedule=EVERY_NIGHT,
            execution_timezone=timezone,
        )
    ]

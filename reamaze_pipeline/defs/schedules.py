"""When it runs: the job `daily_messages` and its schedule, after midnight in the time zone of the partitions."""

import dagster as dg

from reamaze_pipeline.defs.message_pages import KEY as PAGES
from reamaze_pipeline.defs.partitions import days_of, last_whole_day, range_tags
from reamaze_pipeline.state.catch_up import first_day_to_fetch

SCHEDULE = "daily_messages_schedule"
MINUTES_AFTER_MIDNIGHT = 15

# One process: DuckDB lets one process write, and a process per asset took five times as long as the work.
JOB = dg.define_asset_job(
    "daily_messages",
    selection=dg.AssetSelection.all(),
    executor_def=dg.in_process_executor,
    description="Fetch the days' messages, normalize them and derive every metric; for one day or a range of days.",
)


def daily_schedule(partitions: dg.DailyPartitionsDefinition) -> dg.ScheduleDefinition:
    """Every night the day that has just ended, and with it the days missed while nothing ran.

    Dagster's own partitioned schedule asks for the newest day alone, so a night without power would leave a hole
    for ever. This one asks for everything since the newest day that is stored, in one run.
    """

    @dg.schedule(
        name=SCHEDULE,
        job=JOB,
        cron_schedule=f"{MINUTES_AFTER_MIDNIGHT} 0 * * *",
        execution_timezone=partitions.timezone,
        description="Each night: the day that has just ended, and the days missed since the last run.",
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        newest = last_whole_day(partitions, context.scheduled_execution_time)
        if newest is None:
            return dg.SkipReason("The first day is not over yet.")
        oldest = first_day_to_fetch(days_of(context.instance.get_materialized_partitions(PAGES)), newest)
        return dg.RunRequest(
            run_key=f"{oldest}..{newest}",
            tags=range_tags(oldest, newest),
        )

    return nightly

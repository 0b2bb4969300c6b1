"""The job `lake_upkeep` and its schedule, for a deployment whose warehouse is a lake; a file needs neither."""

import dagster as dg

from reamaze_pipeline.warehouse.io_manager import DuckDBWarehouse
from reamaze_pipeline.warehouse.lake.location import Lake, Location
from reamaze_pipeline.warehouse.lake.upkeep import keep_up

EVERY_NIGHT = "45 3 * * *"


@dg.op(description="Merge small files and let go of states that are older than a week; writers wait meanwhile.")
def keep_lake_up(context: dg.OpExecutionContext, warehouse: dg.ResourceParam[DuckDBWarehouse]) -> None:
    done = keep_up(warehouse.database)
    context.log.info(f"{done.files_before} files became {done.files_after}; {done.states_let_go} states were let go")


@dg.job(name="lake_upkeep", executor_def=dg.in_process_executor, description="Keep the lake's files few.")
def lake_upkeep() -> None:
    keep_lake_up()


def upkeep_schedules(database: Location, timezone: str) -> list[dg.ScheduleDefinition]:
    """One, for a lake: after the night's load."""
    if not isinstance(database, Lake):
        return []
    return [dg.ScheduleDefinition(job=lake_upkeep, cron_schedule=EVERY_NIGHT, execution_timezone=timezone)]

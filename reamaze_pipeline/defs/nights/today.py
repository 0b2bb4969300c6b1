"""Today's messages while the day goes on: a sensor that asks once every few minutes, a job that brings what is new.

What it stores stands in `raw.message_pages` and the tables of `core`, and not in the ledger: to everything that asks
which days are stored the day is missing, until the night has fetched it whole. So no daily metric is computed of it.
"""

import datetime as dt
import hashlib
from zoneinfo import ZoneInfo

import dagster as dg

from reamaze_pipeline.api.privacy import Redaction
from reamaze_pipeline.api.retry import RetryPolicy
from reamaze_pipeline.crawl.crawl import crawl
from reamaze_pipeline.crawl.page_rows import page_row
from reamaze_pipeline.defs.message_pages import POOL
from reamaze_pipeline.defs.naming import ALONE, JOB, Naming
from reamaze_pipeline.defs.partitions import day_window
from reamaze_pipeline.defs.resources import ReamazeResource
from reamaze_pipeline.defs.runs_of_ours import TODAY
from reamaze_pipeline.errors import PipelineError
from reamaze_pipeline.models.model import Project, Source
from reamaze_pipeline.settings import clock
from reamaze_pipeline.state.provision import bring_up_to_date
from reamaze_pipeline.warehouse.io_manager import DuckDBWarehouse

NAME = "today"
SCHEMA = "core"
SECONDS = 300
ONE_TRY = RetryPolicy(attempts=1, unreadable_attempts=1, read_timeout=20.0)
"""The next look is the second try."""
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def today_job(
    project: Project, source: Source, timezone: str, keep: Redaction, names: Naming = ALONE, pool: str = POOL
) -> dg.JobDefinition:
    """Reads the day that is going on and replaces what is stored of it; in the pool of those that ask the API."""

    @dg.op(
        name=names.name("refresh_today"),
        pool=pool,
        description="Fetch today's messages once more and unfold them.",
    )
    @names.asking
    def refresh_today(
        context: dg.OpExecutionContext,
        reamaze: ReamazeResource,
        warehouse: dg.ResourceParam[DuckDBWarehouse],
    ) -> None:
        day = dt.date.fromisoformat(context.run.tags[TODAY])
        bring_up_to_date(warehouse.database, project)
        with reamaze.client() as client:
            (found,) = crawl(client, [day_window(day, timezone)], concurrency=reamaze.concurrency)
        rows = [page_row(str(day), kept, keep) for kept in found.pages]
        warehouse.replace(source.table, [day], rows, run_id=context.run_id, listed=False)
        for model in project.models:
            if model.partitioned and model.schema == SCHEMA:
                warehouse.replace(model.table, [day], model.select([day]), run_id=context.run_id, listed=False)
        context.log.info(f"{found.message_count:,} messages of {day} so far")

    @dg.job(
        name=names.name(NAME),
        executor_def=dg.in_process_executor,
        description="The messages of the day that is going on.",
    )
    def today() -> None:
        refresh_today()

    return today


def today_sensor(timezone: str, names: Naming = ALONE) -> dg.SensorDefinition:
    """One request: is there anything new? Nothing is begun beside a run of the nightly job."""

    @dg.sensor(
        name=names.name(NAME),
        job_name=names.name(NAME),
        minimum_interval_seconds=SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Asks every five minutes for the newest messages, and brings today's where one is new.",
    )
    @names.asking
    def today(context: dg.SensorEvaluationContext, reamaze: ReamazeResource) -> dg.SensorResult | dg.SkipReason:
        if context.instance.get_runs_count(dg.RunsFilter(job_name=names.name(JOB), statuses=_UNFINISHED)):
            return dg.SkipReason("the nightly job is running")
        if context.instance.get_runs_count(dg.RunsFilter(job_name=names.name(NAME), statuses=_UNFINISHED)):
            return dg.SkipReason("today's messages are being fetched")
        day = clock.now().astimezone(ZoneInfo(timezone)).date()
        try:
            seen = _seen(reamaze, day, timezone)
        except PipelineError as error:
            return dg.SkipReason(str(error))
        if context.cursor == seen and not _failed(context.instance, names.name(NAME)):
            return dg.SkipReason("nothing is new")
        return dg.SensorResult(run_requests=[dg.RunRequest(tags={TODAY: str(day)})], cursor=seen)

    return today


def _seen(reamaze: ReamazeResource, day: dt.date, timezone: str) -> str:
    """What one answer shows of the day: where the API ignores dates, of the list up to now."""
    begins = day_window(day, timezone).start
    with reamaze.client(ONE_TRY) as client:
        page = client.page("all", 1, begins)
    digest = hashlib.blake2b(digest_size=16)
    for row in page.rows:
        if row.created_at is None or row.created_at >= begins:
            digest.update(row.identity)
    return f"{day} {page.total_count} {digest.hexdigest()}"


def _failed(instance: dg.DagsterInstance, job: str) -> bool:
    """Whether the last look found something that could not be fetched."""
    newest = instance.get_runs(dg.RunsFilter(job_name=job), limit=1)
    return bool(newest) and newest[0].is_failure

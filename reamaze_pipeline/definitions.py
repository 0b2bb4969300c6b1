"""What Dagster loads: `build_defs()`, for the deployment that the environment describes, once it is asked for."""

from pathlib import Path

import dagster as dg

from reamaze_pipeline import settings
from reamaze_pipeline.crawl.progress import CrawlProgress
from reamaze_pipeline.defs.checks import model_checks
from reamaze_pipeline.defs.message_pages import message_pages
from reamaze_pipeline.defs.model_assets import model_assets
from reamaze_pipeline.defs.resources import ReamazeResource, renderer
from reamaze_pipeline.defs.schedules import DESCRIPTION, JOB, daily_schedule, upkeep_schedules
from reamaze_pipeline.defs.seed_assets import seed_specs
from reamaze_pipeline.defs.sensors import alerts_sensor, report_sensor, snapshot_sensor
from reamaze_pipeline.defs.storage import PreviewingWarehouse
from reamaze_pipeline.defs.support_report import support_report
from reamaze_pipeline.deployment import Deployment


def build_defs(deployment: Deployment, progress: CrawlProgress | None = None) -> dg.Definitions:
    """The whole graph over one deployment; nothing is opened or asked until something runs.

    `progress` hears of what the runs of these definitions fetch, in this process.
    """
    partitions, project = deployment.partitions, deployment.project
    warehouse = PreviewingWarehouse(database=str(deployment.database), lock_wait=deployment.storage.lock_wait)
    assets = [
        message_pages(partitions, project, deployment.pages, deployment.redaction),
        *model_assets(project, partitions),
        support_report(project, partitions.timezone, deployment.report_path),
    ]
    ours = dg.AssetSelection.assets(*(key for asset in assets for key in asset.keys))
    return dg.Definitions(
        assets=[*assets, *seed_specs(project)],
        asset_checks=model_checks(project, deployment.tests),
        jobs=[dg.define_asset_job(JOB, selection=ours, description=DESCRIPTION)],
        schedules=[
            daily_schedule(partitions, deployment.state, deployment.nights),
            *upkeep_schedules(deployment.database, partitions.timezone),
        ],
        sensors=_sensors(deployment),
        # A process for each step, Dagster's own way, takes five times as long as the work, and DuckDB lets one write.
        executor=dg.in_process_executor,
        resources={
            "reamaze": ReamazeResource(
                api_url=deployment.address.root or "",
                email=dg.EnvVar("REAMAZE_EMAIL"),
                api_token=dg.EnvVar("REAMAZE_API_TOKEN"),
                requests_per_minute=deployment.address.requests_per_minute,
                concurrency=deployment.address.concurrency,
                answer_seconds=deployment.address.answer_seconds,
                answer_megabytes=deployment.address.answer_megabytes,
            ),
            "crawl_progress": progress or CrawlProgress(),
            "renderer": renderer,
            "warehouse": warehouse,
            "io_manager": warehouse,
        },
    )


def _sensors(deployment: Deployment) -> list[dg.SensorDefinition]:
    database, snapshot = deployment.database, deployment.storage.snapshot
    copied = [snapshot_sensor(database, snapshot)] if snapshot and isinstance(database, Path) else []
    told = settings.read(settings.Alerts)
    partitions, state = deployment.partitions, deployment.state
    if told.alert_webhook or told.alert_email:
        copied.append(alerts_sensor(told, partitions, state))
    if told.report_email:
        copied.append(report_sensor(told, deployment.report_path, partitions, state))
    return copied


@dg.definitions
def defs() -> dg.Definitions:
    """The code location `reamaze_pipeline`."""
    return build_defs(Deployment.from_environment())

"""What Dagster loads: `build_defs()`, for our own code location, in somebody else's, or once for each brand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from reamaze_pipeline.across import write_all_brands
from reamaze_pipeline.audit.held import Held
from reamaze_pipeline.crawl.progress import CrawlProgress
from reamaze_pipeline.defs.all_brands import all_brands
from reamaze_pipeline.defs.checks import model_checks
from reamaze_pipeline.defs.message_pages import POOL, message_pages
from reamaze_pipeline.defs.modelled.seeds import seed_specs
from reamaze_pipeline.defs.modelled.tables import table_assets
from reamaze_pipeline.defs.modelled.views import view_assets
from reamaze_pipeline.defs.naming import JOB, Naming, plain
from reamaze_pipeline.defs.nights.newest_day import newest_day, nothing_missing_sensor
from reamaze_pipeline.defs.nights.schedules import DESCRIPTION, daily_schedule, upkeep_schedules
from reamaze_pipeline.defs.nights.sensors import alerts_sensor, report_sensor, snapshot_sensor
from reamaze_pipeline.defs.nights.today import today_job, today_sensor
from reamaze_pipeline.defs.ours_alone import OursAlone, writing
from reamaze_pipeline.defs.resources import ReamazeResource, renderer
from reamaze_pipeline.defs.storage import PreviewingWarehouse
from reamaze_pipeline.defs.support_report import KEY as REPORT
from reamaze_pipeline.defs.support_report import support_report
from reamaze_pipeline.defs.trust.audits import Audited, audit_check, audit_job, audit_schedule
from reamaze_pipeline.deployment import TOKEN, Deployment, every_deployment
from reamaze_pipeline.errors import SettingsError


def build_defs(
    deployment: Deployment | None = None,
    progress: CrawlProgress | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
    key_prefix: str | Sequence[str] | None = None,
    resource_prefix: str | None = None,
    group: str | None = None,
) -> dg.Definitions:
    """The whole graph over one deployment; nothing is opened or asked until something runs.

    Without arguments the deployment is what the environment describes, as for the commands. `settings` describe
    another: `{"brand": "acme", "start_date": "2024-01-31", "api_token": dg.EnvVar("ACME_TOKEN")}` and whatever other
    setting there is, in small letters without `REAMAZE_` (see `Deployment.from_settings`).
    `key_prefix` stands before every asset key and in the names of job, schedule and sensors, `resource_prefix` (if
    None, the key prefix and an underscore) before every resource key; `group` takes the place of one group for each
    schema. `progress` hears of what the runs fetch, in this process.

    The result can be merged with other definitions: job and schedule select what is ours alone, every asset names its
    IO manager, no default, neither `io_manager` nor the executor, is taken, and runs of others are let be.

    Raises:
        SettingsError: a setting is missing or malformed, a prefix or the group cannot be a name in Dagster, or both
            `deployment` and `settings` are given. Two brands that write one database are refused when Dagster loads
            the location that holds both.
        ModelError: a SQL model cannot be loaded; the text names file and line.
    """
    if settings is not None:
        if deployment is not None:
            raise SettingsError("build_defs takes a deployment or settings, not both")
        deployment = Deployment.from_settings(settings)
    elif deployment is None:
        deployment = Deployment.from_environment(own_process=False)
    return graph(deployment, Naming.of(key_prefix, resource_prefix, group), progress)


def graph(deployment: Deployment, names: Naming, progress: CrawlProgress | None = None) -> dg.Definitions:
    """The graph under the given names; see `build_defs`."""
    partitions, project = deployment.partitions, deployment.project
    report = _report_path(deployment, names)
    tables = [
        writing(
            message_pages(
                partitions,
                project,
                deployment.pages,
                deployment.redaction,
                names,
                pool_of(deployment),
                keep_unproven=deployment.trust.unproven == "keep",
            ),
            deployment.written,
        ),
        *table_assets(project, partitions, names),
        *view_assets(project, names),
    ]
    assets = [
        *tables,
        support_report(
            project,
            partitions.timezone,
            report,
            deployment.records.keep_runs_days,
            names,
            deployment.address.brand,
            deployment.links,
        ),
        newest_day(partitions, [key for table in tables for key in table.keys], deployment.state, names),
    ]
    ours = OursAlone(key for asset in assets for key in asset.keys)
    # A process for each step, Dagster's own way, takes five times as long as the work, and DuckDB lets one write.
    job = dg.define_asset_job(
        names.name(JOB), selection=ours, description=DESCRIPTION, executor_def=dg.in_process_executor
    )
    resources: dict[str, Any] = {
        "reamaze": ReamazeResource(
            api_url=deployment.address.root or "",
            email=dg.EnvVar(deployment.email_variable),
            api_token=dg.EnvVar(deployment.token_variable),
            requests_per_minute=deployment.address.requests_per_minute,
            concurrency=deployment.address.concurrency,
            answer_seconds=deployment.address.answer_seconds,
            answer_megabytes=deployment.address.answer_megabytes,
        ),
        "crawl_progress": progress or CrawlProgress(),
        "renderer": renderer,
        "warehouse": PreviewingWarehouse(
            database=str(deployment.database),
            lock_wait=deployment.storage.lock_wait,
            key_prefix=list(names.key_prefix),
            own_location=names.own,
        ),
    }
    return dg.Definitions(
        assets=[*assets, *seed_specs(project, names)],
        asset_checks=[
            *model_checks(project, deployment.tests, names),
            audit_check(Audited(partitions, project, _held(deployment), names)),
        ],
        jobs=[job, *_today(deployment, names), audit_job(names)],
        schedules=[
            daily_schedule(partitions, deployment.state, deployment.nights, names),
            audit_schedule(partitions.timezone, names, on=deployment.nights.schedule),
            *upkeep_schedules(deployment.database, partitions.timezone, names),
        ],
        sensors=_sensors(deployment, names),
        resources={names.resource(key): resource for key, resource in resources.items()},
    )


def _report_path(deployment: Deployment, names: Naming) -> Path:
    """A page for each brand of a location."""
    path = deployment.report_path
    alone = deployment.brand or not names.key_prefix
    return path if alone else path.with_stem(f"{path.stem}_{names.name('').strip('_')}")


def pool_of(deployment: Deployment) -> str:
    """One for each token, whose rate is limited."""
    return POOL if deployment.token_variable == TOKEN else f"{POOL}_{plain(deployment.token_variable).lower()}"


def _today(deployment: Deployment, names: Naming) -> list[dg.JobDefinition]:
    if not deployment.nights.today:
        return []
    zone, keep = deployment.partitions.timezone, deployment.redaction
    return [today_job(deployment.project, deployment.pages, zone, keep, names, pool_of(deployment))]


def _held(deployment: Deployment) -> Held:
    return Held(deployment.database, deployment.messages, deployment.redaction)


def _sensors(deployment: Deployment, names: Naming) -> list[dg.SensorDefinition]:
    database, snapshot = deployment.database, deployment.storage.snapshot
    copied = [snapshot_sensor(database, snapshot, names)] if snapshot and isinstance(database, Path) else []
    told, partitions, state = deployment.alerts, deployment.partitions, deployment.state
    copied.append(nothing_missing_sensor(partitions, state, names))
    if deployment.nights.today:
        copied.append(today_sensor(partitions.timezone, names))
    if told.alert_webhook or told.alert_email:
        copied.append(alerts_sensor(told, partitions, state, names))
    if told.report_email:
        copied.append(report_sensor(told, _report_path(deployment, names), partitions, state, names))
    return copied


def across(deployments: Sequence[Deployment]) -> dg.Definitions:
    """What stands over several brands: the views of all, and one page."""
    reports = [deployment.names.key(*REPORT.path) for deployment in deployments]
    first = deployments[0]
    return all_brands(
        reports,
        lambda: write_all_brands(deployments),
        first.calendar.timezone,
        running=any(deployment.nights.schedule for deployment in deployments),
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The code location `reamaze_pipeline`, in which whatever is run runs in one process."""
    executor = dg.Definitions(executor=dg.in_process_executor)
    deployments = every_deployment()
    ours = [graph(deployment, deployment.names) for deployment in deployments]
    return dg.Definitions.merge(executor, *ours, *([across(deployments)] if len(ours) > 1 else []))

"""One deployment: its calendar, its database, its models. What Dagster and the command line both start from.

It reads settings and files once; it opens neither the database nor the network.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg

from reamaze_pipeline import settings
from reamaze_pipeline.api.privacy import Redaction
from reamaze_pipeline.defs.naming import ALONE, Naming, resource_prefix_of
from reamaze_pipeline.defs.partitions import daily_partitions
from reamaze_pipeline.errors import SettingsError
from reamaze_pipeline.instance.people_key import people_key
from reamaze_pipeline.models.business_hours import BusinessHoursError, read_business_hours
from reamaze_pipeline.models.files.targets import TargetsError, read_targets
from reamaze_pipeline.models.model import Project, Source
from reamaze_pipeline.models.project import load_project
from reamaze_pipeline.models.singular_tests import SingularTest, load_singular_tests
from reamaze_pipeline.settings.brands import chosen, known_brands
from reamaze_pipeline.settings.values import one_place
from reamaze_pipeline.shipped import shipped
from reamaze_pipeline.state.days import WarehouseState, read_state
from reamaze_pipeline.warehouse.files.permissions import keep_private, let_read
from reamaze_pipeline.warehouse.lake.location import Location, folder_beside, located
from reamaze_pipeline.warehouse.table import Table

EMAIL, TOKEN = "REAMAZE_EMAIL", "REAMAZE_API_TOKEN"


@dataclass(frozen=True)
class Deployment:
    """`project` holds the SQL models, the tables they read and the seeds; `tests` what SQL files promise."""

    calendar: settings.Calendar
    address: settings.Address
    nights: settings.Nights
    database: Location
    project: Project
    tests: list[SingularTest]
    storage: settings.Storage
    records: settings.Records
    alerts: settings.Alerts
    shown: settings.Shown
    trust: settings.Trust
    redaction: Redaction
    """What of people is stored."""

    email_variable: str = EMAIL
    token_variable: str = TOKEN
    """The environment variables that hold the login: Dagster keeps and shows their names alone."""
    brand: str | None = None
    """Its name, if it is one of several."""

    @classmethod
    def from_environment(cls, *, own_process: bool = True) -> Deployment:
        """Read `.env`, the environment and the SQL models.

        From here on whatever a process of our own writes is private; in another's, our own files are.

        Raises:
            LocationRefused: the database's setting names no warehouse.
            SettingsError: a setting is missing or malformed.
            ModelError: a SQL model cannot be loaded; the text names file and line.
        """
        settings.load_environment()
        if own_process:
            keep_private(group_reads=settings.read(settings.Storage).group_read)
        found, brand = cls._read(settings.read), chosen()
        if brand is None:
            return found
        return replace(
            found, brand=brand.name, email_variable=brand.email_variable, token_variable=brand.token_variable
        )

    @classmethod
    def from_settings(cls, values: Mapping[str, Any]) -> Deployment:
        """What `values` describe, and not the environment: for another brand, or inside somebody else's project.

        The names are those of the settings in small letters without `REAMAZE_`: `brand`, `start_date`, `database` and
        so on. `email` and `api_token` are `dagster.EnvVar`s, if they are not in the variables that they usually are in.

        Raises:
            SettingsError: a value is missing or malformed, there is no such setting, or the login is no `EnvVar`.
            ModelError: a SQL model cannot be loaded; the text names file and line.
        """
        login = {"email": dg.EnvVar(EMAIL), "api_token": dg.EnvVar(TOKEN)}
        for name in login:
            if name in values and not isinstance(values[name], dg.EnvVar):
                raise SettingsError(f"{name} must be a dagster.EnvVar: Dagster keeps and shows what stands here itself")
        login |= {name: values[name] for name in login if name in values}
        read = settings.given({name: value for name, value in values.items() if name not in login})
        variables = {name: variable.env_var_name for name, variable in login.items()}
        return replace(cls._read(read), email_variable=variables["email"], token_variable=variables["api_token"])

    @classmethod
    def _read(cls, read: settings.Reader) -> Deployment:
        kept, calendar, storage = read(settings.Storage), read(settings.Calendar), read(settings.Warehouse)
        let_read(group_reads=kept.group_read)
        location = located(storage.database)
        if kept.snapshot is not None and not isinstance(location, Path):
            raise SettingsError("REAMAZE_SNAPSHOT copies a DuckDB file; a lake's readers lock nobody out: unset it")
        folders = [shipped("dbt_like_sql"), *([storage.models] if storage.models else [])]
        hidden = _redaction(location, read(settings.Privacy))
        variables = {"timezone": calendar.timezone, **_metric_variables(read(settings.Metrics), hidden)}
        project = load_project(folders, variables)
        return cls(
            calendar=calendar,
            address=read(settings.Address),
            nights=read(settings.Nights),
            database=location,
            storage=kept,
            records=read(settings.Records),
            alerts=read(settings.Alerts),
            shown=read(settings.Shown),
            trust=read(settings.Trust),
            redaction=hidden,
            project=project,
            tests=load_singular_tests(folders, project, variables),
        )

    @cached_property
    def partitions(self) -> dg.DailyPartitionsDefinition:
        """The days, as Dagster knows them."""
        return daily_partitions(self.calendar)

    @property
    def written(self) -> set[str]:
        """The places that nobody else may write."""
        return {one_place(str(each)) for each in (self.database, self.storage.snapshot) if each is not None}

    @property
    def report_path(self) -> Path:
        """Where the report is written: beside the database."""
        name = f"support_report_{self.brand}" if self.brand else "support_report"
        return folder_beside(self.database) / f"{name}.html"

    @property
    def names(self) -> Naming:
        """Its names in our own code location."""
        return Naming((self.brand,), resource_prefix_of((self.brand,)), own=True) if self.brand else ALONE

    @cached_property
    def links(self) -> str | None:
        """Where a conversation is in Re:amaze, `{slug}` standing for it; None unless links are wished for.

        Raises `SettingsError` if nobody said of which brand.
        """
        if not self.shown.links:
            return None
        if self.address.brand is None:
            raise SettingsError(f"REAMAZE_LINKS=on needs REAMAZE_BRAND too ({settings.EXAMPLES['REAMAZE_BRAND']})")
        return f"https://{self.address.brand}.reamaze.com/admin/conversations/{{slug}}"

    @property
    def pages(self) -> Source:
        """The table that the crawl fills and everything else is derived from."""
        return self.project.source("raw", "message_pages")

    def state(self, days: Collection[dt.date]) -> WarehouseState:
        """What is missing or wrong of some days."""
        return read_state(self.database, self.project, self.pages, self.calendar.timezone, days, self.redaction)

    @property
    def daily_models(self) -> list[Table]:
        """The tables that models store day by day, in dependency order."""
        return [model.table for model in self.project.models if model.partitioned]

    @property
    def messages(self) -> Table:
        """The normalized messages."""
        return next(table for table in self.daily_models if table.label == "core.messages")


def _redaction(database: Location, privacy: settings.Privacy) -> Redaction:
    key = people_key(database) if privacy.people == "pseudonymize" else None
    return Redaction(drop_bodies=privacy.bodies == "drop", key=key)


def _metric_variables(metrics: settings.Metrics, hidden: Redaction) -> dict[str, Any]:
    """What the models are told besides the time zone; `docs/metrics.md` says what they make of it."""
    try:
        hours = read_business_hours(metrics.business_hours) if metrics.business_hours else None
    except BusinessHoursError as error:
        raise SettingsError(f"REAMAZE_BUSINESS_HOURS: {error}") from None
    try:
        targets = read_targets(metrics.targets, scheduled=hours is not None) if metrics.targets else []
    except TargetsError as error:
        raise SettingsError(f"REAMAZE_TARGETS: {error}") from None
    return {
        "excluded_senders": [hidden.email(email) for email in metrics.excluded_senders],
        "excluded_origins": metrics.excluded_origins,
        "business_hours": hours,
        "targets": targets,
        "documents": metrics.documents,
        "document_characters": metrics.document_characters,
    }


def every_deployment() -> list[Deployment]:
    """That of each brand, or the only one. Raises as `Deployment.from_environment` does."""
    found = []
    for brand in known_brands().values():
        with brand.laid_over():
            found.append(Deployment.from_environment())
    return found or [Deployment.from_environment()]

"""The pipeline as a Dagster component: a brand in a few lines of YAML, several of them in one code location.

What an attribute means is the business of `reamaze_pipeline.settings`; this gives them a schema and a first file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import BaseModel, Field

from reamaze_pipeline.definitions import build_defs
from reamaze_pipeline.errors import SettingsError

_ELSEWHERE = {"email_variable", "api_token_variable", "key_prefix", "group", "settings"}
"""Attributes that are no settings."""
_PATHS = ("database", "models", "business_hours", "targets", "snapshot")


class ScaffoldedBrand(BaseModel):
    """What `dg scaffold defs` may be told, so that what it writes can be loaded at once."""

    brand: str = Field(default="acme", description="The subdomain in https://{brand}.reamaze.io.")
    start_date: str = Field(default="2024-01-31", description="The first day to load, YYYY-MM-DD.")


class BrandScaffolder(dg.Scaffolder[ScaffoldedBrand]):
    """Writes a `defs.yaml` that loads as it stands and names the variables of the login."""

    @classmethod
    def get_scaffold_params(cls) -> type[ScaffoldedBrand]:
        return ScaffoldedBrand

    def scaffold(self, request: dg.ScaffoldRequest[ScaffoldedBrand]) -> None:
        name = request.target_path.name
        attributes = {
            "brand": request.params.brand,
            "start_date": request.params.start_date,
            "timezone": "UTC",
            "email_variable": "REAMAZE_EMAIL",
            "api_token_variable": "REAMAZE_API_TOKEN",
            "key_prefix": name,
        }
        dg.scaffold_component(request, attributes)


@dg.scaffold_with(BrandScaffolder)
class ReamazeComponent(dg.Component, dg.Model, dg.Resolvable):
    """Every message of a Re:amaze brand in DuckDB, day by day, exactly once, with the metrics of its support team.

    Several instances in one code location are several brands: give each a `key_prefix` of its own, which names its
    database, its assets, its job and its schedule.
    """

    start_date: str = Field(description="The first day to load, YYYY-MM-DD.")
    brand: str | None = Field(default=None, description="The subdomain in https://{brand}.reamaze.io.")
    api_url: str | None = Field(default=None, description="The full API root instead; wins over the brand.")
    email_variable: str = Field(
        default="REAMAZE_EMAIL", description="The environment variable that holds the login email of a staff user."
    )
    api_token_variable: str = Field(
        default="REAMAZE_API_TOKEN", description="The environment variable that holds that user's API token."
    )
    timezone: str = Field(default="UTC", description="The IANA zone in which a day begins and ends.")
    database: str | None = Field(
        default=None,
        description="The DuckDB file of this brand alone, or a lake (ducklake:…); data/reamaze.duckdb, or data/ and the"
        " key prefix. Paths are taken from the project's folder.",
    )
    models: str | None = Field(
        default=None, description="A folder of your own SQL models, laid out like dbt_like_sql/, added to the shipped."
    )
    business_hours: str | None = Field(default=None, description="A YAML file with the hours the team works.")
    targets: str | None = Field(default=None, description="A YAML file with how soon replies are due.")
    exclude_senders: str = Field(default="", description="Emails that the metrics leave out, separated by commas.")
    exclude_origins: str = Field(default="", description="Origins that the metrics leave out, by code or name.")
    requests_per_minute: int | None = Field(default=None, description="Upper bound on the request rate of this login.")
    concurrency: int = Field(default=4, description="Requests in flight at once.")
    schedule: bool = Field(default=False, description="Whether the nightly schedule is on from the start.")
    key_prefix: str | None = Field(
        default=None, description="Stands before every asset and resource key, and in the names of job and schedule."
    )
    group: str | None = Field(default=None, description="One asset group in place of one for each schema.")
    settings: dict[str, str | int | float | bool] = Field(
        default={},
        description="Any other setting, by its name in small letters without REAMAZE_; bodies: drop.",
    )

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The definitions of this brand."""
        named = self.model_dump(exclude=_ELSEWHERE, exclude_none=True)
        if twice := sorted(set(self.settings) & set(type(self).model_fields)):
            raise SettingsError(f"{', '.join(twice)}: an attribute of its own, not one of settings")
        told: dict[str, Any] = {"database": f"data/{self.key_prefix or 'reamaze'}.duckdb", **named, **self.settings}
        told |= {name: _under(context.project_root, told[name]) for name in _PATHS if told.get(name)}
        login = {"email": dg.EnvVar(self.email_variable), "api_token": dg.EnvVar(self.api_token_variable)}
        return build_defs(settings={**told, **login}, key_prefix=self.key_prefix, group=self.group)


def _under(folder: Path, path: object) -> str:
    """A relative path, from the project's folder; what names a lake stays as it is."""
    text = str(path)
    return text if ":" in text else str(folder / Path(text).expanduser())

"""The pipeline as a Dagster component: a brand in a few lines of YAML, several of them in one code location."""

from __future__ import annotations

import dagster as dg
from pydantic import Field

from reamaze_pipeline.definitions import build_defs


class ReamazeComponent(dg.Component, dg.Model, dg.Resolvable):
    """Every message of a Re:amaze brand in DuckDB, day by day, exactly once, with the metrics of its support team.

    Several instances in one code location are several brands: give each a `key_prefix` and a database of its own.
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
    database: str = Field(default="data/reamaze.duckdb", description="The DuckDB file of this brand alone.")
    models: str | None = Field(
        default=None, description="A folder of your own SQL models, laid out like dbt_like_sql/."
    )
    business_hours: str | None = Field(default=None, description="A YAML file with the hours the team works.")
    exclude_senders: str = Field(default="", description="Emails that the metrics leave out, separated by commas.")
    exclude_origins: str = Field(default="", description="Origins that the metrics leave out, by code or name.")
    requests_per_minute: int | None = Field(default=None, description="Upper bound on the request rate of this login.")
    concurrency: int = Field(default=4, description="Requests in flight at once.")
    schedule: bool = Field(default=False, description="Whether the nightly schedule is on from the start.")
    key_prefix: str | None = Field(
        default=None, description="Stands before every asset and resource key, and in the names of job and schedule."
    )
    group: str | None = Field(default=None, description="One asset group in place of one for each schema.")

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The definitions of this brand; relative paths are as for the rest of the project's code."""
        del context
        ours = {"email_variable", "api_token_variable", "key_prefix", "group"}
        login = {"email": dg.EnvVar(self.email_variable), "api_token": dg.EnvVar(self.api_token_variable)}
        told = self.model_dump(exclude=ours, exclude_none=True)
        return build_defs(settings={**told, **login}, key_prefix=self.key_prefix, group=self.group)

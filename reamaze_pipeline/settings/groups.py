"""The groups of settings: their names, defaults and the rules between them; nothing that uses them.

They come in groups, because a command should not ask for what it does not use: loading the definitions needs no login.
Secrets are kept as `SecretStr`, so neither `repr` nor an error message can show them.
"""

import datetime as dt
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from reamaze_pipeline.settings.values import ApiRoot, Database, Day, Subdomain, UserPath, Zone, is_loopback

PREFIX = "REAMAZE_"
MOST_CONCURRENCY = 32
EXAMPLES = {
    "REAMAZE_BRAND": "acme, for https://acme.reamaze.io",
    "REAMAZE_EMAIL": "the login email of a staff user",
    "REAMAZE_API_TOKEN": "the API token of that user (Re:amaze: Settings, API Token)",
    "REAMAZE_START_DATE": "2024-01-31, the first day to load",
}


class TimeZone(BaseSettings):
    """In which time zone a day begins and ends."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    timezone: Zone = "UTC"


class Calendar(TimeZone):
    """Which days there are: all that is needed to load the definitions."""

    start_date: Day

    @model_validator(mode="after")
    def _has_begun(self) -> Self:
        today = dt.datetime.now(ZoneInfo(self.timezone)).date()
        if self.start_date > today:
            raise ValueError(
                f"REAMAZE_START_DATE {self.start_date} is in the future (today is {today} in {self.timezone})"
            )
        return self


class Warehouse(BaseSettings):
    """Where the tables live, and which models are built there."""

    model_config = Calendar.model_config

    database: Database = Path("data/reamaze.duckdb")
    models: UserPath | None = None

    @model_validator(mode="after")
    def _has_models(self) -> Self:
        if self.models is not None and not self.models.is_dir():
            raise ValueError(f"REAMAZE_MODELS: there is no folder {self.models}")
        return self


class Metrics(BaseSettings):
    """What the metrics leave out, and the hours the team works. The defaults leave nothing out."""

    model_config = Calendar.model_config

    exclude_senders: str = ""
    exclude_origins: str = ""
    business_hours: UserPath | None = None
    targets: UserPath | None = None
    documents: bool = False
    document_characters: int = Field(default=4_000, ge=100, le=1_000_000)

    @property
    def excluded_senders(self) -> list[str]:
        """Emails, such as those of auto-replies and shared inboxes."""
        return _listed(self.exclude_senders)

    @property
    def excluded_origins(self) -> list[str]:
        """Codes or names of origins."""
        return _listed(self.exclude_origins)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


class Nights(BaseSettings):
    """What the nightly schedule does, and whether it is on when the UI first starts."""

    model_config = Calendar.model_config

    schedule: bool = True
    look_back_days: int = Field(default=3, ge=0, le=366)
    catch_up_days: int = Field(default=366, ge=1)
    today: bool = False


class Address(BaseSettings):
    """Where Re:amaze is, and how fast it may be asked."""

    model_config = Calendar.model_config

    brand: Subdomain | None = None
    api_url: ApiRoot | None = None
    requests_per_minute: int | None = Field(default=None, ge=1)
    concurrency: int = Field(default=4, ge=1, le=MOST_CONCURRENCY)
    answer_seconds: float = Field(default=90.0, gt=0, le=86_400)
    answer_megabytes: float = Field(default=32.0, gt=0, le=2_000)

    allow_http: bool = False

    @model_validator(mode="after")
    def _keeps_the_login_secret(self) -> Self:
        plain = self.api_url is not None and self.api_url.startswith("http://") and not is_loopback(self.api_url)
        if plain and not self.allow_http:
            raise ValueError(
                "REAMAZE_API_URL is plain http://, over which anyone on the way reads the login and every message;"
                " write https://, or set REAMAZE_ALLOW_HTTP=1 for a network you trust"
            )
        return self

    @property
    def root(self) -> str | None:
        """The API root, without a trailing slash; `REAMAZE_API_URL` wins over the brand."""
        if self.api_url is None and self.brand is not None:
            return f"https://{self.brand}.reamaze.io/api/v1"
        return self.api_url


class Brand(Address):
    """An address that is given."""

    @model_validator(mode="after")
    def _is_addressed(self) -> Self:
        if self.root is None:
            raise ValueError(f"REAMAZE_BRAND is not set ({EXAMPLES['REAMAZE_BRAND']})")
        return self


class Brands(BaseSettings):
    """The file that describes several brands; without it there is one, which the other settings describe."""

    model_config = Calendar.model_config

    brands: UserPath | None = None


class Login(Brand):
    """Everything that a request needs."""

    email: str = Field(min_length=1)
    api_token: SecretStr = Field(min_length=1)


class Storage(BaseSettings):
    """How the files are kept: who may read them, how long a run waits for one, and the copy that is never locked."""

    model_config = Calendar.model_config

    group_read: bool = False
    lock_wait: float = Field(default=900.0, ge=0, le=86_400)
    snapshot: UserPath | None = None


class Shown(BaseSettings):
    """What the support report shows besides its numbers."""

    model_config = Calendar.model_config

    links: bool = False


class Trust(BaseSettings):
    """What becomes of a day that cannot be shown to be whole: refused, or stored and marked."""

    model_config = Calendar.model_config

    unproven: Literal["refuse", "keep"] = "refuse"


class Records(BaseSettings):
    """How long Dagster's records of runs are kept in full."""

    model_config = Calendar.model_config

    keep_runs_days: int = Field(default=90, ge=1)


class Privacy(BaseSettings):
    """What of people's words and names is stored at all."""

    model_config = Calendar.model_config

    bodies: Literal["keep", "drop"] = "keep"
    people: Literal["keep", "pseudonymize"] = "keep"


class Alerts(BaseSettings):
    """Whom to tell when a night failed, when it is good again, and when no good one came. Nobody by default."""

    model_config = Calendar.model_config

    alert_webhook: SecretStr | None = None
    alert_email: str = ""
    smtp_url: SecretStr | None = None
    alert_after_hours: float = Field(default=26.0, gt=0)
    report_email: str = ""

    @model_validator(mode="after")
    def _can_send(self) -> Self:
        if (self.alert_email or self.report_email) and self.smtp_url is None:
            raise ValueError("REAMAZE_SMTP_URL is not set (smtps://user:password@host:465); mail needs it")
        return self

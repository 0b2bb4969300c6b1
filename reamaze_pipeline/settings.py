"""What the user configures: environment variables and `.env`, read and checked once.

Here belong the names, the defaults and the rules of the settings, and nothing that uses them. They come in
groups, because a command should not ask for what it does not use: loading the definitions needs no login.
The token is kept as a `SecretStr`, so neither `repr` nor an error message can show it.
"""

import datetime as dt
import logging
import os
import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated, Self, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from dotenv import load_dotenv
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from reamaze_pipeline.errors import SettingsError

PREFIX = "REAMAZE_"
MOST_CONCURRENCY = 32
EXAMPLES = {
    "REAMAZE_BRAND": "acme, for https://acme.reamaze.io",
    "REAMAZE_EMAIL": "the login email of a staff user",
    "REAMAZE_API_TOKEN": "the API token of that user (Re:amaze: Settings, API Token)",
    "REAMAZE_START_DATE": "2024-01-31, the first day to load",
}


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("is not an IANA time zone such as Europe/Berlin") from error
    return name


def _api_root(url: str) -> str:
    if not url.startswith(("http://", "https://")) or not url.split("://", 1)[1]:
        raise ValueError("must be a full URL such as http://127.0.0.1:8080/api/v1")
    try:
        address = urlsplit(url)
        whole = bool(address.hostname) and address.port != 0 and not re.search(r"\s", url)
    except ValueError:  # a port beyond 65535, half an IPv6 address
        whole = False
    if not whole:
        raise ValueError("must have a host, and if a port one from 1 to 65535, such as http://127.0.0.1:8080/api/v1")
    if "@" in url.split("://", 1)[1].split("/", 1)[0]:
        raise ValueError("must not hold a login; use REAMAZE_EMAIL and REAMAZE_API_TOKEN")
    if "?" in url or "#" in url:
        raise ValueError("must end with a path such as /api/v1, without a query")
    return url.rstrip("/")


def _subdomain(brand: str) -> str:
    if not brand.replace("-", "").isalnum() or not brand.isascii():
        raise ValueError("must be the bare subdomain, such as acme for https://acme.reamaze.io")
    return brand.lower()


def _iso_day(value: object) -> object:
    """`YYYY-MM-DD` alone: pydantic would also read numbers as days since 1970."""
    if not isinstance(value, str):
        return value
    try:
        return dt.datetime.strptime(value.strip(), "%Y-%m-%d").date()  # noqa: DTZ007 a day has no zone
    except ValueError as error:
        raise ValueError("must be a day written YYYY-MM-DD") from error


def _at_home(path: Path) -> Path:
    """`~` is the home of the user: a shell unfolds it, a `.env` does not."""
    return path.expanduser()


S = TypeVar("S", bound=BaseSettings)
Zone = Annotated[str, AfterValidator(_zone)]
ApiRoot = Annotated[str, AfterValidator(_api_root)]
Subdomain = Annotated[str, AfterValidator(_subdomain)]
UserPath = Annotated[Path, AfterValidator(_at_home)]
Day = Annotated[dt.date, BeforeValidator(_iso_day)]


class Calendar(BaseSettings):
    """Which days there are: all that is needed to load the definitions."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    start_date: Day
    timezone: Zone = "UTC"

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

    database: UserPath = Path("data/reamaze.duckdb")
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


class Address(BaseSettings):
    """Where Re:amaze is, and how fast it may be asked."""

    model_config = Calendar.model_config

    brand: Subdomain | None = None
    api_url: ApiRoot | None = None
    requests_per_minute: int | None = Field(default=None, ge=1)
    concurrency: int = Field(default=4, ge=1, le=MOST_CONCURRENCY)
    answer_seconds: float = Field(default=90.0, gt=0, le=86_400)
    answer_megabytes: float = Field(default=32.0, gt=0, le=2_000)

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


class Login(Brand):
    """Everything that a request needs."""

    email: str = Field(min_length=1)
    api_token: SecretStr = Field(min_length=1)


def load_environment(file: Path = Path(".env")) -> None:
    """Add the lines of `.env` in the working directory to the environment; what is set there already wins.

    Names that look like settings and are none are told on stderr, once.

    Raises:
        SettingsError: the file is not UTF-8 text.
    """
    try:
        load_dotenv(file, override=False, encoding="utf-8-sig")  # a byte order mark is no part of the first name
    except (UnicodeDecodeError, OSError) as error:
        reason = "is not UTF-8 text; save it as UTF-8" if isinstance(error, ValueError) else "cannot be read"
        raise SettingsError(f"{file} {reason}") from None
    for line in strange_names(tuple(os.environ)):
        _say_once(line)


def strange_names(names: tuple[str, ...]) -> list[str]:
    """A line for each of the names that is no setting but begins or reads like one."""
    known = {field.upper() for group in _groups(BaseSettings) for field in group.model_fields}
    lines = []
    for name in sorted(names):
        written, ours = name.upper().removeprefix(PREFIX), name.upper().startswith(PREFIX)
        if ours and written in known:
            continue
        spelled = written if ours else name.upper()
        candidates = known if ours else {PREFIX + field for field in known}
        if alike := get_close_matches(spelled, candidates, n=1, cutoff=0.6 if ours else 0.85):
            meant = PREFIX + alike[0].removeprefix(PREFIX)
            lines.append(f"{name} is no setting and is ignored; did you mean {meant}?")
        elif ours:
            lines.append(f"{name} is no setting and is ignored; see .env.example for those there are")
    return lines


def _groups(kind: type[BaseSettings]) -> Iterator[type[BaseSettings]]:
    for group in kind.__subclasses__():
        if group.model_config.get("env_prefix") == PREFIX:
            yield group
        yield from _groups(group)


@cache
def _say_once(line: str) -> None:
    logging.getLogger(__name__).warning(line)


def read(kind: type[S]) -> S:
    """Read one group of settings from the environment.

    Raises:
        SettingsError: with one line that names every setting that is missing or malformed.
    """
    try:
        return kind()
    except ValidationError:
        raise SettingsError("; ".join(problems(kind))) from None


def problems(*kinds: type[BaseSettings]) -> list[str]:
    """Everything that is missing or malformed in the groups, each said once."""
    found: dict[str, None] = {}
    for kind in kinds:
        # A rule over several fields is not looked at where one is wrong, so what a group is made of is asked by itself.
        for group in (each for each in reversed(kind.__mro__) if each in set(_groups(BaseSettings))):
            try:
                group()
            except ValidationError as error:
                found |= dict.fromkeys(_in_words(problem) for problem in error.errors())
    return list(found)


def _in_words(problem: ErrorDetails) -> str:
    message = str(problem["msg"]).removeprefix("Value error, ")
    if not problem["loc"]:
        return message
    name = PREFIX + str(problem["loc"][0]).upper()
    if problem["type"] in {"missing", "string_too_short", "too_short"}:
        return f"{name} is not set ({EXAMPLES.get(name, 'see .env.example')})"
    return f"{name} {message[:1].lower()}{message[1:]}"

"""The kinds of values that settings have, each with the rule it must keep and the words that say so."""

import datetime as dt
import re
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator


def zone(name: str) -> str:
    """The name of an IANA time zone; raises `ValueError`, in words that follow the name, for what is none."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"is not an IANA time zone such as {_meant(name) or 'Europe/Berlin'}") from error
    return name


def _meant(zone: str) -> str | None:
    """The zone that was probably meant, however its letters were written."""
    known = {each.lower(): each for each in available_timezones()}
    alike = get_close_matches(zone.strip().lower().replace(" ", "_"), known, n=1, cutoff=0.75)
    return known[alike[0]] if alike else None


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


def _database(location: object) -> object:
    """A file's path; or the text that names a lake, which a path would mangle. `warehouse.lake.location` reads both."""
    return location if not isinstance(location, str) or ":" in location else Path(location).expanduser()


def one_place(database: str) -> str:
    """Where a database is: equal for two spellings of one file, or of one lake's catalog."""
    catalog, _, options = database.partition("#")
    kind, _, path = catalog.rpartition(":")
    schema = [option for option in options.split("&") if option.startswith("schema=")]
    return ":".join([*filter(None, [kind]), str(Path(path).expanduser().resolve()), *schema])


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


Database = Annotated[Path | str, BeforeValidator(_database)]
Zone = Annotated[str, AfterValidator(zone)]
ApiRoot = Annotated[str, AfterValidator(_api_root)]
Subdomain = Annotated[str, AfterValidator(_subdomain)]
UserPath = Annotated[Path, AfterValidator(_at_home)]
Day = Annotated[dt.date, BeforeValidator(_iso_day)]


def is_loopback(url: str) -> bool:
    """Whether nothing of a request to the address leaves this machine."""
    host = urlsplit(url).hostname or ""
    return host in {"localhost", "::1"} or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None

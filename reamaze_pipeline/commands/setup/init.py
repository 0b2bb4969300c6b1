"""`init`: the settings file of a new brand, written once the login has been seen to work.

What is not told is asked for, on a terminal; the token is asked for in the dark or taken from the environment, never
from an option, because a shell remembers what was typed.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reamaze_pipeline.commands.arguments import as_json_option, day_type, examples
from reamaze_pipeline.commands.console import Output
from reamaze_pipeline.errors import MisuseError

if TYPE_CHECKING:
    from reamaze_pipeline.crawl.overview import Overview

FILE = Path(".env")
TOKEN = "REAMAZE_API_TOKEN"  # noqa: S105 the name of the variable
FIRST_DAYS = 30
"""Days proposed for the first backfill: a month shows everything and takes a minute or two."""


@click.command(
    epilog=examples(
        "reamaze-pipeline init",
        "reamaze-pipeline init --brand acme --email you@acme.example --timezone Europe/Berlin --yes",
    )
)
@click.option("--brand", help="The subdomain in https://{brand}.reamaze.io; its address will do.")
@click.option("--api-url", help="The full API root instead, such as that of the embedded API.")
@click.option("--email", help="The login email of a staff user.")
@click.option("--timezone", help="The IANA zone in which a day begins and ends, such as Europe/Berlin.")
@click.option("--start-date", type=day_type, help="The first day to load; proposed is that of the oldest message.")
@click.option("--database", help="The DuckDB file.")
@click.option("--yes", is_flag=True, help="Ask nothing: take what is proposed, and the token from the environment.")
@click.option("--force", is_flag=True, help="Replace the .env that is there.")
@as_json_option
def init(
    brand: str | None,
    api_url: str | None,
    email: str | None,
    timezone: str | None,
    start_date: dt.datetime | None,
    database: str | None,
    yes: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Write the settings file .env: asks for what it is not told, tries the login, proposes the first day."""
    if FILE.exists() and not force:
        raise MisuseError(f"{FILE} is there already; edit it, or replace it with --force")
    out = Output(as_json=as_json)
    asked = _Asked(quiet=yes or not _is_person())
    values = {
        **_address(asked, brand, api_url),
        "REAMAZE_EMAIL": email or asked("Login email of a staff user", "--email"),
        TOKEN: os.environ.get(TOKEN) or asked("API token (Settings, API Token)", f"the variable {TOKEN}", hidden=True),
        "REAMAZE_TIMEZONE": _zone(asked, timezone),
        **({"REAMAZE_DATABASE": database} if database else {}),
    }
    seen = _try_login(values)
    out.say(f"The login works: {seen.total_count:,} {'message' if seen.total_count == 1 else 'messages'}.")
    first = _first_day(asked, seen, start_date.date() if start_date else None, values["REAMAZE_TIMEZONE"])
    values["REAMAZE_START_DATE"] = first.isoformat()
    _accept(values)
    _write(values)
    out.say(f"{FILE.absolute()} is written, for you alone to read; keep it out of version control. Next:")
    following = _next(first, values["REAMAZE_TIMEZONE"])
    for line in following:
        out.say(f"  {line}")
    told = {"path": str(FILE.absolute()), "start_date": first, "total_count": seen.total_count, "next": following}
    out.result({"ok": True, **told})


def _is_person() -> bool:
    return sys.stdin.isatty()


class _Asked:
    """Asks a person; where there is none, takes what is proposed or says what is missing."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet

    def __call__(self, what: str, name: str, *, proposed: str | None = None, hidden: bool = False) -> str:
        if not self.quiet:
            return str(click.prompt(what, default=proposed, hide_input=hidden, err=True)).strip()
        if proposed is None:
            raise MisuseError(f"what is missing cannot be asked for here; give {name}")
        return proposed


def _address(asked: _Asked, brand: str | None, api_url: str | None) -> dict[str, str]:
    if api_url and brand:
        raise MisuseError("--brand and --api-url are two names for one thing; give one of them")
    if api_url:
        return {"REAMAZE_API_URL": api_url}
    given = brand or asked("Brand: the subdomain in https://{brand}.reamaze.io", "--brand")
    return {"REAMAZE_BRAND": given.strip().removeprefix("https://").partition(".reamaze.io")[0].rstrip("/")}


def _zone(asked: _Asked, told: str | None) -> str:
    """The zone told; else asked for until it is one, so that a slip costs no second token."""
    from reamaze_pipeline.settings.values import zone

    while True:
        name = told or asked("Time zone of a day", "--timezone", proposed="UTC")
        try:
            return zone(name)
        except ValueError as error:
            if told or asked.quiet:
                raise MisuseError(f"{name} {error}") from None
            click.echo(f"{name!r} {error}", err=True)


def _accept(values: Mapping[str, str]) -> None:
    """Take the values for this process, in place of older ones; a wrong one is named as a setting is."""
    from reamaze_pipeline import settings

    os.environ.pop("REAMAZE_BRAND" if "REAMAZE_API_URL" in values else "REAMAZE_API_URL", None)
    os.environ.update(values)
    complete = "REAMAZE_START_DATE" in values
    if wrong := settings.problems(settings.Login, *([settings.Calendar] if complete else [])):
        raise MisuseError("; ".join(wrong))


def _try_login(values: Mapping[str, str]) -> Overview:
    """What the API says of the brand.

    Raises:
        MisuseError: a value cannot be one.
        ReamazeError: the login, the brand or the connection does not work; the text says which.
    """
    from reamaze_pipeline import settings
    from reamaze_pipeline.api.client import ReamazeClient
    from reamaze_pipeline.crawl.overview import look

    _accept(values)
    login = settings.read(settings.Login)
    with ReamazeClient(str(login.root), login.email, login.api_token.get_secret_value()) as client:
        return look(client)


def _first_day(asked: _Asked, seen: Overview, told: dt.date | None, timezone: str) -> dt.date:
    """The day told; else that of the oldest message, for a person to change."""
    from zoneinfo import ZoneInfo

    if told is not None:
        return told
    zone = ZoneInfo(timezone)
    oldest = seen.oldest or (None if seen.total_count else dt.datetime.now(dt.UTC))
    proposed = oldest.astimezone(zone).date().isoformat() if oldest else None
    while True:
        text = asked("First day to load, YYYY-MM-DD", "--start-date", proposed=proposed)
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            click.echo(f"{text!r} is no day written YYYY-MM-DD", err=True)


def _write(values: Mapping[str, str]) -> None:
    """Whole or not at all, and never for a moment readable by others."""
    from dotenv import dotenv_values

    lines = ["# Settings of reamaze-pipeline. It holds a token: keep it to yourself, and out of version control."]
    lines += [f"{name}='{_quoted(value)}'" for name, value in values.items()]
    handle, name = tempfile.mkstemp(
        dir=FILE.absolute().parent, prefix=".env.", suffix=".part"
    )  # mkstemp gives mode 0600
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        if dotenv_values(unfinished) != dict(values):
            raise MisuseError("a value holds what .env cannot, such as ${…}; set it in the environment instead")
        unfinished.replace(FILE)
    finally:
        unfinished.unlink(missing_ok=True)


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")


def _next(first: dt.date, timezone: str) -> list[str]:
    """The two commands that come next: the newest whole days, and the UI with the nightly schedule."""
    from zoneinfo import ZoneInfo

    from reamaze_pipeline.settings.typed import typed

    last = dt.datetime.now(ZoneInfo(timezone)).date() - dt.timedelta(days=1)
    if last < first:
        return [typed("check"), typed("ui")]
    begin = max(first, last - dt.timedelta(days=FIRST_DAYS - 1))
    return [typed(f"backfill --from {begin} --to {last}"), typed("ui")]

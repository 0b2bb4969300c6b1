"""`check`: one or two requests tell whether the login is right, how much there is and which revision answers."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict

import click

from reamaze_pipeline.commands.arguments import as_json_option, examples
from reamaze_pipeline.commands.console import Output
from reamaze_pipeline.errors import SettingsError


@click.command(epilog=examples("reamaze-pipeline check"))
@as_json_option
def check(as_json: bool) -> None:
    """Is the login right, how many messages are there, which revision of the API answers?"""
    from reamaze_pipeline import settings
    from reamaze_pipeline.api.client import ReamazeClient
    from reamaze_pipeline.crawl.overview import look

    # What a backfill reads; all that is wrong with it is told at once.
    everything = (settings.Login, settings.Calendar, settings.Warehouse, settings.Records, settings.Metrics)
    out = Output(as_json=as_json)
    settings.load_environment()
    if settings.problems(settings.Login):
        raise SettingsError("; ".join(settings.problems(*everything)))
    login = settings.read(settings.Login)
    with ReamazeClient.of(login) as client:
        seen = look(client)
        requests = client.traffic.requests
    out.say(f"The login works at {login.root}.")
    out.say(f"Messages: {seen.total_count:,}, from {_instant(seen.oldest)} to {_instant(seen.newest)} (UTC).")
    out.say(f"start_date and end_date are {_in_words(seen.dates_honoured, 'honoured', 'ignored')}.")
    out.say(f'user["staff?"] is {_in_words(seen.staff_flag, "present", "absent")}.')
    missing = settings.problems(*everything)
    for problem in missing:
        out.say(f"Before a backfill: {problem}.")
    out.result({"ok": True, "missing": missing, "requests": requests, **asdict(seen)})


def _instant(instant: dt.datetime | None) -> str:
    return "–" if instant is None else instant.strftime("%Y-%m-%d %H:%M:%S")


def _in_words(known: bool | None, yes: str, no: str) -> str:
    return "not to be told from what there is" if known is None else yes if known else no

"""`check`: a few requests tell whether the login is right, how much there is and which revision answers.

With `--deep`, up to forty tell whether all that is relied on holds for this brand.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reamaze_pipeline.commands.arguments import as_json_option, examples
from reamaze_pipeline.commands.console import Output
from reamaze_pipeline.errors import SettingsError

if TYPE_CHECKING:
    from reamaze_pipeline.doctor.examine import Examination
    from reamaze_pipeline.settings import Login

BROKEN = 1
_VERDICTS = {"holds": "holds", "otherwise": "coped with", "broken": "BROKEN", "untold": "not told"}


@click.command(epilog=examples("reamaze-pipeline check", "reamaze-pipeline check --deep --bundle shapes.json"))
@click.option("--deep", is_flag=True, help="Ask, within 40 requests, whether each thing that is relied on holds.")
@click.option(
    "--bundle",
    type=click.Path(dir_okay=False, path_type=Path),
    help="With --deep: write what was found to a file for a bug report; no text, name, address or token is in it.",
)
@as_json_option
def check(deep: bool, bundle: Path | None, as_json: bool) -> int:
    """Is the login right, how many messages are there, which revision of the API answers? Nothing is stored.

    With --deep it ends with 1 if a thing that is relied on does not hold for this brand.
    """
    from reamaze_pipeline import settings

    if bundle is not None and not deep:
        raise click.UsageError("--bundle writes what --deep finds; add --deep")
    # What a backfill reads; all that is wrong with it is told at once.
    everything = (
        settings.Login,
        settings.Calendar,
        settings.Warehouse,
        settings.Records,
        settings.Metrics,
        settings.Trust,
    )
    out = Output(as_json=as_json)
    settings.load_environment()
    if settings.problems(settings.Login):
        raise SettingsError("; ".join(settings.problems(*everything)))
    login = settings.read(settings.Login)
    if deep:
        return _examined(out, login, bundle)
    _looked_at(out, login, settings.problems(*everything))
    return 0


def _looked_at(out: Output, login: Login, missing: list[str]) -> None:
    from reamaze_pipeline.api.client import ReamazeClient
    from reamaze_pipeline.crawl.overview import look

    with ReamazeClient.of(login) as client:
        seen = look(client)
        requests = client.traffic.requests
    out.say(f"The login works at {login.root}.")
    out.say(f"Messages: {seen.total_count:,}, from {_instant(seen.oldest)} to {_instant(seen.newest)} (UTC).")
    out.say(f"start_date and end_date are {_in_words(seen.dates_honoured, 'honoured', 'ignored')}.")
    out.say(f'user["staff?"] is {_in_words(seen.staff_flag, "present", "absent")}.')
    for problem in missing:
        out.say(f"Before a backfill: {problem}.")
    out.result({"ok": True, "missing": missing, "requests": requests, **asdict(seen)})


def _examined(out: Output, login: Login, bundle: Path | None) -> int:
    from reamaze_pipeline.api.client import ReamazeClient
    from reamaze_pipeline.doctor.bundle import write_bundle
    from reamaze_pipeline.doctor.examine import examine

    with ReamazeClient.of(login) as client:
        found = examine(client)
    _say(out, found)
    if bundle is not None:
        write_bundle(bundle, found)
        out.say(f"What was found, and the shapes of the answers, are in {bundle}.")
    out.result(
        {
            "ok": found.ok,
            "requests": found.requests,
            "seconds": found.seconds,
            "findings": [finding.as_json() for finding in found.findings],
            "bundle": str(bundle) if bundle else None,
        }
    )
    return 0 if found.ok else BROKEN


def _say(out: Output, found: Examination) -> None:
    out.table(
        f"What is relied on, after {found.requests} requests",
        ["what", "expected", "seen", "", "consequence"],
        [[each.what, each.expected, each.seen, _VERDICTS[each.verdict], each.consequence] for each in found.findings],
    )
    broken = [each.what for each in found.findings if each.verdict == "broken"]
    if broken:
        out.say(f"Does not hold: {', '.join(broken)}. docs/trust.md says what to do; --bundle makes a file to send.")
    else:
        out.say("Nothing that is relied on was seen broken.")


def _instant(instant: dt.datetime | None) -> str:
    return "–" if instant is None else instant.strftime("%Y-%m-%d %H:%M:%S")


def _in_words(known: bool | None, yes: str, no: str) -> str:
    return "not to be told from what there is" if known is None else yes if known else no

"""`audit`: is what we hold what Re:amaze holds? Exit code 1 says that it is not."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import click

from reamaze_pipeline.commands.arguments import as_json_option, day_type, examples
from reamaze_pipeline.commands.console import Output

if TYPE_CHECKING:
    from reamaze_pipeline.audit.compare import Auditor
    from reamaze_pipeline.audit.findings import Audit, DayDifference
    from reamaze_pipeline.crawl.messages import BrandClient
    from reamaze_pipeline.deployment import Deployment

DIFFERENT = 1
_MESSAGES_SHOWN = 10


@click.command(
    epilog=examples(
        "reamaze-pipeline audit",
        "reamaze-pipeline audit --days --from 2026-03-02 --to 2026-03-08 --repair",
        "reamaze-pipeline audit --sent-by ann@acme.example --from 2026-03-02 --to 2026-03-08",
    )
)
@click.option("--from", "first", type=day_type, help="First day; without it, the first that is stored.")
@click.option("--to", "last", type=day_type, help="Last day, included; without it, the last that is stored.")
@click.option("--days", "in_full", is_flag=True, help="Read the days again in full and compare message by message.")
@click.option("--conversation", metavar="SLUG", help="Compare one conversation, message by message.")
@click.option("--sent-by", metavar="EMAIL", help="Compare one sender's messages.")
@click.option(
    "--sides", is_flag=True, help="Compare who is staff with the staff's and the customers' lists, by counts."
)
@click.option("--repair", is_flag=True, help="Fetch the days that differ again, and rebuild what hangs on them.")
@as_json_option
def audit(
    first: dt.datetime | None, last: dt.datetime | None, in_full: bool, conversation: str | None, sent_by: str | None,
    sides: bool, repair: bool, as_json: bool,
) -> int:  # fmt: skip
    """Compare what is stored with what Re:amaze holds: by counts, or message by message.

    Counts alone do not see differences that cancel each other out, nor an edit; --days sees all but an edit that
    keeps what names a message.
    """
    from reamaze_pipeline import settings
    from reamaze_pipeline.audit.record import record
    from reamaze_pipeline.crawl.messages import BrandClient
    from reamaze_pipeline.deployment import Deployment

    chosen = sum((in_full, conversation is not None, sent_by is not None, sides))
    if chosen > 1:
        raise click.UsageError("choose one of --days, --conversation, --sent-by and --sides")
    out = Output(as_json=as_json)
    deployment = Deployment.from_environment()
    login = settings.read(settings.Login)
    results = deployment.project.source("meta", "audits").table
    with BrandClient.of(login) as client:
        auditor = _auditor(client, deployment, first, last)
        unproven = deployment.state([dt.date.fromisoformat(window.key) for window in auditor.windows]).unproven
        if unproven:  # said first, because a brand that contradicts itself may leave an audit no answer
            first_of, why = next(iter(unproven.items()))
            out.say(f"Stored and UNPROVEN: {len(unproven):,} of these days, such as {first_of}: {why}")
        found = _audited(auditor, in_full=in_full, conversation=conversation, sent_by=sent_by, sides=sides)
        record(deployment.database, results, found)
        _say(out, found)
        mended: list[str] = []
        if repair and not found.ok:
            mended = _repaired(out, deployment, found)
            found = _audited(auditor, in_full=in_full, conversation=conversation, sent_by=sent_by, sides=sides)
            record(deployment.database, results, found)
            _say(out, found)
    out.result(
        {
            "ok": found.ok,
            "unproven_days": [day.isoformat() for day in unproven],
            "kind": found.kind,
            "from": found.first,
            "to": found.last,
            "requests": client.traffic.requests,
            "days_compared": found.days_compared,
            "different": [difference.as_json() for difference in found.different],
            "repaired": mended,
        }
    )
    return 0 if found.ok else DIFFERENT


def _auditor(
    client: BrandClient, deployment: Deployment, first: dt.datetime | None, last: dt.datetime | None
) -> Auditor:
    from reamaze_pipeline.audit.compare import Auditor
    from reamaze_pipeline.audit.held import Held
    from reamaze_pipeline.defs.partitions import day_window, days_between, last_whole_day
    from reamaze_pipeline.errors import NoSuchDays

    held = Held(deployment.database, deployment.messages, deployment.redaction)
    oldest, newest = held.days()
    begin, end = (first.date() if first else oldest), (last.date() if last else newest)
    whole = last_whole_day(deployment.partitions)
    if begin > end or begin < deployment.calendar.start_date or whole is None or end > whole:
        raise NoSuchDays(
            f"{begin} to {end} cannot be audited: days from REAMAZE_START_DATE {deployment.calendar.start_date} "
            f"to the last whole day {whole} can; {oldest} to {newest} are stored"
        )
    windows = [day_window(day, deployment.calendar.timezone) for day in days_between(begin, end)]
    return Auditor(client, deployment.project, held, windows)


def _audited(auditor: Auditor, *, in_full: bool, conversation: str | None, sent_by: str | None, sides: bool) -> Audit:
    from reamaze_pipeline.api.message_list import MessageList

    if sides:
        return auditor.sides()
    if in_full or conversation is not None or sent_by is not None:
        return auditor.rows(MessageList(conversation=conversation, sent_by=sent_by))
    return auditor.counts()


def _repaired(out: Output, deployment: Deployment, found: Audit) -> list[str]:
    """Fetches the days that differ again, each stretch of neighbours in one run."""
    from reamaze_pipeline.runs.backfill import backfill
    from reamaze_pipeline.state.plan import ranges

    for first, last in ranges(found.days, near=dt.timedelta(1)):
        outcome = backfill(deployment, first, last, refresh=True)
        out.say(f"Repaired {first} to {last}: {outcome.in_words}")
    return [day.isoformat() for day in found.days]


def _say(out: Output, found: Audit) -> None:
    range_of_days = f"{found.days_compared:,} days from {found.first} to {found.last}, {found.requests:,} requests"
    if found.ok:
        out.say(f"No difference ({range_of_days}).")
        return
    out.table(
        f"{len(found.days):,} days differ ({range_of_days})",
        ["day", "list", "stored", "Re:amaze", "missing here", "gone there"],
        [
            [each.day, each.audience, each.stored, each.api, len(each.missing) or None, len(each.gone) or None]
            for each in found.different
        ],
    )
    for each in found.different:
        _say_messages(out, each)


def _say_messages(out: Output, difference: DayDifference) -> None:
    for what, messages in (("missing here", difference.missing), ("gone there", difference.gone)):
        for message in messages[:_MESSAGES_SHOWN]:
            who = message.sender_email or "no sender"
            out.say(f"{difference.day}  {what}: {message.message_id}, {message.created_at} UTC, {who}")
        if len(messages) > _MESSAGES_SHOWN:
            out.say(f"{difference.day}  {what}: {len(messages) - _MESSAGES_SHOWN:,} more (--json names them all)")

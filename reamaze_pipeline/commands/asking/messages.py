"""`messages`: the API asked directly for any list of messages; nothing is stored."""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from reamaze_pipeline.commands.arguments import as_json_option, day_type, examples
from reamaze_pipeline.commands.console import Output

if TYPE_CHECKING:
    from reamaze_pipeline.crawl.messages import ListedMessage

COLUMNS = (
    *("created_at", "conversation_slug", "sender_email", "sender_name", "is_staff", "origin", "visibility", "body"),
)
_TEXT_SHOWN = 60


@click.command(
    epilog=examples(
        "reamaze-pipeline messages --filter staff --from 2026-03-02 --to 2026-03-08 --format csv --out sent.csv",
        "reamaze-pipeline messages --sent-by ann@acme.example --limit 40 --format table",
    )
)
@click.option("--conversation", metavar="SLUG", help="Of one conversation.")
@click.option("--sent-by", metavar="EMAIL", help="Of one sender.")
@click.option("--filter", "audience", type=click.Choice(["staff", "customer"]), help="Of one side.")
@click.option("--origin", type=int, help="Of one origin, by its code (newer revision of the API).")
@click.option("--category", metavar="SLUG", help="Of one category (newer revision).")
@click.option("--tag", help="With one tag (newer revision).")
@click.option("--from", "first", type=day_type, help="First day, in REAMAZE_TIMEZONE.")
@click.option("--to", "last", type=day_type, help="Last day, included.")
@click.option("--limit", type=click.IntRange(min=1), help="So many at most, the newest.")
@click.option("--format", "kind", type=click.Choice(["table", "jsonl", "csv"]), help="Default: table, jsonl in a pipe.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file in place of the output.")
@as_json_option
def messages(
    conversation: str | None, sent_by: str | None, audience: str | None, origin: int | None, category: str | None,
    tag: str | None, first: dt.datetime | None, last: dt.datetime | None, limit: int | None, kind: str | None,
    out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Ask the API directly: all messages, or those of a conversation, a sender, a side …, newest first."""
    from reamaze_pipeline import settings
    from reamaze_pipeline.crawl.messages import BrandClient

    settings.load_environment()
    login = settings.read(settings.Login)
    start, end = _instants(first, last)
    output = Output(as_json=as_json or out is None)
    with BrandClient.of(login) as client:
        found = client.messages(
            conversation=conversation,
            sent_by=sent_by,
            audience="all" if audience is None else "staff" if audience == "staff" else "customer",
            origin=origin,
            category=category,
            tag=tag,
            start=start,
            end=end,
        )
        shown = _Counted(itertools.islice(found, limit))
        kind = kind or ("table" if out is None and sys.stdout.isatty() else "jsonl")
        with _written(out) as stream:
            _WRITERS[kind](shown, stream)
        requests = client.traffic.requests
    if not shown.count:
        output.say(_nothing(sent_by, narrowed=bool(first or last)))
    elif out is not None:
        output.say(f"{shown.count:,} messages are in {out}.")
    Output(as_json=as_json).result(
        {"ok": True, "messages": shown.count, "requests": requests, "path": str(out) if out else None}
    )


class _Counted:
    """Messages, counted as they pass."""

    def __init__(self, messages: Iterable[ListedMessage]) -> None:
        self._messages = messages
        self.count = 0

    def __iter__(self) -> Iterator[ListedMessage]:
        for message in self._messages:
            self.count += 1
            yield message


def _instants(first: dt.datetime | None, last: dt.datetime | None) -> tuple[dt.datetime | None, dt.datetime | None]:
    if first is None and last is None:
        return None, None
    from reamaze_pipeline.defs.partitions import day_window

    if first is not None and last is not None and first > last:
        raise click.UsageError(f"--from {first:%Y-%m-%d} is after --to {last:%Y-%m-%d}")
    from reamaze_pipeline import settings

    zone = settings.read(settings.TimeZone).timezone
    return (
        day_window(first.date(), zone).start if first else None,
        day_window(last.date(), zone).end if last else None,
    )


@contextmanager
def _written(out: Path | None) -> Iterator[TextIO]:
    """The output, or a file of its owner's that is there only once it is whole."""
    from reamaze_pipeline.warehouse.files.permissions import make_private

    if out is None:
        try:
            yield sys.stdout
            sys.stdout.flush()
        except BrokenPipeError:  # whoever reads, such as `head`, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    part = out.with_name(f".{out.name}.part")
    try:
        part.touch(mode=0o600)
        make_private(part)
        with part.open("w", encoding="utf-8", newline="") as stream:
            yield stream
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def _values(message: ListedMessage) -> list[Any]:
    created = message.created_at
    return [
        created.isoformat().replace("+00:00", "Z") if created else None,
        *(getattr(message, name) for name in COLUMNS[1:]),
    ]


def _write_jsonl(messages: Iterable[ListedMessage], stream: TextIO) -> None:
    for message in messages:
        stream.write(json.dumps(message.sent) + "\n")


def _write_csv(messages: Iterable[ListedMessage], stream: TextIO) -> None:
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    for message in messages:
        writer.writerow(_values(message))


def _write_table(messages: Iterable[ListedMessage], stream: TextIO) -> None:
    sides = {True: "staff", False: "customer", None: None}
    rows = [
        [
            f"{message.created_at:%Y-%m-%d %H:%M:%S}" if message.created_at else None,
            message.conversation_slug,
            message.sender_email or message.sender_name,
            sides[message.is_staff],
            str(message.origin) if message.origin is not None else None,
            " ".join((message.body or "").split())[:_TEXT_SHOWN],
        ]
        for message in messages
    ]
    table = Output(as_json=False, stream=stream)
    table.table("Messages", ["created (UTC)", "conversation", "sender", "side", "origin", "text"], rows)


_WRITERS = {"jsonl": _write_jsonl, "csv": _write_csv, "table": _write_table}


def _nothing(sent_by: str | None, *, narrowed: bool) -> str:
    if sent_by is None:
        return "There is no such message."
    when = " between these days" if narrowed else ""
    return f"No message by this sender{when}: Re:amaze knows nobody with this email, or they sent nothing{when}."

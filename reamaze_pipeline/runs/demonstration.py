"""The main job with nothing to configure: the embedded API, 60 days materialized, the results to look at.

It has a database and Dagster records of its own, in `data/demo`, made anew each time, so a demo never meets the
messages of a real brand. What the numbers mean is not explained here; the README does.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reamaze_pipeline.errors import BackfillFailed
from reamaze_pipeline.runs.loading import uncollected
from reamaze_pipeline.settings.typed import typed

if TYPE_CHECKING:
    from reamaze_pipeline.deployment import Deployment
    from reamaze_pipeline.runs.outcome import Outcome

FOLDER = Path("data/demo")
DAYS = 60
"""Twice what the report is about, so that it has days to compare with."""
TARGETS = """\
- {name: First answer within two hours, of: first_response, minutes: 120}
- {name: Every other reply within four hours, of: next_reply, minutes: 240}
"""
MESSAGES, HISTORY_DAYS = 20_000, 365

MOST_RESPONSES = """
    select arg_max(sender_email, day) as sender_email, arg_max(sender_name, day) as sender_name,
        sum(response_count)::bigint as responses, sum(internal_note_count)::bigint as notes
    from metrics.staff_response_counts group by sender_key order by responses desc, sender_key limit 8
"""
PER_ORIGIN = """
    select origin_name, sum(message_count)::bigint as messages, sum(staff_message_count)::bigint as staff,
        sum(customer_message_count)::bigint as customers
    from metrics.messages_per_origin group by origin_name order by messages desc, origin_name
"""


@dataclass(frozen=True, slots=True)
class Demo:
    """What a demo run left behind; `tables` maps each table to its number of rows."""

    deployment: Deployment
    outcome: Outcome
    tables: dict[str, int]
    senders: list[tuple[Any, ...]]
    origins: list[tuple[Any, ...]]


@contextmanager
def demo(
    folder: Path = FOLDER, announce: Callable[[tuple[str, bool]], None] = lambda _: None, days: int = DAYS
) -> Iterator[Demo]:
    """Run the main job over so many `days` into `folder`; the embedded API serves for as long as the block lasts.

    `announce` hears a line, and whether it tells of a day that is stored.
    """
    _make_anew(folder)
    last = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
    first = last - dt.timedelta(days=days - 1)
    with embedded_api(MESSAGES, HISTORY_DAYS) as address:
        with uncollected():
            from reamaze_pipeline.crawl.progress import StoredDay  # noqa: PLC0415
            from reamaze_pipeline.deployment import Deployment  # noqa: PLC0415
            from reamaze_pipeline.runs.backfill import backfill  # noqa: PLC0415 the API generates its history meanwhile
            from reamaze_pipeline.warehouse.connection import reading  # noqa: PLC0415

        os.environ.update({**_settings(folder, first), **address()})
        deployment = Deployment.from_environment()
        outcome = backfill(
            deployment, first, last, announce=lambda told: announce((told.in_words, isinstance(told, StoredDay)))
        )
        with reading(deployment.database) as connection:
            tables = [deployment.pages.table, *(model.table for model in deployment.project.models)]
            counts = {
                table.label: connection.execute(f"select count(*) from {table.qualified}").fetchall()[0][0]
                for table in tables
            }
            senders = connection.execute(MOST_RESPONSES).fetchall()
            origins = connection.execute(PER_ORIGIN).fetchall()
        yield Demo(deployment, outcome, counts, senders, origins)


@contextmanager
def embedded_api(messages: int, days: int) -> Iterator[Callable[[], dict[str, str]]]:
    """An embedded API in a process of its own, which leaves this one its whole core; gives what waits for it.

    Its history has so many `messages` over so many `days` up to today.

    What it gives returns the settings that reach the API, and raises `BackfillFailed` if it did not start.
    """
    serve = [sys.executable, "-m", "reamaze_pipeline", "sandbox", "--port", "0", "--json"]
    history = ["--messages", str(messages), "--days", str(days)]
    with subprocess.Popen([*serve, *history], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:  # noqa: S603

        def address() -> dict[str, str]:
            said = json.loads((process.stdout.readline() if process.stdout else "") or "{}")
            if not said.get("ok"):
                raise BackfillFailed(f"the embedded API did not start; run {typed('sandbox')} to see why")
            settings: dict[str, str] = said["environment"]
            del settings["REAMAZE_START_DATE"]
            return settings

        try:
            yield address
        finally:
            process.terminate()


def _settings(folder: Path, first: dt.date) -> dict[str, str]:
    """Settings of the demo alone: an empty value stands for the default, so nothing of a real brand slips in."""
    return {
        "REAMAZE_START_DATE": first.isoformat(),
        "REAMAZE_TIMEZONE": "UTC",
        "REAMAZE_DATABASE": str(folder / "reamaze.duckdb"),
        "REAMAZE_REQUESTS_PER_MINUTE": "",
        "REAMAZE_CONCURRENCY": "",
        "REAMAZE_BRANDS": "",
        "REAMAZE_MODELS": "",
        "REAMAZE_EXCLUDE_SENDERS": "",
        "REAMAZE_EXCLUDE_ORIGINS": "",
        "REAMAZE_BUSINESS_HOURS": "",
        "REAMAZE_TARGETS": str(folder / "targets.yml"),
        "REAMAZE_BRAND": "demo",
        "REAMAZE_LINKS": "",
        "DAGSTER_HOME": "",
    }


def _make_anew(folder: Path) -> None:
    """Remove what an earlier demo made, and nothing else."""
    for name in ("reamaze.duckdb", "reamaze.duckdb.wal", "support_report.html"):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "dagster", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "targets.yml").write_text(TARGETS, encoding="utf-8")

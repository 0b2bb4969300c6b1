"""A backfill as a program of its own, for tests that kill it or change its host's time zone.

Usage: python -m tests.warehouse.backfill_process DATABASE DAYS [SEED]. Stores day after day, each with its models, and
prints the day when it is done. With a seed the days come in an order of its own, and every third is fetched anew.
"""

from __future__ import annotations

import random
import sys
from datetime import date, timedelta

from reamaze_pipeline.models.project import load_project
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.lake.location import is_there
from reamaze_pipeline.warehouse.ledger import stored_days
from tests.stored_pages import DAY, SHIPPED, Page, Warehouse, message, page

TABLES = ("messages", "message_recipients", "message_attachments")


def pages(day: date) -> list[Page]:
    """A day's messages, some at its very beginning and end, the same for whoever asks."""
    number = (day - DAY).days
    times = ["00:00:00.000Z", "23:59:59.999Z", "05:30:00.000+05:30", "12:00:00.5Z"]
    listed = [message(n, created_at=f"{day}T{times[n % 4]}", body=f"{number}/{n}") for n in range(40 * (number % 3))]
    return [page(day, listed[at : at + 30], number=at // 30 + 1) for at in range(0, len(listed), 30)]


def main(database: str, count: str, seed: str | None = None) -> None:
    warehouse = Warehouse(database, load_project([SHIPPED]))
    raw = warehouse.project.source("raw", "message_pages").table
    done: set[date] = set()
    if is_there(database):
        with reading(database) as connection:
            done = stored_days(connection, raw)
    days = [DAY + timedelta(days=n) for n in range(int(count))]
    if seed is not None:
        random.Random(seed).shuffle(days)
    for number, day in enumerate(days):
        if day not in done or (seed is not None and number % 3 == 0):
            warehouse.store({day: pages(day)})
        warehouse.derive([day], TABLES)
        sys.stdout.write(f"{day}\n")
        sys.stdout.flush()
    warehouse.derive([], ["conversations"])


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Warehouses filled from hand-made messages through the shipped models, and the reports of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reamaze_pipeline.models.model import Project
from reamaze_pipeline.report.build import Report, build_report
from reamaze_pipeline.warehouse.connection import writing
from reamaze_pipeline.warehouse.partition import replace_partitions
from tests.metrics.filled import Warehouse
from tests.metrics.reference import Rules

FIRST = dt.date(2026, 3, 2)
"""A Monday."""
BUILT_AT = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "]]><svg onload=alert(1)>",
    "{{ 7*7 }}{% raw %}",
    "\u202eevil\u2066 \u200fname",
    "javascript:alert(1) [x](javascript:y) | `z`",
    "nul\x00 bell\x07 bad\ufffe",
    "'--\\\"&lt;b&gt;&amp;",
)


def on(day: int, clock: str = "09:00") -> dt.datetime:
    """An instant of the day that comes so many days after `FIRST`."""
    return dt.datetime.combine(FIRST + dt.timedelta(day), dt.time.fromisoformat(clock))


@dataclass
class Said:
    """One message; only what a test is about needs saying."""

    at: dt.datetime
    slug: str
    by: str | None
    staff: bool | None = False
    origin: int | None = 1
    visibility: int = 0
    name: str | None = None
    subject: str = "Where is my order?"
    body: str = "a body that nobody may see"
    begun: dt.datetime | None = None
    origin_name: str | None = None
    inbox: str | None = None

    def row(self, number: int) -> dict[str, Any]:
        known = {0: "Chat", 1: "Email"}
        return {
            "message_id": f"{number:05}",
            "created_at": self.at,
            "day": self.at.date(),
            "conversation_slug": self.slug,
            "conversation_created_at": self.begun or self.at,
            "sender_name": self.name or (self.by or "").partition("@")[0] or None,
            "sender_email": self.by,
            "is_staff": self.staff,
            "origin": self.origin,
            "origin_name": self.origin_name or known.get(self.origin or 0, f"Unknown ({self.origin})"),
            "visibility": self.visibility,
            "category_slug": self.inbox,
            "category_name": self.inbox and self.inbox.title(),
            "subject": self.subject,
            "body": self.body,
        }


def fill(path: str | Path, messages: Sequence[Said], days: Iterable[int], rules: Rules | None = None) -> Project:
    """Store these days, each with its messages, and compute every metric of them."""
    stored = [FIRST + dt.timedelta(day) for day in days]
    with writing(path) as connection:
        warehouse = Warehouse(connection, rules or Rules())
        replace_partitions(connection, warehouse.project.source("raw", "message_pages").table, stored, [])
        table = next(model.table for model in warehouse.project.models if model.table.label == "core.messages")
        rows = [said.row(number) for number, said in enumerate(messages) if said.at.date() in stored]
        replace_partitions(connection, table, stored, rows)
        warehouse.derive(stored)
        return warehouse.project


def two_weeks() -> list[Said]:
    """Days 0 to 6: one question a day, answered after 30 minutes. Days 7 to 13: two, one answered after 3 hours."""
    said = []
    for day in range(14):
        said.append(Said(on(day, "09:00"), f"q-{day}", f"customer{day}@x.example"))
        after, by = ("09:30", "ann@x.example") if day < 7 else ("12:00", "ben@x.example")
        said.append(Said(on(day, after), f"q-{day}", by, staff=True, begun=on(day)))
        if day >= 7:
            subject = f"Late question {day}"
            said.append(Said(on(day, "22:00"), f"late-{day}", "late@x.example", origin=0, subject=subject))
            note = Said(on(day, "22:10"), f"late-{day}", "ben@x.example", staff=True, visibility=1, subject=subject)
            said.append(note)
    return said


@pytest.fixture(scope="session")
def brand(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Project]:
    path = tmp_path_factory.mktemp("brand") / "warehouse.duckdb"
    return path, fill(path, two_weeks(), range(14))


@pytest.fixture(scope="session")
def second_week(brand: tuple[Path, Project]) -> Report:
    """With the first week before it to compare with."""
    path, project = brand
    return build_report(path, first=on(7).date(), last=on(13).date(), project=project, built_at=BUILT_AT)


@pytest.fixture(scope="session")
def hostile_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every text that comes from outside is an attack; one day in the middle is missing."""
    said = []
    for n, text in enumerate(HOSTILE):
        said.append(Said(on(n % 2), f"slug {text}", f"c{n}@x.example", subject=text, origin=90 + n, origin_name=text))
        said.append(Said(on(1, "15:00"), f"slug {text}", text, staff=True, name=text, begun=on(n % 2)))
        said.append(Said(on(3, "11:00"), f"slug {text}", f"c{n}@x.example", subject=text, begun=on(n % 2)))
    path = tmp_path_factory.mktemp("hostile") / "warehouse.duckdb"
    fill(path, said, (0, 1, 3))
    return path


@pytest.fixture(scope="session")
def hostile(hostile_database: Path) -> Report:
    return build_report(hostile_database, failed_checks=HOSTILE, built_at=BUILT_AT)

"""A report from days to file: read, draw, write. The page, the pictures and the numbers tell the same facts."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from reamaze_pipeline.models.model import Project
from reamaze_pipeline.report.charts.picture import preview_png
from reamaze_pipeline.report.charts.renderer import Renderer
from reamaze_pipeline.report.document import Head, render
from reamaze_pipeline.report.numbers.facts import Facts, read_facts
from reamaze_pipeline.report.numbers.headline import headline
from reamaze_pipeline.report.numbers.narrowing import Narrowing, narrowed
from reamaze_pipeline.report.preview import report_preview
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.files.permissions import make_private
from reamaze_pipeline.warehouse.lake.location import Location
from reamaze_pipeline.warehouse.lake.past import reading_as_of

NO_PROJECT = Project((), (), ())


@dataclass(frozen=True, slots=True)
class Report:
    """``html`` is a whole page that needs nothing else. ``headline`` are plain values: times in seconds,
    shares from 0 to 1, absent if unknown. ``preview_png`` is a small picture on white.
    """

    html: str = field(repr=False)
    headline: dict[str, str | int | float]
    preview_markdown: str = field(repr=False)
    preview_png: bytes = field(repr=False)


def build_report(
    database: str | Location,
    *,
    first: date | None = None,
    last: date | None = None,
    timezone: str = "UTC",
    project: Project | None = None,
    failed_checks: Sequence[str] = (),
    warnings: Sequence[str] = (),
    brand: str | None = None,
    links: str | None = None,
    narrowing: Narrowing | None = None,
    built_at: datetime | None = None,
    renderer: Renderer | None = None,
    as_of: datetime | None = None,
) -> Report:
    """The report of the days from ``first`` to ``last``, both included; by default the last 30 stored days.

    ``timezone`` is the IANA zone the metrics were computed in, for the times of day that the page shows.
    ``failed_checks`` and ``warnings`` are sentences to list as such. ``brand`` heads the page. In ``links``, `{slug}`
    stands for a conversation; None links to none. ``narrowing`` leaves one sender, inbox or channel, by the SQL of
    ``project``. ``built_at`` (aware) defaults to now.
    ``as_of`` (aware) reports what a lake held then. ``renderer`` draws; by default one that is started for this report.

    A database without metrics, or a period without stored days, gives a page that says so.

    Raises `DatabaseUnavailable` or `DatabaseLocked` if the file cannot be read, `PeriodRefused` for days that are
    no period, `NarrowingRefused` for a sender, inbox or channel that nobody knows, and `DrawingFailed`.
    """
    moment = (built_at or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None)
    with nullcontext(renderer) if renderer else Renderer() as drawing:
        with (
            reading_as_of(database, as_of) if as_of else reading(database) as connection,
            narrowed(connection, project or NO_PROJECT, narrowing or Narrowing()) as shown,
        ):
            facts = read_facts(shown, first, last, links)
        told = facts if isinstance(facts, Facts) else None
        with ThreadPoolExecutor(1, thread_name_prefix="picture") as beside:
            picture = beside.submit(preview_png, told, drawing)
            html = render(
                facts,
                drawing,
                Head(timezone, moment, brand, narrowing.in_words if narrowing else "", failed_checks, warnings),
            )
        return Report(
            html=html,
            headline=headline(told) if told else {"days_stored": 0},
            preview_markdown=report_preview(told),
            preview_png=picture.result(),
        )


def write_report(report: Report, path: Path) -> Path:
    """Put the page at ``path``, all of it or nothing; the folder is made. Raises OSError."""
    return write_page(report.html, path)


def write_page(html: str, path: Path) -> Path:
    """The same with a page as text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(html)
        make_private(unfinished)
        unfinished.replace(path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise
    return path

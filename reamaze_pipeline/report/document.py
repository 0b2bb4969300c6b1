"""The page itself: facts and drawings handed to the template, which escapes every text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from reamaze_pipeline.report import sentences, words
from reamaze_pipeline.report.charts import figures
from reamaze_pipeline.report.charts.backlog import AGE_ROLES, backlog_chart
from reamaze_pipeline.report.charts.drawing import fitted
from reamaze_pipeline.report.charts.palette import chart_style, series_roles
from reamaze_pipeline.report.charts.renderer import AT_ONCE, Renderer, Spec
from reamaze_pipeline.report.charts.svg import inline
from reamaze_pipeline.report.glossary import DEFINITIONS
from reamaze_pipeline.report.numbers.desk.backlog import AGES
from reamaze_pipeline.report.numbers.facts import MOST_ROWS, Facts
from reamaze_pipeline.report.numbers.headline import cards
from reamaze_pipeline.report.numbers.period import Period
from reamaze_pipeline.report.numbers.speed import BUCKETS
from reamaze_pipeline.settings.typed import typed

FOLDER = Path(__file__).parent
WIDE, HALF, NARROW = 900, 430, 330
MOST_CHECKS = 20


@dataclass(frozen=True, slots=True)
class Head:
    """What the page says besides its facts. ``built_at`` is naive UTC; the checks are sentences."""

    timezone: str
    built_at: datetime
    brand: str | None
    narrowed_to: str
    failed_checks: Sequence[str]
    warnings: Sequence[str]


@dataclass(frozen=True, slots=True)
class Chart:
    """What is to be drawn for wide screens and paper, and for phones, and what it tells in words."""

    wide: Spec
    narrow: Spec
    finding: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """One chart, drawn."""

    wide: Markup
    narrow: Markup
    finding: str


def render(facts: Facts | Period | None, renderer: Renderer, head: Head) -> str:
    """The whole HTML document."""
    templates = environment(head.timezone)
    page: dict[str, Any] = {
        "style": style(),
        "timezone": head.timezone,
        "built_at": head.built_at,
        "brand": words.clean(head.brand, "", 60),
        "narrowed_to": words.clean(head.narrowed_to, ""),
        "failed_checks": [words.clean(check, longest=300) for check in head.failed_checks],
        "warnings": [words.clean(warning, longest=300) for warning in head.warnings],
        "most_checks": MOST_CHECKS,
    }
    if isinstance(facts, Facts):
        template = templates.get_template("page.html.j2")
        page |= _context(facts, renderer) | {"definitions": DEFINITIONS, "trust": _trust()}
    else:
        template = templates.get_template("nothing.html.j2")
        page |= {"period": facts}
    return template.render(page)


def environment(timezone: str) -> Environment:
    """Where the templates of pages are, and the words they may use."""
    found = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        "average": words.average,
        "breakable": _breakable,
        "clean": words.clean,
        "count": words.count,
        "duration": words.duration,
        "long_day": words.long_day,
        "share": words.share,
        "short_day": words.short_day,
        "moment": lambda instant: words.moment(instant, timezone),
    }
    found.globals |= {"several": words.several, "day_ranges": words.day_ranges, "day_range": words.day_range}
    found.globals["typed"] = typed
    return found


def style() -> Markup:
    """That of every page, inside it."""
    return Markup((FOLDER / "page.css").read_text(encoding="utf-8") + chart_style())  # noqa: S704 (our own files)


def _trust() -> Markup:
    """The page docs/trust.md as `make docs` made it, so that whoever has the report alone can read it."""
    return Markup((FOLDER / "parts/trust.html").read_text(encoding="utf-8"))  # noqa: S704 (our own file)


def _breakable(name: str) -> Markup:
    """A table's name that may go over two lines after a dot or an underscore, and nowhere else."""
    return Markup("<wbr>").join(escape(part) for part in re.findall(r"[^._]*[._]?", name) if part)


def _context(facts: Facts, renderer: Renderer) -> dict[str, Any]:
    volume = facts.volume
    return {
        "facts": facts,
        "period": facts.period,
        "cards": cards(facts),
        "lead": sentences.lead(facts),
        "attention": sentences.attention(facts),
        "drawings": _drawings(facts, renderer),
        "findings": _findings(facts),
        "series": list(zip(series_roles(len(volume.series)), volume.series, strict=True)) if volume else [],
        "buckets": _buckets(facts),
        "ages": AGES,
        "age_legend": list(zip(AGE_ROLES, (*AGES, "not known since when"), strict=True)),
        "weekdays": words.WEEKDAYS,
        "most_rows": MOST_ROWS,
    }


def _findings(facts: Facts) -> dict[str, str]:
    """One sentence for each part that has no chart."""
    desk = facts.desk
    told = {
        "waiting": facts.waiting and sentences.waiting(facts.waiting),
        "targets": desk.targets and sentences.targets(desk.targets),
        "channels": desk.channels and sentences.groups(desk.channels, "channel"),
        "inboxes": desk.inboxes and sentences.groups(desk.inboxes, "inbox"),
        "customers": desk.customers and sentences.customers(desk.customers),
    }
    return {name: said or "" for name, said in told.items()}


def _buckets(facts: Facts) -> list[tuple[str, int, int]]:
    """Name, replies and first responses of each."""
    if facts.speed is None or facts.first is None:
        return []
    return list(zip(BUCKETS, facts.speed.buckets, facts.first.buckets, strict=True))


def _drawings(facts: Facts, renderer: Renderer) -> dict[str, Drawing | None]:
    """The charts by name; None for one that has nothing to show."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="drawing") as drawing:
        drawn = {
            name: drawing.submit(_drawing, renderer, name, chart) if chart else None
            for name, chart in _charts(facts).items()
        }
    return {name: done.result() if done else None for name, done in drawn.items()}


def _drawing(renderer: Renderer, name: str, chart: Chart) -> Drawing:
    def drawn(size: str, spec: Spec) -> Markup:
        return inline(renderer.svg(fitted(spec)), f"{name}-{size}", chart.finding)

    return Drawing(drawn("wide", chart.wide), drawn("narrow", chart.narrow), chart.finding)


def _charts(facts: Facts) -> dict[str, Chart | None]:
    volume, speed, senders, hours, period = facts.volume, facts.speed, facts.senders, facts.hours, facts.period
    shown: dict[str, Chart | None] = dict.fromkeys(
        ("volume", "trend", "first", "distribution", "senders", "hours", "backlog")
    )
    if volume is not None and volume.messages:
        shown["volume"] = Chart(
            figures.volume_chart(volume, period, WIDE, 250),
            figures.volume_chart(volume, period, NARROW, 240),
            sentences.volume(volume, period),
        )
    if facts.trend and speed is not None:
        shown["trend"] = Chart(
            figures.trend_chart(facts.trend, period, WIDE, 245),
            figures.trend_chart(facts.trend, period, NARROW, 260),
            sentences.trend(facts.trend, speed, period),
        )
    if facts.first_trend and facts.first is not None:
        shown["first"] = Chart(
            figures.trend_chart(facts.first_trend, period, WIDE, 220),
            figures.trend_chart(facts.first_trend, period, NARROW, 240),
            sentences.first_trend(facts.first_trend, facts.first, period),
        )
    if pile := facts.desk.backlog:
        shown["backlog"] = Chart(
            backlog_chart(pile, WIDE, 200), backlog_chart(pile, NARROW, 200), sentences.backlog(pile)
        )
    if speed is not None and speed.turns:
        shown["distribution"] = Chart(
            figures.distribution_chart(speed, HALF, 250),
            figures.distribution_chart(speed, NARROW, 200),
            sentences.distribution(speed),
        )
    if senders and senders[0].responses:
        shown["senders"] = Chart(
            figures.senders_chart(senders, HALF), figures.senders_chart(senders, NARROW), sentences.senders(senders)
        )
    if hours is not None and hours.highest:
        shown["hours"] = Chart(
            figures.hours_chart(hours, WIDE, 230, upright=False),
            figures.hours_chart(hours, NARROW, 420, upright=True),
            sentences.hours(hours),
        )
    return shown

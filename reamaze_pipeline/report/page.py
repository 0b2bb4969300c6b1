"""The page itself: facts and drawings handed to the template, which escapes every text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from reamaze_pipeline.report import charts, findings, words
from reamaze_pipeline.report.definitions import definitions
from reamaze_pipeline.report.drawing import fitted
from reamaze_pipeline.report.facts import Facts
from reamaze_pipeline.report.headline import cards
from reamaze_pipeline.report.palette import chart_style, series_roles
from reamaze_pipeline.report.period import Period
from reamaze_pipeline.report.renderer import Renderer, Spec
from reamaze_pipeline.report.speed import BUCKETS
from reamaze_pipeline.report.svg import inline
from reamaze_pipeline.warehouse.model import Project

WIDE, HALF, NARROW = 900, 430, 330
MOST_ROWS = 100
MOST_CHECKS = 20


@dataclass(frozen=True, slots=True)
class Drawing:
    """One chart for wide screens and paper, and for phones."""

    wide: Markup
    narrow: Markup
    finding: str


def render(
    facts: Facts | Period | None,
    renderer: Renderer,
    *,
    timezone: str,
    project: Project | None,
    failed_checks: Sequence[str],
    built_at: datetime,
) -> str:
    """The whole HTML document. ``built_at`` is naive UTC."""
    folder = Path(__file__).parent
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "average": words.average,
        "clean": words.clean,
        "count": words.count,
        "duration": words.duration,
        "long_day": words.long_day,
        "share": words.share,
        "moment": lambda instant: words.moment(instant, timezone),
    }
    environment.globals |= {"several": words.several, "day_ranges": words.day_ranges, "day_range": words.day_range}
    style = Markup((folder / "page.css").read_text(encoding="utf-8") + chart_style())  # noqa: S704 (our own files)
    page: dict[str, Any] = {
        "style": style,
        "timezone": timezone,
        "built_at": built_at,
        "failed_checks": [words.clean(check, longest=200) for check in failed_checks],
        "most_checks": MOST_CHECKS,
    }
    if isinstance(facts, Facts):
        template = environment.get_template("page.html.j2")
        page |= _context(facts, renderer) | {"definitions": list(definitions(project))}
    else:
        template = environment.get_template("nothing.html.j2")
        page |= {"period": facts}
    return template.render(page)


def _context(facts: Facts, renderer: Renderer) -> dict[str, Any]:
    volume = facts.volume
    return {
        "facts": facts,
        "period": facts.period,
        "cards": cards(facts),
        "lead": findings.lead(facts.totals, facts.speed, facts.waiting),
        "drawings": _drawings(facts, renderer),
        "findings": {"waiting": facts.waiting and findings.waiting(facts.waiting)},
        "series": list(zip(series_roles(len(volume.series)), volume.series, strict=True)) if volume else [],
        "buckets": list(zip(BUCKETS, facts.speed.buckets, strict=True)) if facts.speed else [],
        "weekdays": words.WEEKDAYS,
        "most_rows": MOST_ROWS,
    }


def _drawings(facts: Facts, renderer: Renderer) -> dict[str, Drawing | None]:
    """The charts by name; None for one that has nothing to show."""
    period = facts.period
    drawn: dict[str, Drawing | None] = dict.fromkeys(("volume", "trend", "distribution", "senders", "hours"))
    if facts.volume is not None and facts.volume.messages:
        drawn["volume"] = _drawing(
            renderer,
            "volume",
            charts.volume_chart(facts.volume, period, WIDE, 250),
            charts.volume_chart(facts.volume, period, NARROW, 240),
            findings.volume(facts.volume, period),
        )
    if facts.trend and facts.speed is not None:
        drawn["trend"] = _drawing(
            renderer,
            "trend",
            charts.trend_chart(facts.trend, period, WIDE, 245),
            charts.trend_chart(facts.trend, period, NARROW, 260),
            findings.trend(facts.trend, facts.speed, period),
        )
    if facts.speed is not None and facts.speed.turns:
        drawn["distribution"] = _drawing(
            renderer,
            "distribution",
            charts.distribution_chart(facts.speed, HALF, 250),
            charts.distribution_chart(facts.speed, NARROW, 200),
            findings.distribution(facts.speed),
        )
    if facts.senders and facts.senders[0].responses:
        drawn["senders"] = _drawing(
            renderer,
            "senders",
            charts.senders_chart(facts.senders, HALF),
            charts.senders_chart(facts.senders, NARROW),
            findings.senders(facts.senders),
        )
    if facts.hours is not None and facts.hours.highest:
        drawn["hours"] = _drawing(
            renderer,
            "hours",
            charts.hours_chart(facts.hours, WIDE, 230, upright=False),
            charts.hours_chart(facts.hours, NARROW, 420, upright=True),
            findings.hours(facts.hours),
        )
    return drawn


def _drawing(renderer: Renderer, name: str, wide: Spec, narrow: Spec, finding: str) -> Drawing:
    def drawn(size: str, chart: Spec) -> Markup:
        return inline(renderer.svg(fitted(chart)), f"{name}-{size}", finding)

    return Drawing(drawn("wide", wide), drawn("narrow", narrow), finding)

"""What all charts share: their look, their size, their time axis.

A chart is a Vega-Lite specification as plain data; building the same through Altair's classes took longer than drawing
it. What draws it is in `renderer`.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from reamaze_pipeline.report.charts.palette import AXIS, GAP, GRID, INK, MUTED, PANEL
from reamaze_pipeline.report.charts.renderer import Spec
from reamaze_pipeline.report.numbers.period import Period

Record = dict[str, str | int | float | None]

_TICKS_EVERY = (1, 2, 7, 14, 28, 56, 112, 224)
FONT = "sans-serif"
_LOOK: Spec = {
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "domainColor": AXIS,
        "gridColor": GRID,
        "labelColor": MUTED,
        "labelFontSize": 12,
        "labelPadding": 6,
        "tickColor": AXIS,
        "tickSize": 4,
        "title": None,
    },
    "title": {"anchor": "start", "color": INK, "fontSize": 13, "fontWeight": 600, "offset": 10},
}


def layered(layers: list[Spec], records: list[Record], width: int, height: int) -> Spec:
    """A chart of layers over the same records, the first at the bottom."""
    return {"layer": layers, "data": {"values": records}, "width": width, "height": height}


def quantity(name: str, **channel: Any) -> Spec:
    """A channel that shows a number of the records."""
    return {"field": name, "type": "quantitative", **channel}


def ordered(name: str, **channel: Any) -> Spec:
    """A channel that shows values with an order of their own."""
    return {"field": name, "type": "ordinal", **channel}


def named(name: str, **channel: Any) -> Spec:
    """A channel that shows names."""
    return {"field": name, "type": "nominal", **channel}


def fitted(chart: Spec) -> Spec:
    """The whole specification: width and height include the labels, and what is behind the chart shows through."""
    look = {**_LOOK, "background": "transparent", "padding": 0}
    return {**chart, "autosize": {"type": "fit", "contains": "padding"}, "config": look}


def on_white(chart: Spec) -> Spec:
    """The whole specification of a picture that stands by itself."""
    return {**chart, "config": {**_LOOK, "background": "#ffffff", "padding": 16}}


def time_axis(period: Period, most_ticks: int) -> Spec:
    """Steps of the period side by side, labelled so that no more than so many labels meet; weeks on Mondays."""
    shown = _labelled(period, most_ticks)
    labels = json.dumps({step.isoformat(): period.step_label(step) for step in shown})
    axis = {
        "values": [step.isoformat() for step in shown],
        "labelExpr": f"{labels}[datum.value]",
        "labelAngle": 0,
        "labelOverlap": False,
        "labelFlush": False,
        "grid": False,
    }
    scale = {
        "domain": [step.isoformat() for step in period.steps],
        "paddingInner": 0.18 if len(period.steps) > 10 else 0.5,
        "paddingOuter": 0.1 if len(period.steps) > 10 else 0.25,
    }
    return ordered("step", axis=axis, scale=scale)


def _labelled(period: Period, most: int) -> list[date]:
    steps = period.steps
    every = next((n for n in _TICKS_EVERY if len(steps) <= n * most), len(steps))
    if period.step == "day" and every % 7 == 0:
        mondays = [n for n, step in enumerate(steps) if step.weekday() == 0]
        return steps[mondays[0] :: every]
    return steps[(every - 1) // 2 :: every] if every > 1 else steps


def gaps(period: Period, most_ticks: int) -> Spec:
    """A grey column wherever nothing is stored, so that a hole does not pass for a quiet time."""
    records: list[Record] = [
        {"step": step.isoformat(), "tip": f"{period.step_name(step)}: not stored"} for step in period.missing_steps
    ]
    return {
        "data": {"values": records},
        "mark": {"type": "rect", "color": GAP, "opacity": 0.5},
        "encoding": {"x": time_axis(period, most_ticks), "description": named("tip")},
    }


SEPARATOR = PANEL
"""A thin line of the background's colour keeps neighbouring areas apart without relying on their colours."""

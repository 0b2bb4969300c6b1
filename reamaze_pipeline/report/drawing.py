"""What all charts share: their look, their size, their time axis, and the renderer. No network, no browser."""

from __future__ import annotations

import json
from datetime import date

import altair as alt
import vl_convert

from reamaze_pipeline.report.palette import AXIS, GAP, GRID, INK, MUTED, PANEL
from reamaze_pipeline.report.period import Period

Chart = alt.LayerChart | alt.FacetChart | alt.VConcatChart
Record = dict[str, str | int | float | None]

_VERSION = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
_TICKS_EVERY = (1, 2, 7, 14, 28, 56, 112, 224)
FONT = "sans-serif"


def data(records: list[Record]) -> alt.InlineData:
    """Records as a chart's data."""
    return alt.InlineData(values=records)


def styled(chart: Chart, *, background: str = "transparent") -> Chart:
    """The common look. Without a background the page's shows through."""
    padding = 0 if background == "transparent" else 16
    styled_chart: Chart = chart.configure(
        background=background,
        font=FONT,
        padding=padding,
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            domainColor=AXIS,
            gridColor=GRID,
            labelColor=MUTED,
            labelFontSize=12,
            labelPadding=6,
            tickColor=AXIS,
            tickSize=4,
            title=None,
        ),
        title=alt.TitleConfig(anchor="start", color=INK, fontSize=13, fontWeight=600, offset=10),
    )
    return styled_chart


def svg(chart: Chart) -> str:
    """The chart as an SVG document whose width and height include the labels."""
    chart = chart.properties(autosize=alt.AutoSizeParams(type="fit", contains="padding"))
    return str(vl_convert.vegalite_to_svg(styled(chart).to_dict(validate=False), vl_version=_VERSION))


def png(chart: Chart, scale: float = 1) -> bytes:
    """The chart as a picture on white."""
    spec = styled(chart, background="#ffffff").to_dict(validate=False)
    return bytes(vl_convert.vegalite_to_png(spec, vl_version=_VERSION, scale=scale))


def time_axis(period: Period, most_ticks: int) -> alt.X:
    """Steps of the period side by side, labelled so that no more than so many labels meet; weeks on Mondays."""
    shown = _labelled(period, most_ticks)
    labels = json.dumps({step.isoformat(): period.step_label(step) for step in shown})
    axis = alt.Axis(
        values=[step.isoformat() for step in shown],
        labelExpr=f"{labels}[datum.value]",
        labelAngle=0,
        labelOverlap=False,
        labelFlush=False,
        grid=False,
    )
    return alt.X(
        "step:O",
        axis=axis,
        scale=alt.Scale(
            domain=[step.isoformat() for step in period.steps],
            paddingInner=0.18 if len(period.steps) > 10 else 0.5,
            paddingOuter=0.1 if len(period.steps) > 10 else 0.25,
        ),
    )


def _labelled(period: Period, most: int) -> list[date]:
    steps = period.steps
    every = next((n for n in _TICKS_EVERY if len(steps) <= n * most), len(steps))
    if period.step == "day" and every % 7 == 0:
        mondays = [n for n, step in enumerate(steps) if step.weekday() == 0]
        return steps[mondays[0] :: every]
    return steps[(every - 1) // 2 :: every] if every > 1 else steps


def gaps(period: Period, most_ticks: int) -> alt.Chart:
    """A grey column wherever nothing is stored, so that a hole does not pass for a quiet time."""
    missing = period.missing_steps
    records: list[Record] = [
        {"step": step.isoformat(), "tip": f"{period.step_name(step)}: not stored"} for step in missing
    ]
    columns: alt.Chart = (
        alt.Chart(data(records))
        .mark_rect(color=GAP, opacity=0.5)
        .encode(x=time_axis(period, most_ticks), description="tip:N")
    )
    return columns


SEPARATOR = PANEL
"""A thin line of the background's colour keeps neighbouring areas apart without relying on their colours."""

"""A small picture of the period for places that show no HTML, such as the Dagster UI."""

from __future__ import annotations

from reamaze_pipeline.report.charts.drawing import on_white
from reamaze_pipeline.report.charts.figures import trend_chart, volume_chart
from reamaze_pipeline.report.charts.renderer import Renderer, Spec
from reamaze_pipeline.report.numbers.facts import Facts
from reamaze_pipeline.report.sentences import distribution
from reamaze_pipeline.report.words import several

_WIDTH = 620


def preview_png(facts: Facts | None, renderer: Renderer) -> bytes:
    """Volume above response times, on white; a line of text if there is nothing to draw."""
    parts: list[Spec] = []
    if facts is not None and facts.volume is not None and facts.volume.messages:
        chart = volume_chart(facts.volume, facts.period, _WIDTH, 130, legend=True)
        parts.append(chart | {"title": f"{several(facts.volume.messages, 'message')} by origin, {facts.period}"})
    if facts is not None and facts.trend and facts.speed is not None:
        chart = trend_chart(facts.trend, facts.period, _WIDTH, 150)
        parts.append(chart | {"title": f"Median and 90th percentile (dashed). {distribution(facts.speed)}"})
    if not parts:
        nothing = {"type": "text", "text": "No messages are stored in this period.", "fontSize": 14}
        parts.append({"data": {"values": [{}]}, "mark": nothing, "width": _WIDTH, "height": 60})
    return renderer.png(on_white({"vconcat": parts, "spacing": 24}))

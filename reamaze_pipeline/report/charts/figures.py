"""The charts of the report, each in a wide form for desks and paper and a narrow one for phones."""

from __future__ import annotations

import json

from reamaze_pipeline.report.charts.drawing import (
    SEPARATOR,
    Record,
    gaps,
    layered,
    named,
    ordered,
    quantity,
    time_axis,
)
from reamaze_pipeline.report.charts.palette import GAP, INK, MUTED, P90, REST, SERIES
from reamaze_pipeline.report.charts.renderer import Spec
from reamaze_pipeline.report.numbers.hours import Hours
from reamaze_pipeline.report.numbers.period import Period
from reamaze_pipeline.report.numbers.senders import Sender
from reamaze_pipeline.report.numbers.speed import BUCKETS, Speed, TrendPoint
from reamaze_pipeline.report.numbers.volume import Volume
from reamaze_pipeline.report.words import (
    DAY,
    HOUR,
    MINUTE,
    WEEK,
    WEEKDAYS,
    average,
    count,
    duration,
    several,
    share,
)

SENDERS_DRAWN = 12
_TIME_TICKS = (
    1,
    10,
    MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    HOUR,
    4 * HOUR,
    8 * HOUR,
    DAY,
    3 * DAY,
    WEEK,
    30 * DAY,
    365 * DAY,
)
_TIME_LABELS = (
    "1 s",
    "10 s",
    "1 min",
    "5 min",
    "15 min",
    "1 h",
    "4 h",
    "8 h",
    "1 day",
    "3 days",
    "1 week",
    "30 days",
    "1 year",
)


def volume_chart(volume: Volume, period: Period, width: int, height: int, *, legend: bool = False) -> Spec:
    """Messages per step, stacked by origin; the page has a legend of its own."""
    names = [f"s{n}" for n in range(len(volume.series))]
    colours = [*SERIES, REST][: len(names)]
    records: list[Record] = [
        {
            "step": step.isoformat(),
            "series": name,
            "place": n,
            "messages": counts[n],
            "tip": f"{period.step_name(step)} · {origin.name}: {several(counts[n], 'message')} of {count(sum(counts))}",
        }
        for step, counts in volume.steps.items()
        for n, (name, origin) in enumerate(zip(names, volume.series, strict=True))
        if counts[n]
    ]
    labels = json.dumps({name: origin.name for name, origin in zip(names, volume.series, strict=True)})
    shown = {"title": None, "orient": "bottom", "symbolType": "square", "labelExpr": f"{labels}[datum.value]"}
    axis = {"tickCount": 4, "domain": False, "ticks": False, "format": ",d", "tickMinStep": 1}
    scale = {"domain": names, "range": colours}
    bars = {
        "mark": {"type": "bar", "stroke": SEPARATOR, "strokeWidth": 0.8},
        "encoding": {
            "x": time_axis(period, width // 78),
            "y": quantity("messages", axis=axis),
            "color": named("series", scale=scale, legend=shown if legend else None),
            "order": quantity("place"),
            "description": named("tip"),
        },
    }
    return layered([gaps(period, width // 78), bars], records, width, height)


def trend_chart(points: tuple[TrendPoint, ...], period: Period, width: int, height: int) -> Spec:
    """Median and 90th percentile per step, on a logarithmic scale; lines break where there is nothing to tell."""
    records: list[Record] = []
    run, steps = 0, period.steps
    place = {step: n for n, step in enumerate(steps)}
    for n, point in enumerate(points):
        run += bool(n) and place[point.step] != place[points[n - 1].step] + 1
        told = f"{period.step_name(point.step)} · median {duration(point.median)}, 9 in 10 within {duration(point.p90)}"
        records.append(
            {
                "step": point.step.isoformat(),
                "run": run,
                "median": max(point.median, 1),
                "p90": max(point.p90, 1),
                "tip": f"{told} ({several(point.turns, 'reply', 'replies')})",
            }
        )
    low = min((max(point.median, 1) for point in points), default=MINUTE)
    high = max((max(point.p90, 1) for point in points), default=DAY)
    ticks = [
        tick
        for n, tick in enumerate(_TIME_TICKS)
        if (n + 1 == len(_TIME_TICKS) or _TIME_TICKS[n + 1] > low) and (n == 0 or _TIME_TICKS[n - 1] < high)
    ]
    labels = ":".join(f"datum.value=={tick}?'{_TIME_LABELS[_TIME_TICKS.index(tick)]}'" for tick in ticks) + ":''"
    scale = {"type": "log", "domain": [ticks[0], max(ticks[-1], high)], "nice": False}
    axis = {"values": ticks, "labelExpr": labels, "domain": False, "ticks": False}
    median, p90 = quantity("median", scale=scale, axis=axis), quantity("p90", scale=scale, axis=axis)
    base = {"x": time_axis(period, width // 78), "detail": ordered("run")}
    dots = {"type": "point", "filled": True, "size": 34 if len(steps) <= 45 else 12, "opacity": 1}
    layers = [
        gaps(period, width // 78),
        {
            "mark": {"type": "area", "color": SERIES[0], "opacity": 0.12, "aria": False},
            "encoding": {**base, "y": median, "y2": {"field": "p90"}},
        },
        {
            "mark": {"type": "line", "color": P90, "strokeWidth": 1.8, "strokeDash": [5, 3], "aria": False},
            "encoding": {**base, "y": p90},
        },
        {
            "mark": {"type": "line", "color": SERIES[0], "strokeWidth": 2.4, "aria": False},
            "encoding": {**base, "y": median},
        },
        {
            "mark": {**dots, "shape": "diamond", "color": P90},
            "encoding": {**base, "y": p90, "description": named("tip")},
        },
        {
            "mark": {**dots, "shape": "circle", "color": SERIES[0]},
            "encoding": {**base, "y": median, "description": named("tip")},
        },
    ]
    return layered(layers, records, width, height)


def distribution_chart(speed: Speed, width: int, height: int) -> Spec:
    """Closed turns by how long they took."""
    records: list[Record] = [
        {
            "bucket": bucket,
            "turns": number,
            "shown": f"{share(number / speed.turns if speed.turns else 0)}  ({count(number)})",
            "tip": f"{bucket}: {several(number, 'reply', 'replies')}",
        }
        for bucket, number in zip(BUCKETS, speed.buckets, strict=True)
    ]
    return _bars(records, "bucket", "turns", list(BUCKETS), width=width, height=height, room=1.5)


def senders_chart(senders: tuple[Sender, ...], width: int) -> Spec:
    """Responses of those who sent the most."""
    drawn = [sender for sender in senders if sender.responses][:SENDERS_DRAWN]
    records: list[Record] = [
        {
            "sender": str(n),
            "responses": sender.responses,
            "shown": count(sender.responses),
            "tip": f"{sender.label}: {several(sender.responses, 'response')}",
        }
        for n, sender in enumerate(drawn)
    ]
    order = [str(n) for n in range(len(drawn))]
    labels = {str(n): sender.label for n, sender in enumerate(drawn)}
    return _bars(
        records, "sender", "responses", order, width=width, height=34 * max(1, len(drawn)), room=1.18, labels=labels
    )


def hours_chart(hours: Hours, width: int, height: int, *, upright: bool) -> Spec:
    """Weekdays by hours; upright, the hours run downwards."""
    records: list[Record] = [
        {
            "weekday": weekday,
            "hour": hour,
            "per_week": value,
            "tip": f"{WEEKDAYS[weekday - 1]} {hour:02}:00–{(hour + 1) % 24:02}:00: "
            + ("not stored" if value is None else f"{average(value)} messages a week"),
        }
        for (weekday, hour), value in hours.per_week.items()
    ]
    days = "[" + ",".join(f"'{name[:3]}'" for name in WEEKDAYS) + "][datum.value-1]"
    clock = "(datum.value<10?'0':'')+datum.value+':00'"
    bare = {"domain": False, "ticks": False, "grid": False, "labelAngle": 0}
    plain: Spec = {**bare, "labelExpr": days, **({"orient": "top"} if upright else {})}
    timed: Spec = {**bare, "labelExpr": clock, "values": list(range(0, 24, 3))}
    tight = {"paddingInner": 0.06, "paddingOuter": 0}
    weekday, hour = ordered("weekday", axis=plain, scale=tight), ordered("hour", axis=timed, scale=tight)
    across, down = (weekday, hour) if upright else (hour, weekday)
    base = {"x": across, "y": down, "description": named("tip")}
    strength = quantity("per_week", scale={"domain": [0, hours.highest or 1], "range": [0.05, 1]}, legend=None)
    unknown = {
        "transform": [{"filter": "!isValid(datum.per_week)"}],
        "mark": {"type": "rect", "color": GAP, "opacity": 0.5, "cornerRadius": 2},
        "encoding": base,
    }
    known = {
        "transform": [{"filter": "isValid(datum.per_week)"}],
        "mark": {"type": "rect", "color": SERIES[0], "cornerRadius": 2},
        "encoding": {**base, "fillOpacity": strength},
    }
    return layered([unknown, known], records, width, height)


def _bars(
    records: list[Record],
    category: str,
    value: str,
    order: list[str],
    *,
    width: int,
    height: int,
    room: float,
    labels: dict[str, str] | None = None,
) -> Spec:
    """Horizontal bars with their numbers at the end; ``room`` is the axis' length in longest bars."""
    longest = max((float(record[value] or 0) for record in records), default=0) or 1
    expression = f"{json.dumps(labels)}[datum.value]" if labels is not None else "datum.value"
    axis = {
        "domain": False,
        "ticks": False,
        "grid": False,
        "labelColor": INK,
        "labelLimit": min(220, int(width * 0.42)),
        "labelExpr": expression,
    }
    base = {
        "y": named(category, sort=order, axis=axis, scale={"paddingInner": 0.38, "paddingOuter": 0.1}),
        "x": quantity(value, axis=None, scale={"domain": [0, longest * room], "nice": False}),
    }
    bars = {
        "mark": {"type": "bar", "color": SERIES[0], "cornerRadiusEnd": 3},
        "encoding": {**base, "description": named("tip")},
    }
    numbers = {
        "mark": {"type": "text", "align": "left", "dx": 6, "fontSize": 12, "color": MUTED, "aria": False},
        "encoding": {**base, "text": named("shown")},
    }
    return layered([bars, numbers], records, width, height)

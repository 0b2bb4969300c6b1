"""The charts of the report, each in a wide form for desks and paper and a narrow one for phones."""

from __future__ import annotations

import json

import altair as alt

from reamaze_pipeline.report.drawing import SEPARATOR, Chart, Record, data, gaps, time_axis
from reamaze_pipeline.report.hours import Hours
from reamaze_pipeline.report.palette import GAP, INK, MUTED, P90, REST, SERIES
from reamaze_pipeline.report.period import Period
from reamaze_pipeline.report.senders import Sender
from reamaze_pipeline.report.speed import BUCKETS, Speed, TrendPoint
from reamaze_pipeline.report.volume import Volume
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


def volume_chart(volume: Volume, period: Period, width: int, height: int, *, legend: bool = False) -> Chart:
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
    shown = alt.Legend(title=None, orient="bottom", symbolType="square", labelExpr=f"{labels}[datum.value]")
    bars = (
        alt.Chart()
        .mark_bar(stroke=SEPARATOR, strokeWidth=0.8)
        .encode(
            x=time_axis(period, width // 78),
            y=alt.Y("messages:Q", axis=alt.Axis(tickCount=4, domain=False, ticks=False, format=",d", tickMinStep=1)),
            color=alt.Color("series:N", scale=alt.Scale(domain=names, range=colours), legend=shown if legend else None),
            order=alt.Order("place:Q"),
            description="tip:N",
        )
    )
    return alt.layer(gaps(period, width // 78), bars, data=data(records), width=width, height=height)


def trend_chart(points: tuple[TrendPoint, ...], period: Period, width: int, height: int) -> Chart:
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
    x = time_axis(period, width // 78)
    low = min((max(point.median, 1) for point in points), default=MINUTE)
    high = max((max(point.p90, 1) for point in points), default=DAY)
    ticks = [
        tick
        for n, tick in enumerate(_TIME_TICKS)
        if (n + 1 == len(_TIME_TICKS) or _TIME_TICKS[n + 1] > low) and (n == 0 or _TIME_TICKS[n - 1] < high)
    ]
    labels = ":".join(f"datum.value=={tick}?'{_TIME_LABELS[_TIME_TICKS.index(tick)]}'" for tick in ticks) + ":''"
    scale = alt.Scale(type="log", domain=[ticks[0], max(ticks[-1], high)], nice=False)
    axis = alt.Axis(values=ticks, labelExpr=labels, domain=False, ticks=False)
    median, p90 = alt.Y("median:Q", scale=scale, axis=axis), alt.Y("p90:Q", scale=scale, axis=axis)
    size = 34 if len(steps) <= 45 else 12
    base = alt.Chart().encode(x=x, detail="run:O")
    layers = [
        gaps(period, width // 78),
        base.mark_area(color=SERIES[0], opacity=0.12, aria=False).encode(y=median, y2="p90:Q"),
        base.mark_line(color=P90, strokeWidth=1.8, strokeDash=[5, 3], aria=False).encode(y=p90),
        base.mark_line(color=SERIES[0], strokeWidth=2.4, aria=False).encode(y=median),
        base.mark_point(shape="diamond", filled=True, color=P90, size=size, opacity=1).encode(
            y=p90, description="tip:N"
        ),
        base.mark_point(shape="circle", filled=True, color=SERIES[0], size=size, opacity=1).encode(
            y=median, description="tip:N"
        ),
    ]
    return alt.layer(*layers, data=data(records), width=width, height=height)


def distribution_chart(speed: Speed, width: int, height: int) -> Chart:
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


def senders_chart(senders: tuple[Sender, ...], width: int) -> Chart:
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


def hours_chart(hours: Hours, width: int, height: int, *, upright: bool) -> Chart:
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
    plain = alt.Axis(domain=False, ticks=False, grid=False, labelAngle=0, labelExpr=days)
    timed = alt.Axis(domain=False, ticks=False, grid=False, labelAngle=0, labelExpr=clock, values=list(range(0, 24, 3)))
    if upright:
        plain["orient"] = "top"
    tight = alt.Scale(paddingInner=0.06, paddingOuter=0)
    across, down = ("weekday:O", "hour:O") if upright else ("hour:O", "weekday:O")
    x = alt.X(across, axis=plain if upright else timed, scale=tight)
    y = alt.Y(down, axis=timed if upright else plain, scale=tight)
    base = alt.Chart().encode(x=x, y=y, description="tip:N")
    known = base.transform_filter("isValid(datum.per_week)").mark_rect(color=SERIES[0], cornerRadius=2)
    filled = known.encode(
        fillOpacity=alt.FillOpacity(
            "per_week:Q", scale=alt.Scale(domain=[0, hours.highest or 1], range=[0.05, 1]), legend=None
        )
    )
    unknown = base.transform_filter("!isValid(datum.per_week)").mark_rect(color=GAP, opacity=0.5, cornerRadius=2)
    return alt.layer(unknown, filled, data=data(records), width=width, height=height)


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
) -> Chart:
    """Horizontal bars with their numbers at the end; ``room`` is the axis' length in longest bars."""
    longest = max((float(record[value] or 0) for record in records), default=0) or 1
    expression = f"{json.dumps(labels)}[datum.value]" if labels is not None else "datum.value"
    axis = alt.Axis(
        domain=False,
        ticks=False,
        grid=False,
        labelColor=INK,
        labelLimit=min(220, int(width * 0.42)),
        labelExpr=expression,
    )
    base = alt.Chart().encode(
        y=alt.Y(f"{category}:N", sort=order, axis=axis, scale=alt.Scale(paddingInner=0.38, paddingOuter=0.1)),
        x=alt.X(f"{value}:Q", axis=None, scale=alt.Scale(domain=[0, longest * room], nice=False)),
    )
    bars = base.mark_bar(color=SERIES[0], cornerRadiusEnd=3).encode(description="tip:N")
    numbers = base.mark_text(align="left", dx=6, fontSize=12, color=MUTED, aria=False).encode(text="shown:N")
    return alt.layer(bars, numbers, data=data(records), width=width, height=height)

"""The pile over time: what waited when each day ended, stacked by age, the youngest at the bottom."""

from __future__ import annotations

import json

from reamaze_pipeline.report.charts.drawing import SEPARATOR, Record, layered, named, ordered, quantity
from reamaze_pipeline.report.charts.palette import GAP, P90, REST, SERIES
from reamaze_pipeline.report.charts.renderer import Spec
from reamaze_pipeline.report.numbers.desk.backlog import AGES, BacklogDay
from reamaze_pipeline.report.words import count, long_day, short_day

AGE_ROLES = ("series-5", "series-1", "p90", "series-rest", "gap")
"""The colours of the ages, of those whose age is unknown last; the same as the legend's."""
_COLOURS = (SERIES[4], SERIES[0], P90, REST, GAP)


def backlog_chart(days: tuple[BacklogDay, ...], width: int, height: int) -> Spec:
    """One bar for each day that is shown."""
    names = (*AGES, "unknown")
    records: list[Record] = [
        {
            "day": day.day.isoformat(),
            "age": name,
            "place": place,
            "waiting": number,
            "tip": f"{long_day(day.day)} · {count(number)} {name}, of {count(day.waiting)}",
        }
        for day in days
        for place, (name, number) in enumerate(zip(names, (*day.ages, day.unknown_age), strict=True))
        if number
    ]
    every = -(-len(days) // max(1, width // 78))
    shown = [day.day for day in days][::-1][::every]
    labels = json.dumps({day.isoformat(): short_day(day) for day in shown})
    axis = {
        "values": [day.isoformat() for day in shown],
        "labelExpr": f"{labels}[datum.value]",
        "labelAngle": 0,
        "grid": False,
    }
    bars = {
        "mark": {"type": "bar", "stroke": SEPARATOR, "strokeWidth": 0.8},
        "encoding": {
            "x": ordered("day", axis=axis, scale={"domain": [day.day.isoformat() for day in days]}),
            "y": quantity("waiting", axis={"tickCount": 4, "domain": False, "ticks": False, "tickMinStep": 1}),
            "color": named("age", scale={"domain": list(names), "range": list(_COLOURS)}, legend=None),
            "order": quantity("place"),
            "description": named("tip"),
        },
    }
    return layered([bars], records, width, height)

"""A rising curve through up to four points: cubic Hermite, with slopes that keep it monotone (Fritsch and Butland).

Where a history grows or shrinks, it passes nearer to the truth than a straight line does.
"""

from __future__ import annotations

from typing import NamedTuple


class Point(NamedTuple):
    """`y` rises with `x`."""

    x: float
    y: float


def share_between(x: float, start: Point, stop: Point, before: Point | None, behind: Point | None) -> float:
    """How far `x` is on the way from `start.y` to `stop.y`, 0 to 1, `start.x < x <= stop.x`.

    `before` and `behind` are the neighbours further out; without either, the curve is a straight line.
    """
    length, rise = stop.x - start.x, stop.y - start.y
    part = (x - start.x) / length
    at_start = _slope(before, start, stop, behind) * length / rise
    at_stop = (
        _slope(_turned(behind), Point(-stop.x, -stop.y), Point(-start.x, -start.y), _turned(before)) * length / rise
    )
    square, cube = part * part, part * part * part
    return (cube - 2 * square + part) * at_start + (3 * square - 2 * cube) + (cube - square) * at_stop


def _slope(before: Point | None, start: Point, stop: Point, behind: Point | None) -> float:
    """The slope at `start`."""
    length = stop.x - start.x
    secant = (stop.y - start.y) / length
    if before is not None and before.x < start.x:
        other = start.x - before.x
        pace = (start.y - before.y) / other
        weight, weight_before = 2 * other + length, other + 2 * length
        return (weight + weight_before) / (weight / secant + weight_before / pace) if pace > 0 else 0.0
    if behind is not None and behind.x > stop.x:
        other = behind.x - stop.x
        pace = (behind.y - stop.y) / other
        return min(max(((2 * length + other) * secant - length * pace) / (length + other), 0.0), 3 * secant)
    return secant


def _turned(point: Point | None) -> Point | None:
    """The point as seen from the other end."""
    return None if point is None else Point(-point.x, -point.y)

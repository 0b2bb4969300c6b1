"""A question to the list and its answer: which rows, newest first, cut by dates in logarithmic time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class ViewKey:
    """Which rows are asked for; None is no condition. `audience` is all, staff or customer."""

    audience: str = "all"
    slug: str | None = None
    sent_by: str | None = None
    origin: int | None = None
    category: str | None = None
    tag: str | None = None


@dataclass(frozen=True)
class View:
    """Row numbers newest first, and their instants negated (ascending, for bisection)."""

    rows: npt.NDArray[np.int32]
    ages: npt.NDArray[np.int64]

    def between(self, start: int | None, end: int | None, *, start_inclusive: bool, end_inclusive: bool) -> View:
        """The part of the view between two instants in microseconds UTC."""
        first, last = 0, len(self.rows)
        if end is not None:
            first = int(np.searchsorted(self.ages, -end, side="left" if end_inclusive else "right"))
        if start is not None:
            last = int(np.searchsorted(self.ages, -start, side="right" if start_inclusive else "left"))
        return View(self.rows[first:last], self.ages[first:last])

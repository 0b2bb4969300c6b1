"""Where in a list a moment lies: interpolation over (place, created_at), guarded by bisection.

The answer is where to begin, never a proof: the chain checks it. At most `1 + ceil(log2 pages)` pages are asked
for, however time is spread over the places; on ordinary histories about five.
"""

from __future__ import annotations

from math import ceil, log2, sqrt

from reamaze_pipeline.api.view import View

# Found by simulating histories with day and week rhythm, growth and gaps; they decide speed, never truth.
_SPREAD = 0.5
"""Standard deviation of a guess, in units of sqrt(page_size * rows * share * (1 - share))."""
_OVERSHOOT = 1.3
"""How far beyond a guess from the newest rows alone to look."""
_FAR = 0.04
"""The share of the list beyond which such a guess is worth less than a look at the oldest page."""
_REACH = 4
"""How many times the pages behind such a guess it may reach beyond them all the same."""
_SPARE = 1
"""Probes above what bisection needs: what interpolation may lose."""


def find_edge(view: View) -> int:
    """The page from which to read rows older than `view.end`: it begins at or after that moment, or is page 1.

    Starts from `view.latest`, any page of the list. Pages that will be read anyway are kept in the view.
    """
    page = view.latest if view.latest is not None else view.fetch(1)
    low, high = 0, view.page_count + 1  # wholly at or after the moment; beginning before it
    left = ceil(log2(max(1, view.page_count))) + _SPARE
    while True:
        newest, oldest = page.newest, page.oldest
        view.keep(page)
        if oldest is not None and oldest >= view.end:
            low = max(low, page.number)
        elif page.number > 1 and (newest is None or newest < view.end):
            high = min(high, page.number)
        else:
            low = page.number
            break
        high = min(high, view.page_count + 1)
        if high - low <= 1 or left <= 0:
            low = max(low, 1)
            break
        reach = 2 ** (left - 1) - 1
        number = _guess(view, low)
        number = min(max(number, high - 1 - reach, low + 1), low + 1 + reach, high - 1)
        left -= 1
        page = view.fetch(number)
    view.forget_before(low)
    return low


def _guess(view: View, low: int) -> int:
    """The page on which the edge probably is, moved to where it is caught between two pages soonest."""
    size, total = view.run.page_size or 1, view.total
    newer, older = view.atlas.newer(view.end), view.atlas.older(view.end)
    rows = view.atlas.rows_before(view.end, total)
    if rows is None:
        return view.page_count
    offset = total - rows
    if newer is None:
        return offset // size + 1
    ahead = offset - (total - newer[1])
    if older is None:
        number = low + 1 + int(ahead * _OVERSHOOT) // size
        return number if number <= max(view.page_count * _FAR, _REACH * low) else view.page_count
    span = newer[1] - older[1]
    behind = span - ahead
    spread = _SPREAD * sqrt(max(0, ahead * behind / span) * size)
    shift = min(spread, size / 2)  # a page too far is a page of the window, and not lost
    if ahead < behind and behind > 2.5 * spread:
        shift += min(spread, behind / 2)
    elif behind < ahead and ahead > 2.5 * spread:
        shift -= min(spread, ahead / 2)
    return int((offset + shift) // size) + 1

"""Where in a list a moment lies: interpolation over (place, created_at), guarded by bisection.

The answer is where to begin, never a proof: the chain checks it. However time is spread over the places, at most
`2 + ceil(log2 pages)` pages are asked for that hold no wanted row; on ordinary histories three or four.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, log2

from reamaze_pipeline.crawl.reading.listing import Listing

# Found by simulating histories with day and week rhythm, growth and gaps; they decide speed, never truth.
_OVERSHOOT = 1.3
"""How far beyond a guess from the newest rows alone to look."""
_FAR = 0.04
"""The share of the list beyond which such a guess is worth less than a look at the middle."""
_REACH = 4
"""How many times the pages behind such a guess it may reach beyond them all the same."""
_BEYOND = 0.75
"""How far into what is unknown to look at most, where a guess goes beyond the oldest page seen."""
_LOPSIDED = 2.5
"""Spreads on the far side of a guess from which on it is worth while to catch the edge from there."""
_WARY = 0.6
"""Halvings to spare, should the edge be on the far side, below which it is made sure that it is not."""
_SURE = 2.5
"""Spreads that make it sure enough."""
_SPARE = 1
"""Probes above what bisection needs: what interpolation may lose."""


def find_edge(listing: Listing, meanwhile: Callable[[int, bool], int] = lambda _number, _risk: 0) -> int:
    """The page from which to read rows older than `listing.end`: it begins at or after that moment, or is page 1.

    Starts from `listing.latest`, any page of the list. Pages that will be read anyway are kept in the listing. While an
    answer is awaited and a page of the window is known, `meanwhile` is called with its number, and whether it may
    ask for one page that may turn out useless; it returns how many such it asked for.
    """
    page = listing.latest if listing.latest is not None else listing.fetch(1)
    low, high = 0, listing.page_count + 1  # wholly at or after the moment; beginning before it
    left = ceil(log2(max(1, listing.page_count))) + _SPARE
    met = False  # pages of the window are no loss, but for one, which the page behind the window may cost
    while True:
        newest, oldest = page.newest, page.oldest
        listing.keep(page)
        if oldest is not None and oldest >= listing.end:
            low = max(low, page.number)
        elif page.number > 1 and (newest is None or newest < listing.end):
            high = min(high, page.number)
        else:
            low = page.number
            break
        high = min(high, listing.page_count + 1)
        if high - low <= 1 or left <= 0:
            low = max(low, 1)
            break
        reach = 2 ** (left - 1) - 1
        number = _guess(listing, low, high, left, met=met)
        number = min(max(number, high - 1 - reach, low + 1), low + 1 + reach, high - 1)
        listing.ahead(number, urgent=True)
        if met:
            left -= meanwhile(high, high - low <= 2 ** (left - 2))
        page, _ = listing.take(number)
        inside = page.newest is not None and listing.start <= page.newest < listing.end
        left -= not (inside and met)
        met = met or inside
    listing.forget_before(low)
    return low


def _guess(listing: Listing, low: int, high: int, left: int, *, met: bool) -> int:
    """The page on which the edge probably is, moved to where it is caught between two pages soonest."""
    size, total = listing.session.page_size or 1, listing.total
    newer, older = listing.density.newer(listing.end), listing.density.older(listing.end)
    guess = listing.density.estimate(listing.end, total)
    if guess is None:
        return (low + high) // 2
    offset, spread = total - guess.rows, guess.spread
    if newer is None:
        return int(offset // size) + 1
    ahead = offset - (total - newer[1])
    if older is None:
        if low <= 1:  # page 1 alone, or nothing at all
            number = low + 1 + int(ahead * _OVERSHOOT / size)
            return number if number <= max(listing.page_count * _FAR, _REACH * low) else listing.page_count // 2
        return min(int((offset + spread / 2) // size) + 1, low + max(1, int((high - low) * _BEYOND)))
    behind = (total - older[1]) - offset
    start = listing.density.estimate(listing.start, total)
    depth = guess.rows - start.rows if start is not None else 0.0
    # A page too far is a page of the window, and not lost.
    shift = max(min(spread, size / 2), min(spread, depth / 2))
    deep = depth > 2 * spread
    if ahead < behind and behind > _LOPSIDED * spread:
        sure = left - 1 - log2(max(1.0, high - 1 - offset / size)) < _WARY
        shift += min(_SURE * spread if sure else spread, behind / 2)
    elif behind < ahead and ahead > _LOPSIDED * spread:
        if left - 1 + (deep and met) - log2(max(1.0, offset / size + 1 - low)) < _WARY:
            shift = -min(_SURE * spread, ahead / 2)
        elif not deep:
            shift -= min(spread, ahead / 2)
    return int((offset + shift) // size) + 1

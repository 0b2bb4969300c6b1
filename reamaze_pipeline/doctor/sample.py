"""A few pages of the main list: its front, its middle, its end, one beyond that, and its front once more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from reamaze_pipeline.api.page import Page, Row
from reamaze_pipeline.doctor.probe import Probe
from reamaze_pipeline.doctor.reading import Look


@dataclass(slots=True)
class Sample:
    """What was seen of the main list, in the order of asking; `beyond` is of a page behind its end."""

    looks: list[Look] = field(default_factory=list)
    beyond: Look | None = None

    @property
    def pages(self) -> list[Page]:
        """The answers that are pages."""
        return [look.page for look in self.looks if look.page is not None]

    def rows_like(self, probe: Probe, fits: Callable[[Any], bool]) -> list[Row]:
        """The rows whose messages fit; where the list moves, those of one page as it is now."""
        if not probe.moved:
            return [row for row, message in self.rows if fits(message)]
        looks = [look for look in self.looks if look.page is not None]
        best = max(looks, key=lambda look: sum(map(fits, look.messages)))
        now = probe.ask(number=best.question.number)
        rows = now.page.rows if now.page is not None else ()
        return [row for row, message in zip(rows, now.messages, strict=True) if fits(message)]

    @property
    def rows(self) -> Iterator[tuple[Row, Any]]:
        """Each row with its message; of a page that was looked at twice, once."""
        for look in {look.question.number: look for look in self.looks}.values():
            if look.page is not None:
                yield from zip(look.page.rows, look.messages, strict=True)

    @property
    def twins(self) -> int:
        """Rows that are just like another; a list that moves shows rows twice, so there only those of one page."""
        pages = list({page.number: page for page in self.pages}.values())
        together = [pages] if len({page.total_count for page in pages}) == 1 else [[page] for page in pages]
        kinds = (Counter(row.identity for page in group for row in page.rows) for group in together)
        return sum(kind.total() - len(kind) for kind in kinds)

    @property
    def middle(self) -> Page | None:
        """The page with the most instants, one from the middle if there is a choice: nothing comes in front of it."""
        count = max((page.page_count for page in self.pages), default=0)

        def worth(page: Page) -> tuple[int, bool, int]:
            instants = {row.created_at for row in page.rows if row.created_at is not None}
            return min(len(instants), 4), page.number > 1, -abs(2 * page.number - count)

        return max(self.pages, key=worth, default=None)


def take_sample(probe: Probe) -> Sample:
    """At most ten requests. Raises `AllowanceSpent` and the `ReamazeError` that tells why no answer comes."""
    sample = Sample()

    def ask(number: int) -> Page | None:
        look = probe.ask(number=number)
        sample.looks.append(look)
        return look.page

    first = ask(1)
    if first is None or not first.rows:
        return sample
    count = first.page_count
    middle = count // 2
    for number in sorted({2, 3, middle, middle + 1, count - 1, count}):
        if 1 < number <= count:
            latest = ask(number)
    if count > 1 and latest is not None and latest.page_count != count:
        ask(latest.page_count)  # it moved, so the end was another page
    sample.beyond = probe.ask(number=max(page.page_count for page in sample.pages) + 2)
    ask(1)
    return sample

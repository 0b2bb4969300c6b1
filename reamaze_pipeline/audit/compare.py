"""Which days differ: by counts, the whole range first and then the halves that differ; or read anew in full."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from reamaze_pipeline.api.client import ReamazeClient
from reamaze_pipeline.api.message_list import MessageList
from reamaze_pipeline.api.page import Audience
from reamaze_pipeline.audit.api_counts import ApiCounts, api_counts
from reamaze_pipeline.audit.findings import Audit, DayDifference, Kind
from reamaze_pipeline.audit.held import Held
from reamaze_pipeline.audit.reread import reread
from reamaze_pipeline.crawl.window import Window
from reamaze_pipeline.models.model import Project


@dataclass(frozen=True)
class Auditor:
    """Compares the days of `windows` (adjacent, oldest first, each with its day as key) with what `held` holds."""

    client: ReamazeClient
    project: Project
    held: Held
    windows: Sequence[Window]

    def counts(self) -> Audit:
        """Counts alone. Where dates are honoured, at most 4 + 2 k ⌈log₂ days⌉ requests for k days that differ.

        Differences that cancel each other out within a range are not seen: neither is a day whose count agrees.
        """
        return self._audit("counts", lambda: self._counted("all"))

    def sides(self) -> Audit:
        """The same for the staff's and the customers' lists, against `is_staff`."""
        return self._audit("sides", lambda: [*self._counted("staff"), *self._counted("customer")])

    def rows(self, wanted: MessageList | None = None) -> Audit:
        """Every message of the days, or of one list of them, by identity; costs the list's pages."""
        of = wanted or MessageList()
        kind: Kind = "conversation" if of.conversation else "sent_by" if of.sent_by else "days"
        return self._audit(kind, lambda: reread(self.client, self.project, self.held, self.windows, of))

    def _audit(self, kind: Kind, find: Callable[[], Iterable[DayDifference]]) -> Audit:
        asked = self.client.traffic.requests
        different = tuple(sorted(find(), key=lambda difference: (difference.day, difference.audience)))
        days = self._days()
        return Audit(kind, days[0], days[-1], self.client.traffic.requests - asked, different)

    def _days(self) -> list[date]:
        return [date.fromisoformat(window.key) for window in self.windows]

    def _counted(self, audience: Audience) -> list[DayDifference]:
        days, windows = self._days(), self.windows
        stored = self.held.counts(days, audience)
        with api_counts(self.client, self.held, audience, windows[0].start, windows[-1].end) as counts:
            whole = _between(counts, windows, 0, len(windows))
            found = list(_bisected(windows, stored, counts, 0, len(windows), whole))
        return [DayDifference(days[place], stored[place], api, audience) for place, api in found]


def _between(counts: ApiCounts, windows: Sequence[Window], low: int, high: int) -> int:
    return counts.between(windows[low].start, windows[high - 1].end)


def _bisected(
    windows: Sequence[Window], stored: Sequence[int], counts: ApiCounts, low: int, high: int, api: int
) -> Iterator[tuple[int, int]]:
    """The places of the days that differ, and what the API counts there."""
    if sum(stored[low:high]) == api:
        return
    if high - low == 1:
        yield low, api
        return
    middle = (low + high) // 2
    for one, other in ((low, middle), (middle, high)):
        yield from _bisected(windows, stored, counts, one, other, _between(counts, windows, one, other))

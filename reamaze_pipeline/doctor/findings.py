"""What an examination finds: plain values, in words that quote no message, name, address or login."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Verdict = Literal["holds", "otherwise", "broken", "untold"]
"""`otherwise`: not as documented, and coped with. `untold`: what there is does not show it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is relied on: what it is, what should be, what was seen, and what follows from that."""

    what: str
    expected: str
    seen: str
    verdict: Verdict = "holds"
    consequence: str = ""

    def as_json(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is relied on, before it was looked at."""

    what: str
    expected: str

    def holds(self, seen: str, consequence: str = "") -> Finding:
        """It is as expected."""
        return Finding(self.what, self.expected, seen, "holds", consequence)

    def otherwise(self, seen: str, consequence: str) -> Finding:
        """It is not, and that is coped with."""
        return Finding(self.what, self.expected, seen, "otherwise", consequence)

    def broken(self, seen: str, consequence: str) -> Finding:
        """It is not, and numbers or commands suffer."""
        return Finding(self.what, self.expected, seen, "broken", consequence)

    def untold(self, why: str) -> Finding:
        """Nothing shows it."""
        return Finding(self.what, self.expected, why, "untold")


def several(count: int, noun: str) -> str:
    """Such as `1 row` and `2 rows`."""
    return f"{count:,} {noun}{'s' * (count != 1)}"

"""What a backfill did, in numbers and in one line for people. How it is done does not belong here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a backfill did. `messages` are all that are stored for the days asked for, fetched now or before.

    `built` are the tables of which days were stored, with the number of these days; `views` those defined anew.
    """

    days: int
    fetched_days: int
    messages: int
    requests: int
    retries: int
    waited_seconds: float
    seconds: float
    built: Mapping[str, int] = field(default_factory=dict)
    views: Sequence[str] = ()
    because: Mapping[str, int] = field(default_factory=dict)
    """Why days were stale, and how many for each reason."""
    unproven: Mapping[str, str] = field(default_factory=dict)
    """Days that are stored although they could not be proven to be whole, and what stood in the way of each."""
    elsewhere: str = ""
    """What is wrong with stored days that were not asked for, and the command that mends it; empty if nothing is."""

    @property
    def in_words(self) -> str:
        """One line for people."""
        stored = f"{self.days:,} days are stored with {self.messages:,} messages"
        done = []
        if self.fetched_days:
            done.append(
                f"{self.fetched_days:,} of them fetched in {self.requests:,} requests ({self.retries:,} retries),"
                f" {self.seconds:.1f} s in all"
            )
        elif self.built:
            done.append(f"nothing had to be fetched; built: {', '.join(self.built)}")
        else:
            done.append("nothing had to be fetched or built")
        if self.views and not self.fetched_days:
            done.append(f"defined anew: {', '.join(self.views)}")
        done += [f"{reason} ({days:,} day{'s' * (days != 1)})" for reason, days in self.because.items()]
        if self.unproven:
            done.append(f"UNPROVEN: {len(self.unproven):,} of them, such as {next(iter(self.unproven))}")
        return f"{stored}; {'; '.join(done)}.{self.elsewhere and f' {self.elsewhere}'}"

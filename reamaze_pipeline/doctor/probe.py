"""Asks within an allowance of requests and keeps every answer; patient with what passes, and never writing anything.

What answers mean does not belong here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from reamaze_pipeline.api.answers import Answer
from reamaze_pipeline.api.message_list import MessageList
from reamaze_pipeline.doctor.findings import Finding
from reamaze_pipeline.doctor.reading import Look, Question, read
from reamaze_pipeline.errors import ApiUnavailable, ReamazeError

MOST_REQUESTS = 40
_TRIES = 3
_SECOND_LOOKS = 4
"""Answers that contradict themselves are asked for again, as the crawl does; so many at most, to have requests left."""
_LIMIT_SECONDS = 60.0
"""The wait after a 429 that names none."""
_LONGEST_WAIT = 120.0
_MOST_WAITING = 300.0
_PASSING = frozenset({408, 425, 429})


class AnswerSource(Protocol):
    """What an examination needs of a client."""

    def answer(
        self,
        of: MessageList,
        number: int = 1,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Answer:
        """One answer; see `ReamazeClient.answer`."""

    def refusal(self, answer: Answer) -> ReamazeError:
        """What a status other than 200 stands for."""


class AllowanceSpent(Exception):
    """No request is left."""


class Probe:
    """Looks at a brand. `looks` are all answers in order; `final` those that no better one took the place of."""

    def __init__(self, source: AnswerSource, wait: Callable[[float], None] = time.sleep) -> None:
        self.source = source
        self.requests = 0
        self.looks: list[Look] = []
        self.final: list[Look] = []
        self.mended = 0
        """Questions that a page answered only after an answer that was none, or contradicted itself."""
        self.unanswered = 0
        """Requests that no answer came to."""
        self.waited = 0.0
        self._wait = wait
        self._second_looks = _SECOND_LOOKS

    def ask(
        self,
        of: MessageList | None = None,
        number: int = 1,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Look:
        """A page of a list, the main one unless told; again where that may help.

        Raises `AllowanceSpent`, and the `ReamazeError` that tells why no answer comes.
        """
        question = Question(of or MessageList(), number, start, end)
        bad = False
        for left in reversed(range(_TRIES)):
            try:
                look = self._once(question)
            except ApiUnavailable:
                self.unanswered += 1
                if not left:
                    raise
                self._pause(1.0)
                continue
            if not left or not self._may_pass(look):
                break
            bad = bad or look.answer.status == 200
        self.final.append(look)
        self.mended += bad and look.page is not None and not look.page.contradictions
        return look

    @property
    def moved(self) -> bool:
        """Whether the main list's count changed while it was looked at."""
        totals = {look.page.total_count for look in self.final if look.page is not None and look.question.is_plain}
        return len(totals) > 1

    @property
    def latest_total(self) -> int | None:
        """The main list's count as last seen."""
        totals = [look.page.total_count for look in self.final if look.page is not None and look.question.is_plain]
        return totals[-1] if totals else None

    def _once(self, question: Question) -> Look:
        if self.requests >= MOST_REQUESTS:
            raise AllowanceSpent
        self.requests += 1
        look = read(question, self.source.answer(question.of, question.number, question.start, question.end))
        self.looks.append(look)
        return look

    def _may_pass(self, look: Look) -> bool:
        """Waits, and says whether the same is worth asking again."""
        status = look.answer.status
        if status in _PASSING or status >= 500:
            asked = look.answer.wait
            return self._pause(asked if asked is not None else _LIMIT_SECONDS if status == 429 else 1.0)
        if look.page is None or look.page.contradictions:
            self._second_looks -= status == 200
            return status == 200 and self._second_looks >= 0
        return False

    def _pause(self, seconds: float) -> bool:
        seconds = min(max(seconds, 0.0), _LONGEST_WAIT)
        if self.waited + seconds > _MOST_WAITING:
            return False
        self.waited += seconds
        self._wait(seconds)
        return True


def settled(probe: Probe, question: Callable[[], list[Finding]]) -> list[Finding]:
    """The findings of a question, which is asked anew where a list that moves may be all that is wrong.

    Of such a list only what was broken each time is.
    """
    found = question()
    always = _broken(found)
    for _ in range(_TRIES - 1):
        if all(each.verdict in {"holds", "otherwise"} for each in found) or not probe.moved:
            return found
        try:
            found = question()
        except AllowanceSpent:
            always = set()
        always &= _broken(found)
    return [each if each.verdict != "broken" or each.what in always else _undecided(each) for each in found]


def _broken(found: list[Finding]) -> set[str]:
    return {each.what for each in found if each.verdict == "broken"}


def _undecided(finding: Finding) -> Finding:
    return Finding(finding.what, finding.expected, f"{finding.seen}, while messages came or went", "untold")

"""The examination as a whole: every thing that is relied on, in a fixed order, within the allowance of requests."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from reamaze_pipeline.doctor import dates, lists, pace, pages, rows
from reamaze_pipeline.doctor.findings import Expectation, Finding
from reamaze_pipeline.doctor.probe import MOST_REQUESTS, AllowanceSpent, AnswerSource, Probe
from reamaze_pipeline.doctor.reading import Look
from reamaze_pipeline.doctor.sample import take_sample
from reamaze_pipeline.errors import ApiUnavailable

_SPENT = f"{MOST_REQUESTS} requests were not enough"


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found, in how many requests; `looks` are the answers, which hold people's words."""

    findings: tuple[Finding, ...]
    requests: int
    seconds: float
    looks: Sequence[Look] = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether nothing that is relied on is broken."""
        return not any(finding.verdict == "broken" for finding in self.findings)


def examine(source: AnswerSource, wait: Callable[[float], None] = time.sleep) -> Examination:
    """Ask a brand within `MOST_REQUESTS` requests; `wait` sleeps so many seconds.

    Raises the `ReamazeError` that tells why not even the first page can be asked for, such as a login that is refused.
    """
    began = time.monotonic()
    probe = Probe(source, wait)
    sample = take_sample(probe)
    first = sample.looks[0]
    if first.answer.status != 200:
        raise source.refusal(first.answer)
    questions: list[tuple[Callable[[], list[Finding]], list[Expectation]]] = [
        (lambda: pages.of_list(probe, sample), [pages.ACROSS, pages.STEADY, pages.LAST, pages.BEYOND]),
        (lambda: lists.of_sides(probe), [lists.SUM, lists.SIDES]),
        (
            lambda: dates.of_dates(probe, sample),
            [dates.HONOURED, dates.MEANT, dates.ENDS, dates.PRECISE, dates.PARTED],
        ),
        (lambda: lists.of_one_conversation(probe, sample), [lists.CONVERSATION]),
        (lambda: lists.of_one_sender(probe, sample), [lists.SENDER]),
    ]
    asked: list[Finding] = []
    for question, about in questions:
        try:
            asked += question()
        except AllowanceSpent:
            asked += [each.untold(_SPENT) for each in about]
        except ApiUnavailable:
            asked += [each.untold("no answer came") for each in about]
    found = (*pages.of_answers(probe, sample), *asked, *rows.of_rows(sample), *pace.of_pace(probe, sample))
    return Examination(found, probe.requests, round(time.monotonic() - began, 3), probe.looks)

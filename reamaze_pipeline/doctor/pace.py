"""How fast the brand answers, and whether it limits."""

from __future__ import annotations

from statistics import median

from reamaze_pipeline.doctor.findings import Expectation, Finding, several
from reamaze_pipeline.doctor.probe import Probe
from reamaze_pipeline.doctor.sample import Sample

SPEED = Expectation("speed", "an answer within some seconds")
LIMIT = Expectation("rate limit", "none met, or a Retry-After")
FAILURES = Expectation("failures", "none")
_SLOW_SECONDS = 20.0


def of_pace(probe: Probe, sample: Sample) -> list[Finding]:
    """What the requests so far tell; none is made."""
    return [_speed(probe, sample), _limit(probe), _failures(probe)]


def _speed(probe: Probe, sample: Sample) -> Finding:
    seconds = [look.answer.seconds for look in probe.looks]
    if not seconds:
        return SPEED.untold("no answer came")
    usual, slowest = median(seconds), max(seconds)
    seen = f"{usual:.2f} s, at most {slowest:.2f} s"
    pages = max((page.page_count for page in sample.pages), default=0)
    whole = f"all {several(pages, 'page')} take some {max(1, round(pages * usual / 60)):,} min one after another"
    if usual > _SLOW_SECONDS:
        return SPEED.otherwise(seen, f"{whole}; see REAMAZE_ANSWER_SECONDS")
    return SPEED.holds(seen, whole)


def _limit(probe: Probe) -> Finding:
    limited = [look for look in probe.looks if look.answer.status == 429]
    if not limited:
        return LIMIT.holds(f"none met in {several(len(probe.looks), 'request')}")
    first = next(number for number, look in enumerate(probe.looks) if look.answer.status == 429)
    named = sum(look.answer.wait is not None for look in limited)
    seen = f"429 after {several(first, 'request')}, {'with' if named else 'without'} a Retry-After"
    return LIMIT.otherwise(seen, "it is waited for; REAMAZE_REQUESTS_PER_MINUTE keeps below it")


def _failures(probe: Probe) -> Finding:
    statuses = sorted({look.answer.status for look in probe.looks if look.answer.status >= 500})
    failed = sum(look.answer.status >= 500 for look in probe.looks) + probe.unanswered
    if not failed:
        return FAILURES.holds(f"none in {several(probe.requests, 'request')}")
    named = f" (status {', '.join(map(str, statuses))})" if statuses else ""
    return FAILURES.otherwise(
        f"{failed:,} of {several(probe.requests, 'request')}{named}", "asked again, up to six times"
    )

"""What is relied on of rows: times that can be read, twins, the flag `staff?`, and fields that nobody documented."""

from __future__ import annotations

from collections.abc import Mapping

from reamaze_pipeline.doctor.findings import Expectation, Finding, several
from reamaze_pipeline.doctor.reading import part
from reamaze_pipeline.doctor.sample import Sample
from reamaze_pipeline.doctor.shapes import form_of_time, undocumented

TIMES = Expectation("times", "a created_at that can be read on every row")
TWINS = Expectation("identical rows", "none, or few: each is a message of its own")
FLAG = Expectation('user["staff?"]', "always there, or never")
FIELDS = Expectation("undocumented fields", "none")
_SHOWN = 8


def of_rows(sample: Sample) -> list[Finding]:
    """What the sample's rows show."""
    rows = list(sample.rows)
    if not rows:
        return [of.untold("there is no message") for of in (TIMES, TWINS, FLAG, FIELDS)]
    return [_times(sample), _twins(sample), _flag(sample), _fields(sample)]


def _times(sample: Sample) -> Finding:
    written = [(row.created_at, form_of_time(part(message, "created_at"))) for row, message in sample.rows]
    unread = [form for instant, form in written if instant is None]
    if not unread:
        return TIMES.holds(f"so on {several(len(written), 'row')}, written like {written[0][1]}")
    seen = f"not so on {len(unread):,} of {several(len(written), 'row')}, written like {unread[0]}"
    if len(unread) == len(written):
        return TIMES.broken(seen, "no message's day can be told, unless dates are honoured: nothing can be relied on")
    return TIMES.otherwise(seen, "each counts for the instant of its newer neighbour; a check counts them")


def _twins(sample: Sample) -> Finding:
    twins, count = sample.twins, sum(1 for _ in sample.rows)
    of = several(count, "row")
    if not twins:
        return TWINS.holds(f"none in {of}")
    return TWINS.otherwise(f"{twins:,} in {of}", "each counts; their ids are told apart by a number")


def _flag(sample: Sample) -> Finding:
    users = [(row, part(message, "user")) for row, message in sample.rows]
    known = [row.is_staff is not None for row, user in users if isinstance(user, Mapping)]
    if not known:
        return FLAG.untold("no message has a user")
    if all(known):
        return FLAG.holds(f"always, on {several(len(known), 'user')}", "who is staff is read off each message")
    if not any(known):
        return FLAG.holds(
            f"never, on {several(len(known), 'user')}", "the staff's and the customers' lists are read in place of all"
        )
    return FLAG.otherwise(
        f"sometimes: on {sum(known):,} of {several(len(known), 'user')}",
        "the others are looked up in the filtered lists",
    )


def _fields(sample: Sample) -> Finding:
    found = sorted({name for _, message in sample.rows for name in undocumented(message)})
    if not found:
        return FIELDS.holds("none")
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return FIELDS.otherwise(
        f"{', '.join(found[:_SHOWN])}{more}", "kept as they came in raw.message_pages; no table reads them"
    )

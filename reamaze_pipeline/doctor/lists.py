"""What is relied on of the other lists: the sides', a conversation's and a sender's hold what the main list holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial

from reamaze_pipeline.api.message_list import MessageList
from reamaze_pipeline.api.page import Page, Row
from reamaze_pipeline.doctor.findings import Expectation, Finding, several
from reamaze_pipeline.doctor.probe import Probe, settled
from reamaze_pipeline.doctor.reading import part
from reamaze_pipeline.doctor.sample import Sample

SUM = Expectation("both sides", "filter=staff and filter=customer add up to the main list")
SIDES = Expectation("filter and staff?", "each message in the list of its side, and in no other")
CONVERSATION = Expectation("a conversation's list", "what the main list holds of it")
SENDER = Expectation("sent_by", "what the main list holds of this sender")

_NEITHER = "the main list is read as well where `staff?` is absent; who is in neither list is of no side"
_UNSURE = "who is staff cannot be relied on, nor metrics of responses"
_NO_CONVERSATION = "`messages --conversation` and `audit --conversation` cannot be relied on; what is loaded can"
_NO_SENDER = "`messages --sent-by` and `audit --sent-by` cannot be relied on; what is loaded can"


def of_sides(probe: Probe) -> list[Finding]:
    """Three requests, up to nine where the list moves."""
    return settled(probe, partial(_sides, probe))


def of_one_conversation(probe: Probe, sample: Sample) -> list[Finding]:
    """One request; where the list moves, two to six."""
    slug = _most_frequent(sample, "conversation", "slug", fits=lambda slug: slug not in {".", ".."})
    if slug is None:
        return [CONVERSATION.untold("no message names a conversation")]
    return settled(probe, lambda: [_conversation(probe, sample, slug)])


def of_one_sender(probe: Probe, sample: Sample) -> list[Finding]:
    """One request; where the list moves, two to six."""
    email = _most_frequent(sample, "user", "email")
    if email is None:
        return [SENDER.untold("no message names a sender")]
    return settled(probe, lambda: [_sender(probe, sample, email)])


def _sides(probe: Probe) -> list[Finding]:
    before = probe.latest_total
    staff, customer, everyone = probe.ask(MessageList("staff")), probe.ask(MessageList("customer")), probe.ask()
    if staff.page is None or customer.page is None or everyone.page is None:
        problem = next(look.problem for look in (staff, customer, everyone) if look.page is None)
        return [SUM.broken(problem, _UNSURE), SIDES.untold("not all of the lists came")]
    pages = (staff.page, customer.page, everyone.page)
    still = before == everyone.page.total_count
    return [_sum(*pages, still=still), _agreement(*pages, still=still)]


def _sum(staff: Page, customer: Page, everyone: Page, *, still: bool) -> Finding:
    parts, whole = staff.total_count + customer.total_count, everyone.total_count
    seen = f"{staff.total_count:,} and {customer.total_count:,} of {whole:,}"
    if not still:
        return SUM.untold(f"{seen}, while messages came or went")
    if parts == whole:
        return SUM.holds(seen)
    if whole and staff.total_count == customer.total_count == whole:
        flagged = any(row.is_staff is not None for row in everyone.rows)
        ignored = f"{seen}: `filter` is ignored"
        if flagged:
            return SUM.otherwise(ignored, "who is staff is read off each message; `audit --sides` cannot be used")
        return SUM.broken(ignored, _UNSURE)
    return SUM.otherwise(seen, _NEITHER)


def _agreement(staff: Page, customer: Page, everyone: Page, *, still: bool) -> Finding:
    wrong = sum(row.is_staff is False for row in staff.rows) + sum(row.is_staff is True for row in customer.rows)
    flagged = [row for row in (*staff.rows, *customer.rows, *everyone.rows) if row.is_staff is not None]
    if wrong:
        ignored = _ids(staff.rows) == _ids(customer.rows)
        seen = "`filter` is ignored" if ignored else f"{several(wrong, 'row')} in the list of the other side"
        return SIDES.otherwise(seen, "the flag decides") if ignored else SIDES.broken(seen, _UNSURE)
    if not flagged:
        return SIDES.untold("no message says whether it is from staff")
    if not still:
        return SIDES.untold("messages came or went meanwhile")
    lost = sum(_absent([row for row in everyone.rows if row.is_staff is side], page) for side, page in (
        (True, staff), (False, customer)))  # fmt: skip
    strange = sum(_absent(page.rows, everyone) for page in (staff, customer))
    if lost or strange:
        return SIDES.broken(f"{several(lost + strange, 'row')} in one list and not in the other", _UNSURE)
    return SIDES.holds(f"so on {several(len(flagged), 'row')}")


def _conversation(probe: Probe, sample: Sample, slug: str) -> Finding:
    known = sample.rows_like(probe, lambda message: part(message, "conversation", "slug") == slug)
    look = probe.ask(MessageList(conversation=slug))
    if look.page is None:
        return CONVERSATION.broken(look.problem, _NO_CONVERSATION)
    others = sum(part(message, "conversation", "slug") != slug for message in look.messages)
    if others:
        return CONVERSATION.broken(
            f"{others:,} of {several(len(look.messages), 'row')} are of others", _NO_CONVERSATION
        )
    return _held(CONVERSATION, known, look.page, _NO_CONVERSATION)


def _sender(probe: Probe, sample: Sample, email: str) -> Finding:
    known = sample.rows_like(probe, lambda message: _address(message) == _normal(email))
    look = probe.ask(MessageList(sent_by=email))
    if look.page is None:
        return SENDER.broken(look.problem, _NO_SENDER)
    others = sum(_address(message) not in {_normal(email), ""} for message in look.messages)
    if others and look.page.total_count >= (probe.latest_total or 0):
        return SENDER.broken("`sent_by` is ignored", _NO_SENDER)
    found = _held(SENDER, known, look.page, _NO_SENDER)
    if others and found.verdict == "holds":
        of_all = several(len(look.messages), "row")
        return SENDER.otherwise(f"{others:,} of {of_all} with another address", "one user may have several addresses")
    return found


def _held(of: Expectation, known: list[Row], page: Page, consequence: str) -> Finding:
    lost = _absent(known, page)
    if lost:
        return of.broken(f"{lost:,} of {several(len(known), 'known row')} are not in it", consequence)
    return of.holds(f"{several(len(known), 'known row')} in a list of {page.total_count:,}")


def _absent(rows: Iterable[Row], page: Page) -> int:
    """How many of the rows that should stand on a list's first page do not."""
    oldest = page.oldest
    due = [
        row
        for row in rows
        if row.created_at is not None and (page.is_last or (oldest is not None and row.created_at > oldest))
    ]
    return sum((_ids(due) - _ids(page.rows)).values())


def _ids(rows: Iterable[Row]) -> Counter[bytes]:
    return Counter(row.identity for row in rows)


def _most_frequent(sample: Sample, *names: str, fits: Callable[[str], bool] = lambda _: True) -> str | None:
    values = (part(message, *names) for _, message in sample.rows)
    counted = Counter(value for value in values if isinstance(value, str) and value.strip() and fits(value))
    return counted.most_common(1)[0][0] if counted else None


def _address(message: object) -> str:
    return _normal(part(message, "user", "email"))


def _normal(email: object) -> str:
    return str(email or "").strip().lower()

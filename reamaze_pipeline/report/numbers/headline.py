"""The key numbers of a period, for the cards of the page, the preview and whoever reads them by program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reamaze_pipeline.report.numbers.facts import Before, Facts
from reamaze_pipeline.report.numbers.speed import Speed
from reamaze_pipeline.report.numbers.volume import Totals
from reamaze_pipeline.report.words import count, duration, several, share

Value = float | None


@dataclass(frozen=True, slots=True)
class Change:
    """Against the period before. ``tone``: ``better``, ``worse``, ``same`` or ``plain`` (neither good nor bad)."""

    arrow: str
    amount: str
    before: str
    tone: str


@dataclass(frozen=True, slots=True)
class Card:
    """One key number as it is shown. ``anchor`` is the section that tells more."""

    label: str
    value: str
    note: str
    change: Change | None
    anchor: str


def headline(facts: Facts) -> dict[str, str | int | float]:
    """Plain values, times in seconds, shares from 0 to 1; what is not known is absent."""
    values: dict[str, str | int | float | None] = {
        "first_day": facts.period.first.isoformat(),
        "last_day": facts.period.last.isoformat(),
        "days_stored": len(facts.period.stored),
        "days_missing": len(facts.period.missing),
    }
    if (totals := facts.totals) is not None:
        values |= {
            "messages": totals.messages,
            "messages_received": totals.received,
            "responses": totals.responses,
            "new_conversations": totals.new_conversations,
            "conversations_replied_to": totals.replied_conversations,
            "customers_helped": totals.customers_helped,
        }
    if (speed := facts.speed) is not None:
        values |= {
            "turns": speed.turns,
            "median_seconds": speed.median,
            "p90_seconds": speed.p90,
            "share_under_1h": speed.under_1h,
            "share_under_1d": speed.under_1d,
        }
    if facts.first is not None:
        values["median_first_response_seconds"] = facts.first.median
    if facts.waiting is not None:
        values["conversations_waiting"] = facts.waiting.total
    return {name: value for name, value in values.items() if value is not None}


def cards(facts: Facts) -> list[Card]:
    """The numbers a lead asks for first."""
    shown: list[Card] = []
    if facts.totals is not None:
        shown += _volume_cards(facts.totals, facts.before.totals)
    if facts.speed is not None:
        shown += _speed_cards(facts.speed, facts.first, facts.before)
    if (waiting := facts.waiting) is not None:
        note = f"{count(waiting.over_a_week)} for a week or longer" if waiting.total else "all answered"
        change = _amounts(waiting.total, facts.before.waiting, fewer_is_better=True)
        shown.append(Card("Waiting for a reply", count(waiting.total), note, change, "waiting"))
    return shown


def _volume_cards(now: Totals, then: Totals | None) -> list[Card]:
    def card(label: str, of: Callable[[Totals], int], note: str, anchor: str) -> Card:
        return Card(label, count(of(now)), note, _amounts(of(now), of(then) if then else None), anchor)

    replied = f"in {several(now.replied_conversations, 'conversation')}"
    return [
        card("Messages received", lambda totals: totals.received, "from customers", "volume"),
        card("New conversations", lambda totals: totals.new_conversations, "begun in these days", "volume"),
        card("Responses", lambda totals: totals.responses, replied, "senders"),
        card("Customers helped", lambda totals: totals.customers_helped, "in conversations replied to", "senders"),
    ]


def _speed_cards(now: Speed, first: Speed | None, before: Before) -> list[Card]:
    then = before.speed
    first_median, first_then = first.median if first else None, before.first.median if before.first else None
    p90, within_a_day = f"nine in ten within {duration(now.p90)}", f"{share(now.under_1d)} within a day"
    if not now.turns:
        p90 = within_a_day = "no replies to measure"
    return [
        Card(
            "Median response time",
            duration(now.median),
            p90,
            _times(now.median, then.median if then else None),
            "speed",
        ),
        Card(
            "Median first response",
            duration(first_median),
            "to a conversation's first message",
            _times(first_median, first_then),
            "first",
        ),
        Card(
            "Answered within an hour",
            share(now.under_1h),
            within_a_day,
            _shares(now.under_1h, then.under_1h if then else None),
            "distribution",
        ),
    ]


def _amounts(now: Value, then: Value, *, fewer_is_better: bool = False) -> Change | None:
    if now is None or then is None:
        return None
    amount = share(abs(now / then - 1)) if then else count(now)
    tone = _tone(now, then) if fewer_is_better else "plain"
    return Change(_arrow(now, then), "no change" if now == then else amount, count(then), tone)


def _times(now: Value, then: Value) -> Change | None:
    if now is None or then is None:
        return None
    if duration(now) == duration(then):
        return Change("→", "no change", duration(then), "same")
    return Change(_arrow(now, then), duration(abs(now - then)), duration(then), _tone(now, then))


def _shares(now: Value, then: Value) -> Change | None:
    if now is None or then is None:
        return None
    points = round(now * 100) - round(then * 100)
    if not points:
        return Change("→", "no change", share(then), "same")
    return Change(_arrow(now, then), several(abs(points), "point"), share(then), _tone(then, now))


def _arrow(now: float, then: float) -> str:
    return "→" if now == then else "↑" if now > then else "↓"


def _tone(lower: float, higher: float) -> str:
    """Better if the first is less than the second."""
    return "same" if lower == higher else "better" if lower < higher else "worse"

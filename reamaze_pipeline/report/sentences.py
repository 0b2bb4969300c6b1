"""What each part of the report says, in a sentence or two: under its title, and to those who cannot see it."""

from __future__ import annotations

from statistics import quantiles

from reamaze_pipeline.report.numbers.hours import Hours
from reamaze_pipeline.report.numbers.period import Period
from reamaze_pipeline.report.numbers.senders import Sender
from reamaze_pipeline.report.numbers.speed import Speed, TrendPoint
from reamaze_pipeline.report.numbers.volume import Totals, Volume
from reamaze_pipeline.report.numbers.waiting import Waiting
from reamaze_pipeline.report.words import WEEKDAYS, average, count, day_range, duration, several, share


def lead(totals: Totals | None, speed: Speed | None, waiting: Waiting | None) -> str:
    """The period in short."""
    said = []
    if totals is not None:
        said.append(
            f"Customers wrote {several(totals.received, 'message')} and staff sent"
            f" {several(totals.responses, 'response')}, helping {several(totals.customers_helped, 'customer')}."
        )
    if speed is not None and speed.median is not None:
        said.append(
            f"Half of all replies came within {duration(speed.median)}, nine in ten within {duration(speed.p90)}."
        )
    if waiting is not None:
        who = several(waiting.total, "conversation") if waiting.total else "No conversation"
        said.append(f"{who} {'were' if waiting.total > 1 else 'was'} still waiting at the end.")
    return " ".join(said)


def volume(facts: Volume, period: Period) -> str:
    """Where most came from, and when."""
    if not facts.messages:
        return "No messages in these days."
    top = facts.origins[0]
    step, counts = max(facts.steps.items(), key=lambda item: (sum(item[1]), -item[0].toordinal()))
    name = period.step_name(step)
    busiest = f"began on {name.removeprefix('Week of ')}" if period.step == "week" else f"was {name}"
    return (
        f"{top.name} brought the most: {count(top.messages)} of {several(facts.messages, 'message')}"
        f" ({share(top.messages / facts.messages)}). The busiest {period.step} {busiest} with {count(sum(counts))}."
    )


def trend(points: tuple[TrendPoint, ...], speed: Speed, period: Period) -> str:
    """The median of all, and between what that of most steps lay, so that a day with one reply does not lead."""
    if not points:
        return "No replies in these days whose beginning is known."
    said = f"The median was {duration(speed.median)} over all replies"
    if len(points) < 4:
        return f"{said}, with nine in ten within {duration(speed.p90)}."
    low, _, high = quantiles([point.median for point in points], n=4)
    if duration(low) == duration(high):
        return f"{said} and much the same by {period.step}."
    return f"{said}; by {period.step}, half of the medians lay between {duration(low)} and {duration(high)}."


def distribution(speed: Speed) -> str:
    """How many were fast."""
    if not speed.turns:
        return "No replies in these days whose beginning is known."
    replies = f"{count(speed.turns)} replies" if speed.turns > 1 else "the one reply"
    return f"{share(speed.under_1h)} of {replies} came within an hour, {share(speed.under_1d)} within a day."


def senders(people: tuple[Sender, ...]) -> str:
    """Who sent the most, and how even the load is."""
    responses = sum(sender.responses for sender in people)
    if not responses:
        return "No responses in these days."
    active = [sender for sender in people if sender.responses]
    top = active[0]
    sentence = f"{several(len(active), 'sender')} sent {several(responses, 'response')}"
    if len(active) == 1:
        return f"{sentence}: {top.label}."
    return f"{sentence}; {top.label} sent the most with {count(top.responses)} ({share(top.responses / responses)})."


def hours(facts: Hours) -> str:
    """The busiest hour of the week."""
    if not facts.highest:
        return "No customer messages in these days."
    weekday, hour = facts.busiest
    return (
        f"Customers write most on {WEEKDAYS[weekday - 1]}s between {hour:02}:00 and {(hour + 1) % 24:02}:00:"
        f" {average(facts.highest)} messages a week."
    )


def waiting(facts: Waiting) -> str:
    """How many, and for how long."""
    day = day_range(facts.day, facts.day)
    if not facts.total:
        return f"No conversation was waiting for a reply when {day} ended."
    sentence = (
        f"{several(facts.total, 'conversation')} {'was' if facts.total == 1 else 'were'}"
        f" waiting for a reply when {day} ended"
    )
    known = [row.age for row in facts.oldest if row.age is not None]
    if known:
        sentence += f", the oldest for {duration(known[0])}"
    return f"{sentence}; {count(facts.over_a_week)} for a week or longer."

"""What each part of the report says, in a sentence or two: under its title, and to those who cannot see it."""

from __future__ import annotations

from statistics import quantiles

from reamaze_pipeline.report.numbers.desk.backlog import BacklogDay
from reamaze_pipeline.report.numbers.desk.customers import Customers
from reamaze_pipeline.report.numbers.desk.groups import Group
from reamaze_pipeline.report.numbers.desk.targets import Target
from reamaze_pipeline.report.numbers.facts import Facts
from reamaze_pipeline.report.numbers.hours import Hours
from reamaze_pipeline.report.numbers.period import Period
from reamaze_pipeline.report.numbers.senders import Sender
from reamaze_pipeline.report.numbers.speed import Speed, TrendPoint
from reamaze_pipeline.report.numbers.volume import Volume
from reamaze_pipeline.report.numbers.waiting import AGES, Waiting
from reamaze_pipeline.report.words import WEEKDAYS, average, count, day_range, duration, several, share, short_day


def lead(facts: Facts) -> str:
    """The period in short."""
    said = []
    if (totals := facts.totals) is not None:
        said.append(
            f"Customers wrote {several(totals.received, 'message')} and staff sent"
            f" {several(totals.responses, 'response')}, helping {several(totals.customers_helped, 'customer')}."
        )
    if (speed := facts.speed) is not None and speed.median is not None:
        said.append(
            f"Half of all replies came within {duration(speed.median)}, nine in ten within {duration(speed.p90)}."
        )
    return " ".join(said)


def attention(facts: Facts) -> list[tuple[str, str]]:
    """What somebody may want to act on, each with the section that tells more; the most urgent first."""
    said = []
    if facts.waiting is not None and facts.waiting.total:
        said.append((waiting_in_short(facts.waiting), "waiting"))
    for target in facts.desk.targets or ():
        if target.missed_count:
            missed = f"{several(target.missed_count, 'reply', 'replies')} missed “{target.name}”"
            was = f", {share(target.before)} before" if target.before is not None else ""
            said.append((f"{missed}: {share(target.share)} kept it{was}.", "targets"))
    if (first := facts.first) is not None and first.turns and (before := facts.before.first) is not None:
        said += _slower(first, before)
    if (pile := facts.desk.backlog) and len(pile) > 1 and (grown := pile[-1].waiting - pile[0].waiting) > 0:
        said.append((f"{count(grown)} more conversations wait than on {short_day(pile[0].day)}.", "backlog"))
    return said


def _slower(now: Speed, before: Speed) -> list[tuple[str, str]]:
    if now.median is None or before.median is None or now.median <= before.median * 1.1:
        return []
    return [(f"First responses take {duration(now.median)}, {duration(before.median)} before.", "first")]


def waiting_in_short(facts: Waiting) -> str:
    """How many wait for how long."""
    ages = [
        f"{count(group.total)} {'for ' * (group.name != AGES[-1])}{group.name[0].lower()}{group.name[1:]}"
        for group in facts.groups
    ]
    return f"{several(facts.total, 'conversation')} {'waits' if facts.total == 1 else 'wait'}: {', '.join(ages)}."


def targets(found: tuple[Target, ...]) -> str:
    """How many are kept by how much."""
    measured = [target for target in found if target.share is not None]
    if not measured:
        return "No reply of these days is measured by a target."
    best, worst = max(measured, key=lambda one: one.share or 0), min(measured, key=lambda one: one.share or 0)
    if best is worst:
        return f"{share(best.share)} of {count(best.measured)} replies kept “{best.name}”."
    return f"Kept best: “{best.name}” ({share(best.share)}); least: “{worst.name}” ({share(worst.share)})."


def groups(found: tuple[Group, ...], kind: str) -> str:
    """Where most was answered, and where it took longest."""
    answered = [group for group in found if group.median is not None]
    if not answered:
        return "No replies in these days whose beginning is known."
    top = answered[0]
    if len(answered) == 1:
        replies = several(top.replies, "reply", "replies")
        return f"All {replies} went out by {top.name}, half within {duration(top.median)}."
    slow = max(answered, key=lambda one: one.median or 0)
    return (
        f"Most replies: {top.name} ({count(top.replies)}, half within {duration(top.median)})."
        f" Slowest {kind}: {slow.name}, half within {duration(slow.median)}."
    )


def customers(facts: Customers) -> str:
    """New ones, known ones, and those who came again."""
    if not facts.total:
        return "No customer with an email wrote in these days."
    return (
        f"{several(facts.total, 'customer')} wrote: {count(facts.new)} for the first time"
        f" ({share(facts.new / facts.total)}), {count(facts.returning)} known before."
        f" {several(facts.repeats, 'contact')} came within a week of another conversation of the same customer."
    )


def backlog(found: tuple[BacklogDay, ...]) -> str:
    """From the first to the last day shown."""
    first, last = found[0], found[-1]
    if first is last:
        return f"{several(last.waiting, 'conversation')} waited when {short_day(last.day)} ended."
    return (
        f"{several(first.waiting, 'conversation')} waited when {short_day(first.day)} ended, {count(last.waiting)} when"
        f" {short_day(last.day)} did."
    )


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


def first_trend(points: tuple[TrendPoint, ...], first: Speed, period: Period) -> str:
    """As `trend`, of first responses."""
    return (
        trend(points, first, period)
        .replace("all replies", several(first.turns, "first response"))
        .replace("No replies", "No first responses")
    )


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
    if facts.oldest_age is not None:
        sentence += f", the oldest for {duration(facts.oldest_age)}"
    return f"{sentence}; {count(facts.over_a_week)} for a week or longer."

"""What the report's numbers mean, in the words of those who read it; the documentation of the models is for those who
query them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Definition:
    """``table`` is where the numbers come from."""

    term: str
    table: str
    text: str


DEFINITIONS = (
    Definition(
        "Messages",
        "metrics.conversation_volume_daily",
        "Received are customers' messages that everybody sees. A conversation is new on the day it was created, and "
        "replied to on each day on which staff replied. Customers helped are the different emails in these.",
    ),
    Definition(
        "Responses",
        "metrics.staff_response_counts",
        "Messages by staff that customers see. Internal notes are counted apart, and so are collisions: replies that "
        "were held back because somebody else was answering. People are told apart by their email.",
    ),
    Definition(
        "Response time",
        "metrics.reply_turns",
        "From a customer's first message that nobody has answered yet to the next response. Several messages in a row "
        "wait together. It counts on the day of the response, nights and weekends included.",
    ),
    Definition(
        "First response",
        "metrics.first_response_times",
        "From a conversation's first customer message to the first response after it. Conversations that staff opened "
        "are left out.",
    ),
    Definition(
        "Median, nine in ten",
        "metrics.response_times_daily",
        "Half of the replies were at least as fast as the median, nine in ten as fast as the other. One very late "
        "reply moves an average, and moves these hardly.",
    ),
    Definition(
        "Targets",
        "metrics.target_results",
        "A reply keeps a target if it came within its minutes. Replies whose question lies before the stored history "
        "are not measured.",
    ),
    Definition(
        "Channels and inboxes",
        "metrics.messages_per_origin",
        "A channel is the way a message came, an inbox the category its conversation was in when it was fetched.",
    ),
    Definition(
        "New and returning",
        "metrics.customers_daily",
        "A customer is new on the first stored day with a message of theirs. Who writes in another conversation within "
        "a week has come again.",
    ),
    Definition(
        "When customers write",
        "metrics.busiest_hours",
        "Customers' messages by weekday and hour, on average per week; days that are not stored do not count.",
    ),
    Definition(
        "Waiting",
        "metrics.awaiting_reply",
        "Conversations in which a customer spoke last. Messages do not say whether a conversation was closed, so one "
        "that ended with thanks still counts as waiting.",
    ),
    Definition(
        "Backlog",
        "metrics.backlog_daily",
        "How many conversations waited when a day ended, how many began to wait that day, and how many were answered.",
    ),
)
"""In the order of the page."""

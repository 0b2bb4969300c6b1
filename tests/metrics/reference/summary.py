"""All that is known of a conversation when the newest stored day ends."""

from __future__ import annotations

from itertools import pairwise

from tests.metrics.reference.conversation import Conversation, customers, returns, waiting
from tests.metrics.reference.message import Row
from tests.metrics.reference.replies import first_reply_times, first_response_times
from tests.metrics.reference.stored import Stored, newest_category


def conversation_summary(stored: Stored) -> list[Row]:
    responded = {row[1]: row for row in first_response_times(stored)}
    replied = {row[1]: row for row in first_reply_times(stored)}
    return [
        _summary(stored, conversation, responded.get(conversation.slug), replied.get(conversation.slug))
        for conversation in stored.conversations
    ]


def _summary(stored: Stored, conversation: Conversation, response: Row | None, reply: Row | None) -> Row:
    newest = stored.days[-1]
    messages, spoken = conversation.messages, conversation.spoken
    staff = [m for m in messages if m.speaker == "staff"]
    asked = [m.created_at for m in spoken if not m.is_staff]
    answered = [m.created_at for m in spoken if m.is_staff]
    began = [*filter(None, [conversation.created_at(newest)]), *(m.created_at for m in spoken[:1] if m.created_at)]
    opening = waiting(spoken)
    people = [len({m.sender for m in messages if m.speaker == side}) for side in ("staff", "customer")]
    return (
        conversation.slug,
        min(began, default=None),
        reply[5] if reply else None,
        conversation.known(newest),
        asked[0] if asked else None,
        *((response[4], *response[12:14], response[6]) if response else (None,) * 4),
        *((reply[4], *reply[13:15]) if reply else (None,) * 3),
        len(messages),
        sum(1 for m in messages if m.speaker == "customer"),
        len(staff),
        sum(1 for m in messages if m.visibility == 1),
        sum(1 for m in messages if m.visibility == 2),
        sum(1 for before, m in pairwise(spoken) if m.is_staff and not before.is_staff),
        *people,
        max(0, people[0] - 1),
        sorted({m.email.lower() for m in staff if m.email}),
        customers(messages),
        *returns(spoken),
        spoken[-1].created_at if spoken else None,
        spoken[-1].speaker if spoken else None,
        answered[-1] if answered else None,
        opening.created_at if opening and conversation.wait_known(spoken, newest) else None,
        *newest_category(messages),
        *((spoken[0].origin, spoken[0].origin_name) if spoken else (None, None)),
        *((spoken[-1].origin, spoken[-1].origin_name) if spoken else (None, None)),
    )

"""The metrics once more, in plain Python over plain rows: what the SQL models are held against.

Written from the definitions, not from the SQL. It knows nothing of DuckDB, windows or partitions: given all stored
days it walks each conversation from its first message to its last. Slow, and meant to be read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from tests.metrics.reference import as_of_day, documents, foundations, replies, summary, volume
from tests.metrics.reference.message import DAY, Message, Row
from tests.metrics.reference.rules import Rules
from tests.metrics.reference.stored import Stored

__all__ = ["DAY", "Message", "Reference", "Row", "Rules"]

_COMPUTATIONS: tuple[Callable[[Stored], list[Row]], ...] = (
    foundations.counted_messages,
    foundations.conversation_days,
    foundations.responses,
    foundations.hourly_volume,
    foundations.stored_days,
    foundations.stored_history,
    foundations.business_hours,
    as_of_day.conversation_history,
    as_of_day.replied_conversations,
    as_of_day.conversation_effort_daily,
    as_of_day.awaiting_reply,
    as_of_day.backlog_daily,
    replies.reply_turns,
    replies.next_reply_times,
    replies.first_response_times,
    replies.first_reply_times,
    replies.response_times_daily,
    replies.response_times_by_sender,
    replies.response_times_by_origin,
    replies.response_times_by_category,
    replies.first_response_times_daily,
    replies.first_response_times_by_sender,
    replies.first_response_times_by_origin,
    replies.first_response_times_by_category,
    replies.period_summary,
    replies.target_results,
    replies.targets_daily,
    replies.targets_by_sender,
    replies.targets_by_category,
    summary.conversation_summary,
    documents.conversation_documents,
    volume.conversation_volume_daily,
    volume.busiest_hours,
    volume.staff_response_counts,
    volume.staff_responses_by_origin,
    volume.messages_per_origin,
    volume.messages_per_category,
    volume.staff_presence_daily,
    volume.customer_days,
    volume.customers,
    volume.customers_daily,
)


class Reference:
    """All tables over the stored days: ``tables[name]()`` gives rows in the order of the model's columns."""

    def __init__(self, stored: Mapping[dt.date, Sequence[Message]], rules: Rules) -> None:
        holds = Stored(stored, rules)
        self.tables = {compute.__name__: partial(compute, holds) for compute in _COMPUTATIONS}

"""What is known of each message before it has words: columns, aligned, some 40 bytes a row in all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np
import numpy.typing as npt

NO_USER = -1
"""In `Rows.user`: the row has no user."""


class Quirk(IntEnum):
    """What is odd about a row; a row has one oddity at most."""

    NONE = 0
    NULL_USER = 1
    MISSING_USER = 2
    NULL_BODY = 3
    EMPTY_BODY = 4
    NUL_IN_BODY = 5
    LONE_SURROGATE = 6
    RIGHT_TO_LEFT = 7
    EMOJI = 8
    HUGE_BODY = 9
    NULL_RECIPIENTS = 10
    MISSING_RECIPIENTS = 11
    NULL_ATTACHMENTS = 12
    MISSING_ATTACHMENTS = 13
    NULL_CATEGORY = 14
    MISSING_CATEGORY = 15
    NUMBER_ORIGIN_ID = 16
    NULL_ORIGIN_ID = 17


@dataclass
class Rows:
    """One value per message. `at` is microseconds since 1970 UTC; negative codes stand for none."""

    at: npt.NDArray[np.int64]
    conversation: npt.NDArray[np.int32]
    user: npt.NDArray[np.int32]
    staff: npt.NDArray[np.bool_]
    visibility: npt.NDArray[np.int8]
    origin: npt.NDArray[np.int16]
    category: npt.NDArray[np.int16]
    tag: npt.NDArray[np.int16]
    quirk: npt.NDArray[np.int8]
    content: npt.NDArray[np.int32]
    """The number the text is drawn from; two rows that share it and all else are identical twins."""

    @classmethod
    def empty(cls) -> Rows:
        """No rows."""
        return one_row(at=0, conversation=0, user=0, staff=False, origin=0, category=0, content=0).take(
            np.empty(0, dtype=np.int64)
        )

    def take(self, places: npt.NDArray[np.int64]) -> Rows:
        """The rows at these places, in this order."""
        return Rows(**{f.name: getattr(self, f.name)[places] for f in fields(Rows)})

    @classmethod
    def stacked(cls, parts: Sequence[Rows]) -> Rows:
        """The rows of all parts, one part after the other."""
        return cls(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Rows)})


@dataclass
class Conversations:
    """One value per generated conversation: when it began (microseconds UTC), its customer and its agent."""

    begun: npt.NDArray[np.int64]
    customer: npt.NDArray[np.int32]
    agent: npt.NDArray[np.int32]

    @classmethod
    def empty(cls) -> Conversations:
        """No conversations."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.int32))


def one_row(
    *,
    at: int,
    conversation: int,
    user: int,
    staff: bool,
    origin: int,
    category: int,
    content: int,
) -> Rows:
    """A single regular message without tag or oddity."""
    return Rows(
        at=np.array([at], dtype=np.int64),
        conversation=np.array([conversation], dtype=np.int32),
        user=np.array([user], dtype=np.int32),
        staff=np.array([staff], dtype=np.bool_),
        visibility=np.zeros(1, dtype=np.int8),
        origin=np.array([origin], dtype=np.int16),
        category=np.array([category], dtype=np.int16),
        tag=np.full(1, -1, dtype=np.int16),
        quirk=np.zeros(1, dtype=np.int8),
        content=np.array([content], dtype=np.int32),
    )

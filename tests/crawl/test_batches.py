"""Batches hand everything on, in order, also what had arrived when the source failed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reamaze_pipeline.crawl.batches import batches


@given(items=st.lists(st.integers(), max_size=20), seconds=st.sampled_from([0.0, 60.0]))
def test_nothing_is_lost_and_no_batch_is_empty(items: list[int], seconds: float) -> None:
    found = list(batches(items, seconds=seconds))
    assert [item for batch in found for item in batch] == items
    assert all(found)
    assert len(found) == (len(items) if seconds == 0 else min(len(items), 1))


def test_what_arrived_before_a_failure_is_handed_on_first() -> None:
    def failing() -> Iterator[int]:
        yield from (1, 2)
        raise ConnectionError

    found: list[list[int]] = []
    with pytest.raises(ConnectionError):
        found.extend(batches(failing(), seconds=60))
    assert found == [[1, 2]]

"""Batches hand everything on, in order, also what had arrived when the source failed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reamaze_pipeline.crawl.batches import batches, stored_behind


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


@given(items=st.lists(st.integers(1, 9), max_size=20), most=st.integers(1, 30))
def test_a_batch_ends_with_the_item_that_makes_it_heavy_enough(items: list[int], most: int) -> None:
    found = list(batches(items, seconds=60, weight=lambda item: item, most=most))
    assert [item for batch in found for item in batch] == items
    assert all(sum(batch[:-1]) < most for batch in found)
    assert all(sum(batch) >= most for batch in found[:-1])


def test_who_is_slow_with_a_batch_gets_more_at_once() -> None:
    def arriving() -> Iterator[int]:
        for item in range(400):
            time.sleep(0.0005)
            yield item

    sizes = []
    for batch in batches(arriving(), seconds=0.01):
        sizes.append(len(batch))
        time.sleep(0.01)
    assert max(sizes[1:]) > 2 * sizes[0]


@given(lists=st.lists(st.lists(st.integers(), min_size=1, max_size=3), max_size=6))
def test_each_list_is_stored_before_it_is_handed_on(lists: list[list[int]]) -> None:
    stored: list[list[int]] = []
    for number, handed in enumerate(stored_behind(lists, stored.append)):
        assert handed == lists[number]
        assert stored[: number + 1] == lists[: number + 1]
    assert stored == lists


def test_a_list_is_stored_while_the_next_one_is_gathered() -> None:
    begun, gathered = threading.Event(), threading.Event()

    def source() -> Iterator[list[int]]:
        yield [1]
        assert begun.wait(10), "nothing is stored until the next list is there"
        gathered.set()
        yield [2]

    def store(_: list[int]) -> None:
        begun.set()
        assert gathered.wait(10)

    assert list(stored_behind(source(), store)) == [[1], [2]]


def test_what_was_under_way_when_the_source_failed_is_stored_and_told() -> None:
    def failing() -> Iterator[list[int]]:
        yield [1]
        yield [2]
        raise ConnectionError

    stored: list[list[int]] = []
    found: list[list[int]] = []
    with pytest.raises(ConnectionError):
        found.extend(stored_behind(failing(), stored.append))
    assert found == stored == [[1], [2]]


def test_what_could_not_be_stored_is_not_handed_on() -> None:
    def store(numbers: list[int]) -> None:
        if numbers == [2]:
            raise OSError

    found: list[list[int]] = []
    with pytest.raises(OSError):  # noqa: PT011 any will do
        found.extend(stored_behind([[1], [2], [3]], store))
    assert found == [[1]]

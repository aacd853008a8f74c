"""A set of slots behaves as Python's set does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.slot_sets import SlotSet

NUMBER = st.one_of(st.integers(0, 40), st.integers(4070, 4130), st.integers(8180, 12300))
"""Around the edges of blocks, of 4096 slots each."""
STEPS = st.lists(st.tuples(st.booleans(), NUMBER, NUMBER), max_size=12)


def filled(steps: list[tuple[bool, int, int]]) -> tuple[SlotSet, set[int]]:
    """The same ranges put in and taken out of both."""
    slots, model = SlotSet(), set[int]()
    for is_added, first, end in steps:
        if is_added:
            slots.add(first, end)
            model |= set(range(first, end))
        else:
            slots.discard(first, end)
            model -= set(range(first, end))
    return slots, model


@given(STEPS, NUMBER)
def test_it_holds_what_was_put_in_and_not_taken_out(
    steps: list[tuple[bool, int, int]], number: int
) -> None:
    slots, model = filled(steps)
    assert list(slots) == sorted(model)
    assert len(slots) == len(model)
    assert (number in slots) == (number in model)


@given(STEPS, NUMBER)
def test_neighbours_are_found(steps: list[tuple[bool, int, int]], number: int) -> None:
    slots, model = filled(steps)
    assert slots.at_or_after(number) == min((n for n in model if n >= number), default=None)
    assert slots.before(number) == max((n for n in model if n < number), default=None)
    assert slots.first_absent(number) == min(set(range(number, 20_000)) - model)


@given(STEPS, NUMBER, NUMBER)
def test_runs_are_as_long_as_they_can_be_within_the_bounds(
    steps: list[tuple[bool, int, int]], first: int, end: int
) -> None:
    slots, model = filled(steps)
    runs = list(slots.runs(first, end))
    told = [number for low, high in runs for number in range(low, high)]
    assert told == sorted(n for n in model if first <= n < end)
    edges = [edge for run in runs for edge in run]
    assert edges == sorted(set(edges))


@pytest.mark.parametrize("number", [0, 4095, 4096, 8191])
def test_edges_of_blocks_are_numbers_like_others(number: int) -> None:
    slots = SlotSet()
    slots.add(number, number + 1)
    assert list(slots) == [number]
    assert slots.first_absent(number) == number + 1
    slots.discard(number, number + 1)
    assert list(slots) == []


def test_a_range_of_several_blocks_has_one_end() -> None:
    slots = SlotSet()
    slots.add(5, 12_288)
    assert slots.first_absent(5) == 12_288
    assert slots.before(12_288) == 12_287
    slots.discard(4096, 8192)
    assert slots.first_absent(5) == 4096
    assert slots.at_or_after(4096) == 8192
    assert slots.before(8192) == 4095


def test_a_range_far_wider_than_what_is_in_can_be_taken_out() -> None:
    slots = SlotSet()
    slots.add(5, 4000)
    slots.discard(10, 1 << 64)
    assert list(slots.runs()) == [(5, 10)]

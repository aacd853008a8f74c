"""Where a replay has to begin, for what was told of each slot."""

from monitor.core.banks import Meta
from monitor.core.holes import lowest_hole
from monitor.core.slots import SlotState


def told(number: int, *, parent: int | None = None, whole: bool = True) -> SlotState:
    """A confirmed slot; whole, or known by its BlockMeta alone."""
    state = SlotState(number)
    up = number - 1 if parent is None else parent
    bank = state.open_bank(1, 0, began_whole=whole)
    state.tie(bank, Meta(f"B{number}", up, f"B{up}", None, 0, 0))
    state.confirmed = f"B{number}"
    return state


def is_held(state: SlotState) -> bool:
    return state.dead is not None or any(bank.covers for bank in state.banks)


def hole(
    *states: SlotState, lowest: int = 0, covered: int = 99, closed_below: int = 4
) -> int | None:
    slots = {state.number: state for state in states}
    return lowest_hole(slots, lowest, covered, lambda slot: slot < closed_below, is_held)


def test_nothing_is_missing_where_every_slot_is_whole() -> None:
    assert hole(told(4), told(5), told(6)) is None


def test_the_lowest_slot_that_is_not_whole_is_the_hole() -> None:
    assert hole(told(4), told(5, whole=False), told(6, whole=False)) == 5


def test_what_lies_at_or_above_the_covered_slot_is_no_hole() -> None:
    assert hole(told(4), told(5, whole=False), covered=5) is None


def test_from_the_slot_met_before_a_parent_that_was_not() -> None:
    assert hole(told(4), told(9)) == 4


def test_a_parent_that_is_closed_was_met() -> None:
    assert hole(told(9), closed_below=9) is None


def test_a_slot_that_the_confirmed_chain_has_passed_by_is_no_hole() -> None:
    assert hole(told(4), SlotState(5), told(6, parent=4)) is None
    assert hole(told(4), SlotState(5), told(7, parent=6), told(6)) == 4
    assert hole(told(4), told(5, whole=False), told(7, parent=6), told(6)) == 5


def test_a_slot_that_died_is_no_hole() -> None:
    died = SlotState(5)
    died.dead = "dead"
    assert hole(told(4), died) is None

"""Whose block it is that a level has."""

import pytest

from monitor.core.banks import Bank
from monitor.core.chain import Commitment
from monitor.core.slots import SlotState

PROCESSED, CONFIRMED, FINALIZED = Commitment


def state_of(*banks: tuple[int, str | None]) -> SlotState:
    """A slot with a bank for each (era, blockhash)."""
    state = SlotState(5)
    for at, (era, blockhash) in enumerate(banks):
        state.banks.append(Bank(1 << at, at, at, state.shared, True, blockhash, era=era))
    return state


@pytest.mark.parametrize(
    ("banks", "blockhash"),
    [
        ([], None),
        ([(0, None)], None),
        ([(0, "first"), (0, None)], "first"),
        ([(0, "first"), (0, "first")], "first"),
        ([(0, "first"), (0, "second")], None),
        ([(0, "first"), (1, "second")], "first"),
    ],
)
def test_at_processed_it_is_the_block_of_the_banks_of_the_era_if_they_agree(
    banks: list[tuple[int, str | None]], blockhash: str | None
) -> None:
    state = state_of(*banks)
    assert state.told.blockhash_of(state, PROCESSED) == blockhash


def test_of_the_next_era_it_is_the_block_of_that_one() -> None:
    state = state_of((0, "first"), (1, "second"))
    state.told.era = 1
    assert state.told.blockhash_of(state, PROCESSED) == "second"


def test_at_the_other_levels_it_is_the_confirmed_block() -> None:
    state = state_of((0, "first"))
    assert state.told.blockhash_of(state, CONFIRMED) is None
    state.confirmed = "second"
    assert [state.told.blockhash_of(state, level) for level in (CONFIRMED, FINALIZED)] == [
        "second",
        "second",
    ]


def test_a_slot_begins_at_the_first_version_and_the_first_era() -> None:
    told = SlotState(5).told
    assert (told.versions, told.masks, told.era) == ([0, 0, 0], [0, 0, 0], 0)
    assert told.versions is not SlotState(6).told.versions

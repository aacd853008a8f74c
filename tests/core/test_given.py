"""What was handed on of a slot survives as bytes."""

from monitor.core.chain import Commitment, Kind
from monitor.core.given import pack, unpack
from monitor.core.slots import SlotState

SIGNATURE = bytes(range(64))


def handed_on() -> SlotState:
    state = SlotState(77)
    state.confirmed = "blockhash"
    state.told_level, state.released_level, state.statuses = Commitment.FINALIZED, 1, 0b11
    state.given = {
        (1, int(Kind.TRANSACTION), SIGNATURE),
        (1, int(Kind.BLOCK_META), "blockhash"),
        (1, int(Kind.BLOCK), ("blockhash", "m0")),
    }
    state.accounts_out[1].add(SIGNATURE[:32])
    state.untold = [
        (Commitment.CONFIRMED, Commitment.PROCESSED),
        (Commitment.FINALIZED, Commitment.CONFIRMED),
    ]
    state.remember_at_once()[Kind.ENTRY].add(b"\1" * 8)
    return state


def test_what_was_handed_on_comes_back() -> None:
    state = handed_on()
    again = unpack(77, pack(state, at_once=True))
    assert again.number == 77
    assert again.given == state.given
    assert again.given_at_once == state.given_at_once
    assert again.accounts_out == state.accounts_out
    assert again.untold == state.untold
    assert (again.confirmed, again.told_level) == ("blockhash", Commitment.FINALIZED)
    assert (again.released_level, again.statuses, again.finalized) == (1, 0b11, True)


def test_without_monitors_at_processed_nothing_of_that_level_is_kept() -> None:
    again = unpack(77, pack(handed_on(), at_once=False))
    assert not any(again.given_at_once or ())
    assert again.given


def test_a_slot_of_which_nothing_is_known_comes_back_empty() -> None:
    again = unpack(5, pack(SlotState(5), at_once=True))
    assert again.confirmed is None
    assert again.given == set()
    assert again.released_level == -1
    assert not again.finalized

"""Which accounts blocks wrote that are let go of, from when somebody asks until nobody does."""

from monitor.core.last_writes import LastWrites, written_in, written_in_any
from monitor.core.slots import SlotState
from tests.core.play import VAULT, Play, confirmed, created, meta, write

X, Y = b"x".ljust(32, b"\0"), b"y".ljust(32, b"\0")


def slot_of(number: int, *accounts: str, is_confirmed: bool = True) -> SlotState:
    play = Play(VAULT)
    play.says(1, created(number))
    play.says(1, *[write(number, each, f"t{at}", at) for at, each in enumerate(accounts)])
    play.says(1, meta(number, transactions=0))
    if is_confirmed:
        play.says(1, confirmed(number))
    return play.kernel.join.slots[number]


def test_nothing_is_noted_before_somebody_asks_and_after() -> None:
    writes = LastWrites()
    writes.note(slot_of(5, "x"))
    assert writes.since(0) == set()
    writes.begin()
    writes.note(slot_of(6, "y"))
    writes.begin()
    assert writes.since(0) == {Y}
    writes.end()
    assert writes.since(0) == set()


def test_of_each_account_the_last_slot_counts_in_whatever_order_slots_go() -> None:
    writes = LastWrites()
    writes.begin()
    for slot in (slot_of(8, "x"), slot_of(7, "x", "y")):
        writes.note(slot)
    assert writes.since(8) == {X}
    assert writes.since(7) == {X, Y}
    assert writes.since(9) == set()


def test_a_slot_without_a_block_of_the_chain_wrote_nothing() -> None:
    writes = LastWrites()
    writes.begin()
    writes.note(slot_of(5, "x", is_confirmed=False))
    assert writes.since(0) == set()


def test_what_banks_of_other_blocks_wrote_is_told_apart() -> None:
    play = Play(VAULT, feeds=2)
    play.says(1, created(5), write(5, "x", "t0", 1), meta(5, transactions=0))
    play.says(2, created(5), write(5, "y", "t0", 1), meta(5, "other", transactions=0))
    state = play.kernel.join.slots[5]
    assert set(written_in(state, "other")) == {Y}
    assert set(written_in_any(state)) == {X, Y}

"""What an RPC says of a block, held against what is known of its slot."""

from monitor.core.claims import contradiction, missing_of, size_of, tellers
from monitor.core.events import BlockFetched
from monitor.core.rungs import Rung
from monitor.core.slots import SlotState
from tests.core.play import ALL, Play, confirmed, created, meta, tx, write


def known(transactions: int = 1) -> SlotState:
    """Slot 5, of which a stream told the BlockMeta of `B5`."""
    told = meta(5, transactions=transactions)
    play = Play(ALL).says(1, created(5), tx(5, 0), told, confirmed(5))
    return play.kernel.join.slots[5]


def test_the_block_that_a_stream_told_contradicts_nothing() -> None:
    assert contradiction(known(transactions=3), meta(5, transactions=3)) is None


def test_a_block_of_an_unknown_slot_contradicts_nothing() -> None:
    assert contradiction(SlotState(5), meta(5)) is None


def test_the_block_that_a_child_names_contradicts_nothing() -> None:
    state = SlotState(5)
    state.confirmed = "B5"
    assert contradiction(state, meta(5, transactions=9)) is None


def test_another_block_than_the_confirmed_one_is_refused() -> None:
    assert contradiction(known(), meta(5, "A5")) == "its blockhash is A5, and B5 is confirmed"


def test_another_count_of_transactions_is_refused() -> None:
    why = contradiction(known(transactions=3), meta(5, transactions=2))
    assert why == "it has 2 transactions, and a stream told 3"


def test_another_parent_is_refused() -> None:
    assert contradiction(known(), meta(5, parent=3)) == "its parent is 3, and a stream told 4"


def test_another_block_of_the_same_parent_slot_is_refused() -> None:
    assert contradiction(known(), meta(5, parent_block="A4")) is not None


def test_a_block_is_as_large_as_its_frames() -> None:
    rows = [tx(5, 0), (*tx(5, 1)[:6], None), meta(5)]
    block = BlockFetched(5, Rung.RPC, (4,), rows, signatures=bytes(64))
    assert size_of(block) == len(b"frame of t0\0\0") + len(b"frame") + 64


def test_who_told_a_block_is_told_and_an_rpc_is_none_of_them() -> None:
    play = Play(ALL, feeds=3)
    play.block(1, 5, tx(5, 0)).block(2, 5, tx(5, 0)).block(3, 5, tx(5, 0), block="A5")
    play.says(1, confirmed(5))
    play.kernel.join.take_block(-1, 4, [tx(5, 0), meta(5)], 0.0)
    state = play.kernel.join.slots[5]
    assert tellers(state, "B5") == {0, 1}
    assert tellers(state, "A5") == {2}
    assert tellers(state, "C5") == set()


def test_what_an_endpoint_left_out_of_its_block_is_counted_and_accounts_are_not() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 5, tx(5, 0), tx(5, 1)).block(2, 5, tx(5, 2), transactions=2)
    play.says(1, confirmed(5))
    state = play.kernel.join.slots[5]
    rows = [*(tx(5, index) for index in range(4)), write(5, "x", "t0", 1), meta(5)]
    assert missing_of(state, 0, rows) == 2
    assert missing_of(state, 1, rows) == 3


def test_an_endpoint_has_none_of_a_block_when_it_told_another_of_the_slot() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5)).block(2, 5, tx(5, 0), block="A5")
    assert missing_of(play.kernel.join.slots[5], 1, [tx(5, 0)]) == 1


def test_banks_of_a_slot_that_is_told_twice_are_told_apart() -> None:
    play = Play(ALL)
    play.says(1, created(5), tx(5, 0), tx(5, 1), meta(5, "A5"))
    play.says(1, created(5), tx(5, 0), meta(5, transactions=1), confirmed(5))
    assert missing_of(play.kernel.join.slots[5], 0, [tx(5, 0), tx(5, 1)]) == 1

"""What an RPC says of a block, held against what is known of its slot."""

from monitor.core.claims import contradiction, size_of, transactions_of
from monitor.core.events import BlockFetched
from monitor.core.rungs import Rung
from monitor.core.slots import SlotState
from tests.core.play import ALL, Play, confirmed, created, entry, meta, tx


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
    block = BlockFetched(5, Rung.RPC, (4,), rows)
    assert size_of(block) == len(b"frame of t0\0\0") + len(b"frame")


def test_transactions_of_a_store_that_banks_share_count_once() -> None:
    play = Play(ALL, feeds=2)
    play.says(1, created(5), tx(5, 0), tx(5, 1), entry(5, 0)).says(2, created(5), tx(5, 0))
    assert transactions_of(play.kernel.join.slots[5]) == 2


def test_transactions_of_every_bank_are_counted() -> None:
    play = Play(ALL).says(1, created(5), tx(5, 0), meta(5), created(5), tx(5, 0), tx(5, 1))
    assert transactions_of(play.kernel.join.slots[5]) == 3

"""The order of the chain, and which write to an account was the last."""

from monitor.core.banks import Held, Store
from monitor.core.chain import Kind
from monitor.core.chain_order import in_chain_order, last_in
from monitor.core.events import Row
from tests.core.play import entry, meta, tx, write


def test_transactions_come_by_index_then_entries_then_the_block_meta() -> None:
    rows = [meta(5), entry(5, 1), tx(5, 2), entry(5, 0), tx(5, 0), tx(5, 1)]
    ordered = [row for _, row in in_chain_order([(1, row) for row in rows])]
    assert ordered == [tx(5, 0), tx(5, 1), tx(5, 2), entry(5, 0), entry(5, 1), meta(5)]


def test_statuses_stand_behind_transactions_and_blocks_before_the_block_meta() -> None:
    kinds = (Kind.BLOCK_META, Kind.BLOCK, Kind.TRANSACTION_STATUS, Kind.TRANSACTION)
    rows: list[Row] = [(int(kind), 5, b"key", 1, 0, 5, None) for kind in kinds]
    ordered = [row[0] for _, row in in_chain_order([(0, row) for row in rows])]
    assert ordered == [Kind.TRANSACTION, Kind.TRANSACTION_STATUS, Kind.BLOCK, Kind.BLOCK_META]


def test_of_one_index_what_came_first_stays_first() -> None:
    first, second = (0, tx(5, 0, "a")), (1, tx(5, 0, "b"))
    assert in_chain_order([second, first]) == [second, first]


def store_of(*writes: tuple[int, Row]) -> Store:
    """A store with these writes; each by the bank of this bit, in order of arrival."""
    store = Store()
    for bit, row in writes:
        store.accounts.setdefault(row[2], (bit, row))
        store.writes_of(bit)[row[2][:32]] = (row[4], row[2])
    return store


def named(found: dict[bytes, Held]) -> list[bytes | None]:
    return [held[1][6] for held in found.values()]


def test_the_last_write_is_that_of_the_highest_version_in_any_of_the_banks() -> None:
    store = store_of((1, write(5, "x", "t0", 1)), (2, write(5, "x", "t1", 2)))
    assert named(last_in(store, 0b11)) == [b"x by t1"]
    assert named(last_in(store, 0b01)) == [b"x by t0"]
    assert last_in(store, 0b100) == {}


def test_the_bank_that_is_asked_last_does_not_win_by_that() -> None:
    store = store_of((1, write(5, "x", "t1", 2)), (2, write(5, "x", "t0", 1)))
    assert named(last_in(store, 0b11)) == [b"x by t1"]


def test_a_write_whose_frame_was_let_go_of_is_none() -> None:
    store = store_of((1, write(5, "x", "t0", 1)), (1, write(5, "y", "t0", 1)))
    del store.accounts[write(5, "x", "t0", 1)[2]]
    assert named(last_in(store, 1)) == [b"y by t0"]

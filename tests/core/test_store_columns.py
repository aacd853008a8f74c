"""A store as columns is the same store again."""

from monitor.core.banks import Store
from monitor.core.chain import Kind
from monitor.core.events import Row
from monitor.core.plain_values import pack_value, unpack_value
from monitor.core.store_columns import columns_of, store_of
from tests.core.play import meta, tx, write


def again(store: Store, moved_ns: int = 0) -> Store:
    return store_of(unpack_value(pack_value(columns_of(store))), 5, moved_ns)


def same(one: Store, other: Store) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in Store.__slots__)


def holding(*rows: Row) -> Store:
    store = Store()
    for row in rows:
        store.tables[row[0]][row[2]] = 1
        store.held.append((0, row))
        store.held_bytes += len(row[6] or b"")
    return store


def test_an_empty_store_is_empty_again() -> None:
    assert same(again(Store()), Store())


def test_rows_of_every_kind_come_back_in_their_order() -> None:
    block: Row = (Kind.BLOCK, 5, ("B5", "all"), 1, None, 7, b"block")
    store = holding(tx(5, 1), meta(5), block, tx(5, 0), (*tx(5, 2)[:6], None))
    store.accounts = {
        row[2]: (1, row) for row in (write(5, "x", "t0", 2**64 - 1), write(5, "y", "t0", 3))
    }
    store.tables[Kind.ACCOUNT] = dict.fromkeys(store.accounts, 6)
    first, second = store.accounts
    store.writes = {2: {first[:32]: (2**64 - 1, first)}, 4: {second[:32]: (9, second)}}
    found = again(store)
    assert same(found, store)
    assert list(found.accounts) == [first, second]


def test_a_row_and_its_table_share_one_key() -> None:
    found = again(holding(tx(5, 0)))
    assert next(iter(found.tables[Kind.TRANSACTION])) is found.held[0][1][2]


def test_who_wants_a_row_comes_back_also_of_rows_that_are_gone() -> None:
    store = holding(tx(5, 0))
    store.masks = [{} for _ in store.tables]
    store.masks[Kind.TRANSACTION] = {tx(5, 1)[2]: 6, tx(5, 0)[2]: 2**70}
    assert same(again(store), store)


def test_rows_whose_key_is_in_no_table_come_back() -> None:
    store = holding(tx(5, 0), tx(5, 1))
    del store.tables[Kind.TRANSACTION][tx(5, 0)[2]]
    store.writes = {1: {write(5, "x", "t", 1)[2][:32]: (1, write(5, "x", "t", 1)[2])}}
    assert same(again(store), store)


def test_hundreds_of_different_bits_come_back() -> None:
    store = Store()
    store.tables[Kind.ENTRY] = {n.to_bytes(40, "big"): n for n in range(1000)}
    assert same(again(store), store)


def test_stamps_move_with_the_clock() -> None:
    assert [row[5] for _, row in again(holding(tx(5, 0)), 100).held] == [105]

"""One slot: stores, banks, and which rows are the block's."""

import pytest

from monitor.core.banks import Bank, Held, Meta, Store
from monitor.core.chain import Kind
from monitor.core.events import Row
from monitor.core.evidence import Parts, judge
from monitor.core.needs import Needs
from monitor.core.slots import SlotState
from tests.core.play import ALL, entry, tx, write

ALL_COUNTED = Needs.of([ALL])

FIRST = Meta("first", 4, "B4", 1, 2, 1)
SECOND = Meta("second", 4, "B4", 1, 1, 1)


def hold(bank: Bank, *rows: Row) -> None:
    """Put rows into the bank's store, as the join does."""
    store = bank.store
    for row in rows:
        table = store.tables[row[0]]
        known = row[2] in table
        table[row[2]] = table.get(row[2], 0) | bank.bit
        if row[0] == Kind.ACCOUNT:
            writes = store.writes_of(bank.bit)
            last = writes.get(row[2][:32])
            if last is None or row[4] >= last[0]:
                writes[row[2][:32]] = (row[4], row[2])
            store.accounts.setdefault(row[2], (bank.endpoint, row))
        elif not known:
            store.held.append((bank.endpoint, row))


def indexes(state: SlotState, blockhash: str, start: int = 0) -> list[int]:
    return [row[4] for _, row in state.rows_of(parts_of(state, blockhash), start)]


def parts_of(state: SlotState, blockhash: str) -> Parts:
    """Stores and bits whose rows are the block's."""
    covers = state.cover_bits(blockhash)
    return judge(state, blockhash, ALL_COUNTED, covers=covers, wanted=1).parts


def last_writes(state: SlotState, blockhash: str) -> list[bytes]:
    """Frames of the last writes, as the block's first cover orders them."""
    best = state.cover_bits(blockhash)
    return [frame(held) for held in state.last_writes(parts_of(state, blockhash), best)]


def all_writes(state: SlotState, blockhash: str) -> list[bytes]:
    return [frame(held) for held in state.all_writes(parts_of(state, blockhash))]


def frame(held: Held) -> bytes:
    assert held[1][6] is not None
    return held[1][6]


def test_first_banks_of_all_feeds_share_a_store_and_a_second_one_keeps_its_own() -> None:
    state = SlotState(5)
    one, two = (state.open_bank(feed, feed - 1, began_whole=True) for feed in (1, 2))
    assert one.store is two.store
    assert not state.contested
    again = state.open_bank(1, 1 - 1, began_whole=True)
    assert again.store is not one.store
    assert state.contested
    assert len({one.bit, two.bit, again.bit}) == 3
    state.check()


def test_a_bank_that_began_whole_covers_once_its_meta_is_there() -> None:
    state = SlotState(5)
    bank = state.open_bank(1, 1 - 1, began_whole=True)
    assert state.cover_bits("first") == 0
    state.tie(bank, FIRST)
    assert state.cover_bits("first") == bank.bit
    assert state.parent == 4


def test_a_bank_whose_beginning_was_missed_covers_nothing() -> None:
    state = SlotState(5)
    state.tie(state.open_bank(1, 1 - 1, began_whole=False), FIRST)
    assert state.cover_bits("first") == 0


def test_one_blockhash_is_the_sole_one_until_another_is_named() -> None:
    state = SlotState(5)
    assert state.sole_blockhash() is None
    state.tie(state.open_bank(1, 1 - 1, began_whole=True), FIRST)
    assert state.sole_blockhash() == "first"
    state.tie(state.open_bank(2, 2 - 1, began_whole=True), SECOND)
    assert state.sole_blockhash() is None
    assert state.contested


def test_a_parent_that_was_told_is_not_told_again() -> None:
    state = SlotState(5)
    state.parent = 3
    state.tie(state.open_bank(1, 1 - 1, began_whole=True), FIRST)
    assert state.parent == 3


def test_rows_are_those_of_the_blocks_banks_alone() -> None:
    state = SlotState(5)
    one, two = (state.open_bank(feed, feed - 1, began_whole=True) for feed in (1, 2))
    hold(one, tx(5, 0), tx(5, 1))
    hold(two, tx(5, 0), tx(5, 2))
    state.tie(one, FIRST)
    state.tie(two, SECOND)
    assert indexes(state, "first") == [0, 1]
    assert indexes(state, "second") == [0, 2]


def test_rows_follow_each_other_as_on_the_chain() -> None:
    state = SlotState(5)
    bank = state.open_bank(1, 1 - 1, began_whole=True)
    hold(bank, entry(5, 1), tx(5, 2), entry(5, 0), tx(5, 0))
    state.tie(bank, FIRST)
    assert [(row[0], row[4]) for _, row in state.rows_of(parts_of(state, "first"))] == [
        (Kind.TRANSACTION, 0),
        (Kind.TRANSACTION, 2),
        (Kind.ENTRY, 0),
        (Kind.ENTRY, 1),
    ]


def test_rows_can_be_asked_for_from_a_place_in_the_shared_store() -> None:
    state = SlotState(5)
    bank = state.open_bank(1, 1 - 1, began_whole=True)
    hold(bank, tx(5, 0), tx(5, 1))
    state.tie(bank, FIRST)
    assert indexes(state, "first", 1) == [1]


def test_rows_of_a_broken_feed_join_an_uncontested_block_that_nobody_covers() -> None:
    state = SlotState(5)
    broken, late = (
        state.open_bank(1, 1 - 1, began_whole=True),
        state.open_bank(2, 2 - 1, began_whole=False),
    )
    hold(broken, tx(5, 0))
    hold(late, tx(5, 1))
    state.tie(late, FIRST)
    assert indexes(state, "first") == [0, 1]


def test_rows_of_a_broken_feed_stay_out_of_a_block_that_another_covers() -> None:
    state = SlotState(5)
    broken, whole = (
        state.open_bank(1, 1 - 1, began_whole=True),
        state.open_bank(2, 2 - 1, began_whole=True),
    )
    hold(broken, tx(5, 9))
    hold(whole, tx(5, 0), tx(5, 1))
    state.tie(whole, FIRST)
    assert indexes(state, "first") == [0, 1]


def test_rows_of_a_broken_feed_join_a_contested_block_only_to_make_it_complete() -> None:
    state = SlotState(5)
    broken, late, other = (state.open_bank(feed, feed - 1, began_whole=False) for feed in (1, 2, 3))
    hold(broken, tx(5, 0))
    hold(late, tx(5, 1))
    hold(other, entry(5, 0))
    state.tie(other, SECOND)
    state.tie(late, FIRST)
    assert indexes(state, "first") == [0, 1]
    hold(broken, tx(5, 7))
    assert indexes(state, "first") == [1]


def test_nothing_joins_a_contested_block_of_which_no_meta_told() -> None:
    state = SlotState(5)
    hold(state.open_bank(1, 1 - 1, began_whole=True), tx(5, 0))
    state.open_bank(1, 1 - 1, began_whole=True)
    assert indexes(state, "told by a child") == []


def test_a_second_bank_brings_rows_of_its_own() -> None:
    state = SlotState(5)
    hold(state.open_bank(1, 1 - 1, began_whole=True), tx(5, 0, "x"))
    again = state.open_bank(1, 1 - 1, began_whole=True)
    hold(again, tx(5, 0, "y"))
    state.tie(again, SECOND)
    assert [row[2][:1] for _, row in state.rows_of(parts_of(state, "second"))] == [b"y"]


def test_the_last_write_is_the_one_of_the_highest_version() -> None:
    state = SlotState(5)
    bank = state.open_bank(1, 1 - 1, began_whole=True)
    hold(bank, write(5, "x", "t2", 9), write(5, "x", "t1", 8), write(5, "y", "t1", 1))
    state.tie(bank, FIRST)
    frames = last_writes(state, "first")
    assert frames == [b"x by t2", b"y by t1"]


def test_of_writes_with_one_version_the_later_one_is_the_last() -> None:
    state = SlotState(5)
    bank = state.open_bank(1, 1 - 1, began_whole=True)
    hold(bank, write(5, "x", "t1", 8), write(5, "x", "t2", 8))
    state.tie(bank, FIRST)
    assert last_writes(state, "first") == [b"x by t2"]


def test_writes_of_another_block_are_neither_last_nor_among_all() -> None:
    state = SlotState(5)
    one, two = (state.open_bank(feed, feed - 1, began_whole=True) for feed in (1, 2))
    hold(one, write(5, "x", "t1", 1))
    hold(two, write(5, "x", "t2", 99), write(5, "z", "t2", 99))
    state.tie(one, FIRST)
    state.tie(two, SECOND)
    assert last_writes(state, "first") == [b"x by t1"]
    assert all_writes(state, "first") == [b"x by t1"]


@pytest.mark.parametrize("versions", [(7, 8), (8, 7)])
def test_without_a_cover_the_last_write_is_the_highest_of_any_feed(
    versions: tuple[int, int],
) -> None:
    state = SlotState(5)
    one, two = (state.open_bank(feed, feed - 1, began_whole=False) for feed in (1, 2))
    hold(one, write(5, "x", f"t{versions[0]}", versions[0]))
    hold(two, write(5, "x", f"t{versions[1]}", versions[1]))
    for bank in (one, two):
        state.tie(bank, FIRST)
    assert last_writes(state, "first") == [b"x by t8"]


def twice_written(first: Row, again: Row) -> SlotState:
    """A bank that became another block wrote as the block did; the feed that shares its store told it later."""
    state = SlotState(5)
    old, fellow = (state.open_bank(feed, feed - 1, began_whole=True) for feed in (1, 2))
    hold(old, first)
    state.tie(old, SECOND)
    hold(fellow, again, write(5, "y", "t2", 8))
    new = state.open_bank(1, 1 - 1, began_whole=True)
    hold(new, again)
    for bank in (fellow, new):
        state.tie(bank, FIRST)
    return state


def test_a_write_that_a_replaced_bank_told_first_bears_the_version_of_the_block() -> None:
    state = twice_written(write(5, "x", "t1", 1), write(5, "x", "t1", 7))
    parts = parts_of(state, "first")
    for found in (state.last_writes(parts, state.cover_bits("first")), state.all_writes(parts)):
        assert [held[1][4] for held in found] == [7, 8]


def test_the_version_of_the_block_does_not_cost_a_monitor_its_event() -> None:
    first, again = (write(5, "x", "t1", version) for version in (1, 7))
    state = twice_written((*first[:3], 0b01, *first[4:]), (*again[:3], 0b10, *again[4:]))
    parts = parts_of(state, "first")
    for found in (state.last_writes(parts, state.cover_bits("first")), state.all_writes(parts)):
        assert next(held[1][3] for held in found) == 0b11


def test_all_writes_are_told_by_account_and_then_as_they_came() -> None:
    state = SlotState(5)
    bank = state.open_bank(1, 1 - 1, began_whole=True)
    hold(bank, write(5, "y", "t1", 1), write(5, "x", "t2", 3), write(5, "x", "t1", 2))
    state.tie(bank, FIRST)
    frames = all_writes(state, "first")
    assert frames == [b"x by t2", b"x by t1", b"y by t1"]


def test_rows_that_were_let_go_are_gone() -> None:
    state = SlotState(5)
    bank = state.open_bank(1, 1 - 1, began_whole=True)
    again = state.open_bank(1, 1 - 1, began_whole=True)
    hold(bank, tx(5, 0), write(5, "x", "t1", 1))
    hold(again, tx(5, 1))
    state.tie(bank, FIRST)
    state.forget_rows()
    assert state.rows_of(parts_of(state, "first")) == []
    assert last_writes(state, "first") == all_writes(state, "first") == []
    assert state.held_rows() == state.held_bytes() == 0


def test_what_would_bear_an_id_that_was_given_at_once_is_not_new() -> None:
    state = SlotState(5)
    assert state.is_new_at_once(tx(5, 0, "x"))
    assert not state.is_new_at_once(tx(5, 1, "x"))
    assert state.is_new_at_once(entry(5, 0))
    assert not state.is_new_at_once(entry(5, 0, name="other"))
    assert state.is_new_at_once(entry(5, 1))
    assert state.is_new_at_once(write(5, "x", "t1", 1))
    assert state.is_new_at_once(write(5, "x", "t2", 2))


def test_a_store_knows_whether_a_bank_brought_anything() -> None:
    store = Store()
    assert not store.has_rows(1)
    store.tables[Kind.ENTRY]["e"] = 2
    assert not store.has_rows(1)
    assert store.has_rows(2)


def test_a_row_that_two_stores_hold_is_new_to_each_level_once() -> None:
    state = SlotState(5)
    held = (0, tx(5, 0))
    assert state.first_time(1, held)
    assert state.first_time(1, held)  # one store cannot hold it twice, so nothing is remembered
    state.open_bank(1, 1 - 1, began_whole=True)
    state.open_bank(1, 1 - 1, began_whole=True)
    assert state.first_time(1, held)
    assert not state.first_time(1, held)
    assert state.first_time(2, held)


def test_what_was_handed_on_before_a_second_bank_is_not_new() -> None:
    state = SlotState(5)
    bank = state.open_bank(1, 1 - 1, began_whole=True)
    hold(bank, tx(5, 0))
    state.tie(bank, FIRST)
    state.confirmed, state.released_level, state.told_level = "first", 1, 1
    state.fresh_from = 1
    hold(bank, tx(5, 1))  # after the release
    state.open_bank(1, 1 - 1, began_whole=True)
    assert not state.first_time(1, (0, tx(5, 0)))
    assert state.first_time(1, (0, tx(5, 1)))
    assert state.first_time(2, (0, tx(5, 0)))

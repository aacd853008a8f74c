"""What a store of banks keeps, and what it lets go of."""

from monitor.core.banks import Store
from monitor.core.chain import Kind
from tests.core.play import tx, write


def filled() -> Store:
    """A transaction of bank 1, and a write of banks 1 and 2."""
    store = Store()
    row, account = tx(5, 0), write(5, "x", "t0", 7)
    store.tables[Kind.TRANSACTION][row[2]] = 0b01
    store.tables[Kind.ACCOUNT][account[2]] = 0b11
    store.held.append((0, row))
    store.accounts[account[2]] = (0, account)
    store.held_bytes = 20
    store.writes_of(0b01)[b"x"] = (7, account[2])
    return store


def test_a_bank_notes_its_last_writes_in_a_place_of_its_own() -> None:
    store = filled()
    assert store.writes_of(0b01) == {b"x": (7, write(5, "x", "t0", 7)[2])}
    assert store.writes_of(0b10) == {}
    store.writes_of(0b10)[b"y"] = (1, b"key")
    assert store.writes_of(0b10) == {b"y": (1, b"key")}
    assert b"y" not in store.writes_of(0b01)


def test_a_bank_has_rows_of_whatever_kind_it_brought() -> None:
    store = filled()
    assert store.has_rows(0b01)
    assert store.has_rows(0b10)
    assert not store.has_rows(0b100)


def test_without_its_frames_a_store_still_knows_what_came() -> None:
    store = filled()
    store.forget_rows()
    assert (store.held, store.held_bytes, store.accounts, store.writes) == ([], 0, {}, {})
    assert store.has_rows(0b10)

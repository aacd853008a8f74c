"""Keys of rows, and which of them are one event."""

from monitor.core.chain import Kind
from monitor.core.keys import account_of, are_signed, identity, is_signed
from tests.core.play import entry, tx, write

UNSIGNED = b"x".ljust(32, b"\0") + b"!" + bytes(16)


def test_a_write_with_a_signature_is_signed_and_one_with_a_hash_is_not() -> None:
    assert is_signed(write(5, "x", "t1", 1)[2])
    assert not is_signed(UNSIGNED)


def test_keys_are_signed_when_each_of_them_is() -> None:
    signed = [write(5, "x", by, 1)[2] for by in ("t1", "t2")]
    assert are_signed([])
    assert are_signed(signed)
    assert not are_signed([*signed, UNSIGNED])


def test_an_account_key_begins_with_the_account() -> None:
    assert account_of(write(5, "x", "t1", 1)[2]) == b"x".ljust(32, b"\0")


def test_a_transaction_is_one_event_at_whatever_index() -> None:
    for kind in (Kind.TRANSACTION, Kind.TRANSACTION_STATUS):
        assert identity(kind, tx(5, 0, "x")[2]) == identity(kind, tx(5, 1, "x")[2])
        assert identity(kind, tx(5, 0, "x")[2]) != identity(kind, tx(5, 0, "y")[2])


def test_an_entry_is_one_event_whatever_its_hash() -> None:
    one, other = entry(5, 0, name="one")[2], entry(5, 0, name="other")[2]
    assert identity(Kind.ENTRY, one) == identity(Kind.ENTRY, other)
    assert identity(Kind.ENTRY, one) != identity(Kind.ENTRY, entry(5, 1, name="one")[2])


def test_every_other_key_is_all_of_it_in_the_id() -> None:
    for row in (write(5, "x", "t1", 1), write(5, "x", "t2", 1)):
        assert identity(Kind.ACCOUNT, row[2]) == row[2]
    assert identity(Kind.BLOCK_META, "B5") == "B5"

"""Of which versions a sink holds something, as its ids tell."""

from monitor.runtime.versions import Versions


def test_ids_tell_who_has_something_of_a_version_and_who_its_undo() -> None:
    found = Versions.of(
        {
            b"5:transaction:x": 0b001,
            b"5:slot:processed": 0b010,
            b"5:undo:0": 0b011,
            b"5.1:account:y:z": 0b100,
            b"5.1:undo:1": 0b100,
        }
    )
    assert found == Versions(begun={0: 0b011, 1: 0b100}, undone={0: 0b011, 1: 0b100})


def test_what_is_no_part_of_a_block_begins_no_version() -> None:
    ids = (b"5:slot:dead", b"5:slot:created_bank", b"5:commitment:confirmed", b"no id of ours")
    assert Versions.of(dict.fromkeys(ids, 1)) == Versions()

"""What a start takes over from its sinks: levels, what may yet be lost, and undos that some sink lacks."""

from collections.abc import Mapping, Sequence
from typing import Any

from monitor.core.certificates import Certificate, SlotEnd
from monitor.core.chain import Commitment, Kind
from monitor.core.inherited import Inherited
from monitor.core.level_history import Switch
from monitor.core.monitors import Monitor
from monitor.ports import Written
from monitor.runtime.delivery import Route
from monitor.runtime.inheritance import READ_BACK, Inheritance, inherit
from monitor.runtime.outbox import Outbox
from monitor.runtime.resumption import Resumption
from monitor.wire.base58 import key_text, signature_text
from tests.runtime.fakes import DurableMemory, EvenDice, Journal

PROCESSED, CONFIRMED, FINALIZED = Commitment
FOLLOWS, ALSO = Monitor("follows"), Monitor("also")
FIXED = Monitor("fixed", commitment=CONFIRMED)
FINAL = Monitor("final", commitment=FINALIZED)
FIRST = 5
SIGNATURE, PUBKEY = bytes(63) + b"\x01", bytes(31) + b"\x02"
SIGNED, ACCOUNT = signature_text(SIGNATURE).encode(), key_text(PUBKEY).encode()


def route(written: Written, mask: int) -> Route:
    return Route(Outbox("file", DurableMemory(), Journal(), EvenDice()), mask, written)


def inheritance(
    *held: Written,
    monitors: Sequence[Monitor] = (FOLLOWS,),
    switches: Sequence[Switch] = (),
    closed: Sequence[int] = (),
) -> Inheritance:
    """Of sinks that held this; the daemon is at processed where no switch says otherwise."""
    certificates = tuple(Certificate(slot, SlotEnd.COMPLETE, "x") for slot in closed)
    resumed = Resumption(FIRST - 1, (), FIRST, None, closed=certificates, switches=tuple(switches))
    routes = [route(written, (1 << len(monitors)) - 1) for written in held]
    return inherit(resumed, routes, monitors, PROCESSED)


def ids(*texts: bytes, mask: int = 1) -> dict[bytes, int]:
    return dict.fromkeys(texts, mask)


def given_of(inherited: Inherited) -> dict[int, set[Any]]:
    return {kind: set(identities) for kind, identities in inherited.identities.items()}


def test_nothing_is_taken_over_where_sinks_held_nothing() -> None:
    assert inheritance({}) == Inheritance((), (), (), ())


def test_what_sinks_hold_at_processed_is_told_by_kind() -> None:
    held = ids(
        b"5:transaction:" + SIGNED,
        b"5:account:" + ACCOUNT + b":" + SIGNED,
        b"5:entry:3",
        b"5:slot:processed",
        b"5:slot:created_bank",
        b"5:block_meta:hash",
        b"5:block:hash",
        b"5:account:" + ACCOUNT + b":reconciled",
        b"5:transaction:none of ours",
        b"none of ours",
    )
    (one,) = inheritance({5: held}).inherited
    assert (one.slot, one.level, one.version, one.mask) == (5, PROCESSED, 0, 1)
    assert given_of(one) == {
        Kind.TRANSACTION: {SIGNATURE},
        Kind.ACCOUNT: {PUBKEY + SIGNATURE},
        Kind.ENTRY: {(3).to_bytes(8, "little")},
        Kind.SLOT: {int(PROCESSED)},
        Kind.BLOCK_META: {"hash"},
        Kind.BLOCK: {("hash", "follows")},
    }


def test_sinks_add_up_and_the_highest_version_counts() -> None:
    first = ids(b"5:entry:1", b"5:undo:0", b"5.1:entry:2")
    second = ids(b"5.1:entry:3", mask=2)
    monitors = (FOLLOWS, ALSO)
    (one,) = inheritance({5: first}, {5: second}, monitors=monitors).inherited
    assert (one.version, one.mask) == (1, 0b11)
    assert given_of(one) == {Kind.ENTRY: {n.to_bytes(8, "little") for n in (2, 3)}}


def test_an_undo_begins_a_version_of_which_nobody_has_anything() -> None:
    (one,) = inheritance({5: ids(b"5.1:entry:1", b"5.1:undo:1")}).inherited
    assert (one.version, one.mask, one.identities) == (2, 0, {})


def test_each_level_has_versions_of_its_own() -> None:
    held = {5: ids(b"5:block_meta:a") | ids(b"5:block_meta:b", b"5:undo:0", mask=2)}
    found = inheritance(held, monitors=(FOLLOWS, FIXED)).inherited
    told = {(one.level, one.version, one.mask): given_of(one) for one in found}
    assert told == {
        (PROCESSED, 0, 1): {Kind.BLOCK_META: {"a"}},
        (CONFIRMED, 1, 0): {},
    }


def test_of_an_id_that_levels_share_each_has_its_part() -> None:
    (low, high) = inheritance({5: ids(b"5:block:h", mask=0b11)}, monitors=(FIXED, ALSO)).inherited
    assert (low.level, low.mask, given_of(low)) == (CONFIRMED, 1, {Kind.BLOCK: {("h", "fixed")}})
    assert (high.level, high.mask, given_of(high)) == (PROCESSED, 2, {Kind.BLOCK: {("h", "also")}})


def test_what_is_closed_or_before_the_first_slot_is_not_told_and_what_is_final_is() -> None:
    held = {slot: ids(b"%d:entry:1" % slot) for slot in (FIRST - 1, 5, 6)}
    found = inheritance(held, closed=[6]).inherited
    assert [one.slot for one in found] == [5]
    (final,) = inheritance({5: ids(b"5:entry:1")}, monitors=(FINAL,)).inherited
    assert (final.slot, final.level) == (5, FINALIZED)


def test_the_level_is_the_one_that_the_slot_had() -> None:
    switch = Switch(6, CONFIRMED, PROCESSED, "forks")
    held = {slot: ids(b"%d:entry:1" % slot) for slot in (5, 6)}
    found = inheritance(held, switches=[switch])
    assert [(one.slot, one.level) for one in found.inherited] == [(5, PROCESSED), (6, CONFIRMED)]
    assert (found.switches, found.found) == ((switch,), ())


def test_a_switch_that_only_a_sink_knows_is_found() -> None:
    stored = Switch(3, CONFIRMED, FINALIZED, "calm")
    held: Mapping[int, dict[bytes, int]] = {
        6: ids(b"6:commitment:processed", b"6:entry:1"),
        8: ids(b"8:commitment:finalized", b"8:commitment:none"),
    }
    found = inheritance(dict(held), switches=[stored])
    assert found.found == (
        Switch(6, PROCESSED, CONFIRMED, READ_BACK),
        Switch(8, FINALIZED, PROCESSED, READ_BACK),
    )
    assert found.switches == (stored, *found.found)
    assert [(one.slot, one.level) for one in found.inherited] == [(6, PROCESSED)]


def test_a_switch_that_is_stored_and_written_is_one() -> None:
    stored = Switch(6, CONFIRMED, PROCESSED, "forks")
    found = inheritance({6: ids(b"6:commitment:confirmed")}, switches=[stored])
    assert (found.switches, found.found) == ((stored,), ())


def test_a_switch_below_all_that_is_stored_comes_from_where_the_store_begins() -> None:
    stored = Switch(9, FINALIZED, PROCESSED, "forks")
    found = inheritance({6: ids(b"6:commitment:confirmed")}, switches=[stored])
    assert found.found == (Switch(6, CONFIRMED, PROCESSED, READ_BACK),)


def test_an_undo_that_one_sink_lacks_is_given_again_for_who_has_something_to_take_back() -> None:
    first = {5: ids(b"5:entry:1", b"5:undo:0"), 6: ids(b"6:entry:1", b"6:undo:0")}
    second = {5: ids(b"5:entry:1"), 6: ids(b"6:entry:1")}
    third = {5: ids(b"5:slot:dead")}
    found = inheritance(first, second, third)
    told = [
        (each.commitment, *released[:4], released[5][:3])
        for each in found.undos
        for released in each.released
    ]
    assert told == [(PROCESSED, 1, -1, False, 0, (Kind.UNDO, slot, 0)) for slot in (6, 5)]


def test_no_undo_is_given_again_where_every_sink_has_it() -> None:
    held = {5: ids(b"5:entry:1", b"5:undo:0", b"5.1:entry:1")}
    assert inheritance(held, {5: dict(held[5])}, {}).undos == ()

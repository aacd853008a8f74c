"""Frames become rows in the layout that core/events.py names."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.core.chain import Kind
from monitor.core.errors import FrameMalformed
from monitor.core.events import Row
from monitor.wire.base58 import hash_text
from monitor.wire.names import NameTable
from monitor.wire.pb import geyser_lazy_pb2, geyser_pb2
from monitor.wire.peek import peek, unsigned_key
from tests.wire.frames import PUBKEY, SIGNATURE, SLOT, account, frame, transaction

LONG = "n" * 128


def table(judged: int = 0) -> NameTable:
    names = NameTable(4, {"usdc": 1, "vault": 2, LONG: 4}, judge=lambda _kind, _frame: judged)
    names.serve(128, ((1, "usdc"), (2, "vault")))
    return names


def twice(raw: bytes, names: NameTable | None = None) -> list[Row]:
    """The rows of a frame that is new, and the same again now that it is known."""
    names = names or table()
    first = peek([(11, raw)], names)
    again = peek([(11, raw)], names)
    assert first == again
    return first


def test_reads_a_transaction() -> None:
    raw = frame("usdc", transaction=transaction())

    assert twice(raw) == [(Kind.TRANSACTION, SLOT, SIGNATURE + b"\x03" + bytes(7), 1, 3, 11, raw)]


def test_reads_a_transaction_status() -> None:
    status = geyser_pb2.SubscribeUpdateTransactionStatus(slot=SLOT, signature=SIGNATURE, index=9)
    raw = frame("usdc", transaction_status=status)

    assert twice(raw) == [
        (Kind.TRANSACTION_STATUS, SLOT, SIGNATURE + b"\x09" + bytes(7), 1, 9, 11, raw)
    ]


def test_reads_an_account_write_of_a_transaction() -> None:
    raw = frame("vault", account=account())

    assert twice(raw) == [(Kind.ACCOUNT, SLOT, PUBKEY + SIGNATURE, 2, 77, 11, raw)]


def test_an_unsigned_write_is_known_by_its_content() -> None:
    raw = frame("vault", account=account(txn_signature=None))

    ((_, _, key, _, _, _, _),) = twice(raw)

    assert key[:33] == PUBKEY + b"!"
    assert len(key) == 49


@pytest.mark.parametrize(
    "other",
    [
        {"lamports": 1},
        {"owner": b"o" * 32},
        {"executable": True},
        {"rent_epoch": 0},
        {"data": b"datb"},
        {"lamports": 2_039_28, "rent_epoch": 0},
    ],
)
def test_unsigned_writes_of_other_content_have_other_keys(other: dict[str, Any]) -> None:
    def key(**write: Any) -> bytes:
        raw = account(txn_signature=None, **write).account.SerializeToString()
        return unsigned_key(geyser_lazy_pb2.SubscribeUpdateAccountInfo.FromString(raw))

    assert key() == key(write_version=78)
    assert key() != key(**other)


def test_reads_an_entry() -> None:
    entry = geyser_pb2.SubscribeUpdateEntry(slot=SLOT, index=5, hash=b"h" * 32)
    raw = frame("usdc", entry=entry)

    assert twice(raw) == [(Kind.ENTRY, SLOT, b"h" * 32 + (5).to_bytes(8, "little"), 1, 5, 11, raw)]


def test_a_slot_under_the_hidden_name_leaves_its_monitors_to_the_core() -> None:
    slot = geyser_pb2.SubscribeUpdateSlot(slot=SLOT, parent=SLOT - 1)
    slot.status = geyser_pb2.SLOT_CONFIRMED
    raw = frame("~4", slot=slot)

    assert twice(raw) == [(Kind.SLOT, SLOT, 1, 0, (SLOT - 1, None, 4), 11, raw)]


def test_a_dead_slot_says_why() -> None:
    slot = geyser_pb2.SubscribeUpdateSlot(slot=SLOT, dead_error="bad entry")
    slot.status = geyser_pb2.SLOT_DEAD
    raw = frame("~4", slot=slot)

    assert twice(raw) == [(Kind.SLOT, SLOT, 6, 0, (None, "bad entry", 4), 11, raw)]


def test_a_slot_of_an_older_generation_keeps_its_number() -> None:
    raw = frame("~3", slot=geyser_pb2.SubscribeUpdateSlot(slot=SLOT))

    assert twice(raw)[0][4] == (None, None, 3)


def test_a_status_of_tomorrow_gives_no_row() -> None:
    slot = geyser_pb2.SubscribeUpdateSlot(slot=SLOT, status=7)  # type: ignore[arg-type]
    raw = frame("~4", slot=slot)

    assert twice(raw) == []


def test_reads_a_block_meta() -> None:
    meta = geyser_pb2.SubscribeUpdateBlockMeta(
        slot=SLOT,
        blockhash="hash",
        parent_slot=SLOT - 2,
        parent_blockhash="parent",
        executed_transaction_count=1500,
        entries_count=900,
    )
    meta.block_height.block_height = 339
    raw = frame("~4", block_meta=meta)

    extra = (SLOT - 2, "parent", 339, 1500, 900, 4, b"")
    assert twice(raw) == [(Kind.BLOCK_META, SLOT, "hash", 128, extra, 11, raw)]


def test_a_block_meta_names_the_bytes_of_its_hash() -> None:
    digest = bytes(range(32))
    meta = geyser_pb2.SubscribeUpdateBlockMeta(slot=SLOT, blockhash=hash_text(digest))

    assert twice(frame("~4", block_meta=meta))[0][4][6] == digest


def test_an_old_block_has_no_height() -> None:
    raw = frame("~4", block_meta=geyser_pb2.SubscribeUpdateBlockMeta(slot=SLOT, blockhash="hash"))

    assert twice(raw)[0][4] == (0, "", None, 0, 0, 4, b"")


def test_a_block_gives_one_row_for_its_filter() -> None:
    raw = frame("vault", block=geyser_pb2.SubscribeUpdateBlock(slot=SLOT, blockhash="hash"))

    assert twice(raw) == [(Kind.BLOCK, SLOT, ("hash", "vault"), 2, None, 11, raw)]


def test_a_superset_block_gives_a_row_for_each_monitor() -> None:
    raw = frame("~sblock", block=geyser_pb2.SubscribeUpdateBlock(slot=SLOT, blockhash="hash"))

    assert [(row[2], row[3]) for row in twice(raw)] == [
        (("hash", "usdc"), 1),
        (("hash", "vault"), 2),
    ]


def test_reads_ping_and_pong() -> None:
    ping = frame(ping=geyser_pb2.SubscribeUpdatePing())
    pong = frame(pong=geyser_pb2.SubscribeUpdatePong(id=6))

    assert twice(ping) == [(Kind.PING, 0, 0, 0, None, 11, ping)]
    assert twice(pong) == [(Kind.PONG, 0, 6, 0, None, 11, pong)]


def test_several_names_in_any_order_give_one_mask() -> None:
    names = table()

    rows = peek(
        [
            (1, frame("usdc", "vault", transaction=transaction())),
            (2, frame("vault", "usdc", transaction=transaction())),
        ],
        names,
    )

    assert [row[3] for row in rows] == [3, 3]


def test_a_name_of_the_greatest_length_is_read() -> None:
    raw = frame(LONG, "usdc", transaction=transaction())

    assert twice(raw) == [(Kind.TRANSACTION, SLOT, SIGNATURE + b"\x03" + bytes(7), 5, 3, 11, raw)]


def test_the_same_names_under_another_kind_are_read_as_that_kind() -> None:
    names = table()
    rows = peek(
        [(1, frame("usdc", transaction=transaction())), (2, frame("usdc", account=account()))] * 2,
        names,
    )

    assert [row[0] for row in rows] == [Kind.TRANSACTION, Kind.ACCOUNT] * 2


def test_a_superset_is_judged_here() -> None:
    raw = frame("~stransaction", transaction=transaction())

    assert twice(raw, table(judged=2))[0][3] == 2
    assert twice(raw, table(judged=0)) == []


def test_a_stranger_is_judged_here_and_counted() -> None:
    names = table(judged=2)
    raw = frame("usdc", "who", transaction=transaction())

    rows = twice(raw, names)

    assert rows[0][3] == 3
    assert names.strangers == 2


def test_block_footers_and_unknown_members_give_no_row() -> None:
    footer = frame("usdc", block_footer=geyser_pb2.SubscribeUpdateBlockFooter(slot=SLOT))
    tomorrow = b"\x0a\x04usdc" + b"\xaa\x01\x02\x08\x01"  # field 21

    assert peek([(1, footer), (2, tomorrow), (3, b"")], table()) == []


def test_names_seen_before_are_not_read_again() -> None:
    names = table()
    raw = frame("vault", "usdc", transaction=transaction())
    peek([(1, raw)], names)
    (prefix,) = names.prefixes

    assert prefix == b"\x0a\x05vault\x0a\x04usdc\x22"

    names.prefixes[prefix] = (lambda *_: (4, 9, "as learned", 0, None, 1, None)), 0
    assert peek([(1, raw)], names)[0][2] == "as learned"


def test_slot_zero_is_a_slot() -> None:
    raw = frame("usdc", transaction=transaction(slot=0))

    assert twice(raw) == [(Kind.TRANSACTION, 0, SIGNATURE + b"\x03" + bytes(7), 1, 3, 11, raw)]


def test_a_second_member_displaces_the_first() -> None:
    names = table()
    first = frame("usdc", transaction=transaction())
    peek([(1, first)], names)
    second = geyser_pb2.SubscribeUpdate(account=account()).SerializeToString()

    ((kind, slot, *_),) = peek([(2, first + second)], names)

    assert (kind, slot) == (Kind.ACCOUNT, SLOT)


def test_names_after_the_member_are_read_too() -> None:
    raw = frame("usdc", transaction=transaction()) + frame("vault")

    assert twice(raw)[0][3] == 3


def test_bytes_that_do_not_parse_are_malformed() -> None:
    raw = frame("usdc", transaction=transaction())

    with pytest.raises(FrameMalformed, match="did not parse"):
        peek([(1, raw[:-1])], table())


def test_malformed_bytes_take_nothing_away_of_the_frames_before_them() -> None:
    raw = frame("usdc", transaction=transaction())

    with pytest.raises(FrameMalformed) as malformed:
        peek([(1, raw), (2, raw[:-1]), (3, raw)], table())
    assert malformed.value.rows == peek([(1, raw)], table())


@given(st.binary(max_size=64))
@example(b"\x0a")
@example(b"\x0a\xff")
@example(b"\x0a\x01")
@example(b"\x0a\x04usdc")
@example(b"\x0a\x04usdc\x22\x01")
def test_arbitrary_bytes_are_rows_or_malformed(raw: bytes) -> None:
    names = table()
    known = frame("usdc", transaction=transaction())
    peek([(1, known)], names)
    for candidate in (raw, known[:7] + raw):
        try:
            rows = peek([(1, candidate)], names)
        except FrameMalformed:
            continue
        assert all(row[6] == candidate for row in rows)

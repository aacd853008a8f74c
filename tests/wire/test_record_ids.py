"""Ids are read back as what they were made of: every kind through the writer, and what is no id."""

from typing import Any

import pytest

from monitor.core.chain import Commitment, Kind, SlotStatus
from monitor.core.commands import Released
from monitor.core.keys import identity
from monitor.wire.pb import geyser_pb2 as pb
from monitor.wire.record_ids import Named, identity_of, named
from tests.wire.record_samples import (
    ACCOUNT_INFO,
    BLOCKHASH,
    ENTRY,
    KEY,
    META,
    SIGNATURE,
    TRANSACTION_INFO,
    encode,
)
from tests.wire.test_records import RECEIVED_AT, WRITER, _released

UNSIGNED = pb.SubscribeUpdateAccountInfo()
UNSIGNED.CopyFrom(ACCOUNT_INFO)
UNSIGNED.ClearField("txn_signature")
BLOCK_META = pb.SubscribeUpdateBlockMeta(**META)
INDEX = (4).to_bytes(8, "little")


def id_of(released: Released, level: Commitment) -> bytes:
    line = encode(WRITER, released, level, RECEIVED_AT)
    return line[len(b'{"id":"') :].partition(b'"')[0]


def made(kind: Kind, key: Any, version: int = 0) -> Released:
    messages: dict[Kind, Any] = {
        Kind.TRANSACTION: pb.SubscribeUpdateTransaction(transaction=TRANSACTION_INFO, slot=300),
        Kind.TRANSACTION_STATUS: pb.SubscribeUpdateTransactionStatus(signature=SIGNATURE, slot=300),
        Kind.ACCOUNT: pb.SubscribeUpdateAccount(
            account=ACCOUNT_INFO if key[32:] == SIGNATURE else UNSIGNED, slot=300
        ),
        Kind.ENTRY: ENTRY,
        Kind.BLOCK_META: BLOCK_META,
    }
    return _released(kind, key, messages[kind], version=version)


@pytest.mark.parametrize("version", [0, 3])
@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (Kind.TRANSACTION, SIGNATURE + bytes(8)),
        (Kind.TRANSACTION_STATUS, SIGNATURE + bytes(8)),
        (Kind.ACCOUNT, KEY + SIGNATURE),
        (Kind.ACCOUNT, KEY + b"!" + bytes(range(16))),
        (Kind.ENTRY, bytes(32) + INDEX),
        (Kind.BLOCK_META, BLOCKHASH),
    ],
)
def test_what_is_in_an_id_is_the_identity_that_the_core_knows(
    kind: Kind, key: Any, version: int
) -> None:
    begun = named(id_of(made(kind, key, version), Commitment.PROCESSED))
    assert begun is not None
    assert begun[:3] == (300, version, kind)
    assert identity_of(kind, begun.key) == identity(kind, key)


def test_of_a_last_write_and_of_a_block_an_id_tells_less() -> None:
    begun = named(id_of(made(Kind.ACCOUNT, KEY + SIGNATURE), Commitment.CONFIRMED))
    assert begun is not None
    assert identity_of(Kind.ACCOUNT, begun.key) == KEY
    assert identity_of(Kind.BLOCK, BLOCKHASH.encode()) == BLOCKHASH


@pytest.mark.parametrize("status", list(SlotStatus))
def test_a_level_is_part_of_a_block_and_what_was_observed_is_not(status: SlotStatus) -> None:
    released = _released(Kind.SLOT, int(status), None, (298, None, False), endpoint=-1)
    begun = named(id_of(released, Commitment.PROCESSED))
    assert begun is not None
    expected = int(status) if status <= SlotStatus.FINALIZED else None
    assert identity_of(begun.kind, begun.key) == expected


@pytest.mark.parametrize("key", [b"x:reconciled", b"x:00:reconciled"])
def test_a_state_that_stands_for_lost_writes_is_no_part_of_a_block(key: bytes) -> None:
    assert identity_of(Kind.ACCOUNT, key) is None


def test_undo_tells_the_version_and_commitment_the_level() -> None:
    assert named(b"300.2:undo:2") == Named(300, 2, Kind.UNDO, b"2")
    assert identity_of(Kind.UNDO, b"2") == 2
    assert identity_of(Kind.COMMITMENT, b"finalized") is Commitment.FINALIZED


def test_a_text_that_json_escapes_is_read_as_it_was() -> None:
    assert identity_of(Kind.BLOCK_META, rb"\\1\u000a") == "\\1\n"


@pytest.mark.parametrize(
    "text", [b"", b"x", b"300", b"300:other:1", b"300.x:undo:1", b"a:undo:1", b":undo:1"]
)
def test_what_is_no_id_of_ours_tells_nothing(text: bytes) -> None:
    assert named(text) is None


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (Kind.TRANSACTION, b"1"),
        (Kind.ACCOUNT, b"1"),
        (Kind.ACCOUNT, b"1" * 32 + b":" + b"g" * 32),
        (Kind.ENTRY, b"first"),
        (Kind.ENTRY, b"-1"),
        (Kind.SLOT, b"other"),
        (Kind.COMMITMENT, b"other"),
        (Kind.BLOCK_META, b"\\"),
        (Kind.BLOCK_META, b"\xff"),
    ],
)
def test_a_key_of_another_kind_is_refused(kind: Kind, key: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        identity_of(kind, key)

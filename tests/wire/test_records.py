"""Records as users read them: whole lines, written here by hand, so that names and order of keys are held too."""

import json
from typing import Any

import pytest
from google.protobuf.message import Message

from monitor.core.chain import Commitment, Kind, SlotStatus
from monitor.core.commands import Released
from monitor.core.errors import FrameMalformed
from monitor.core.monitors import DataSlice
from monitor.core.origins import Origins
from monitor.wire.pb import geyser_pb2 as pb
from monitor.wire.pb import solana_storage_pb2 as storage
from monitor.wire.records import RecordWriter, utc_text
from tests.wire.record_samples import (
    ACCOUNT_FIELDS,
    ACCOUNT_INFO,
    BLOCKHASH,
    ENTRY,
    ENTRY_FIELDS,
    KEY,
    KEY_TEXT,
    META,
    META_FIELDS,
    PARENT_HASH,
    SIGNATURE,
    SIGNATURE_TEXT,
    TRANSACTION_FIELDS,
    TRANSACTION_INFO,
    encode,
)

RECEIVED_AT = 1_795_246_920_123_456_789

MONITORS = ["usdc", "vault", "chain"]
WRITER = RecordWriter(["ams", "nyc", "tyo"], MONITORS)


def _released(
    kind: Kind, key: Any, message: Message | None, extra: Any = None, **changes: Any
) -> Released:
    frame = None
    if message is not None:
        member = {kind.name.lower(): message}
        frame = pb.SubscribeUpdate(filters=["usdc"], **member).SerializeToString()  # type: ignore[arg-type]
    return (
        0b101,
        changes.get("endpoint", 1),
        changes.get("late", False),
        changes.get("version", 0),
        changes.get("blockhash", BLOCKHASH),
        (int(kind), 300, key, 0b101, extra, 123, frame),
    )


def _encode(
    released: Released, commitment: Commitment = Commitment.CONFIRMED, **options: Any
) -> bytes:
    return encode(WRITER, released, commitment, RECEIVED_AT, **options)


def _line(
    record_id: str,
    kind: str,
    fields: str,
    *,
    commitment: str = "confirmed",
    endpoint: str = '"nyc"',
) -> bytes:
    return (
        f'{{"id":"{record_id}","kind":"{kind}","monitors":["usdc","chain"],"slot":300,"version":0,'
        f'"commitment":"{commitment}","source":"live","endpoint":{endpoint},'
        f'"received_at":"2026-11-21T07:42:00.123456Z","late":false,{fields}}}\n'
    ).encode()


def _transaction(info: pb.SubscribeUpdateTransactionInfo, **changes: Any) -> Released:
    update = pb.SubscribeUpdateTransaction(transaction=info, slot=300)
    return _released(Kind.TRANSACTION, info.signature, update, 7, **changes)


def _account(info: pb.SubscribeUpdateAccountInfo, key: bytes, **changes: Any) -> Released:
    update = pb.SubscribeUpdateAccount(account=info, slot=300)
    return _released(Kind.ACCOUNT, key, update, 77, **changes)


def test_transaction() -> None:
    assert _encode(_transaction(TRANSACTION_INFO)) == _line(
        f"300:transaction:{SIGNATURE_TEXT}", "transaction", TRANSACTION_FIELDS
    )


def test_transaction_at_processed_may_not_know_its_blockhash() -> None:
    line = _encode(_transaction(TRANSACTION_INFO, blockhash=None), Commitment.PROCESSED)
    fields = TRANSACTION_FIELDS.replace(f'"{BLOCKHASH}"', "null")
    assert line == _line(
        f"300:transaction:{SIGNATURE_TEXT}", "transaction", fields, commitment="processed"
    )


def test_transaction_status() -> None:
    status = pb.SubscribeUpdateTransactionStatus(
        slot=300,
        signature=SIGNATURE,
        is_vote=True,
        index=7,
        err=storage.TransactionError(err=bytes(4)),
    )
    identity = f'"blockhash":"{BLOCKHASH}","index":7,"signature":"{SIGNATURE_TEXT}","is_vote":true'
    record_id = f"300:transaction_status:{SIGNATURE_TEXT}"
    assert _encode(_released(Kind.TRANSACTION_STATUS, SIGNATURE, status, 7)) == _line(
        record_id, "transaction_status", f'{identity},"failed":true,"err":"AccountInUse"'
    )
    status.ClearField("err")
    assert _encode(_released(Kind.TRANSACTION_STATUS, SIGNATURE, status, 7)) == _line(
        record_id, "transaction_status", f'{identity},"failed":false,"err":null'
    )


@pytest.mark.parametrize(
    ("commitment", "every_write", "tail"),
    [
        (Commitment.PROCESSED, False, f":{SIGNATURE_TEXT}"),
        (Commitment.CONFIRMED, False, ""),
        (Commitment.FINALIZED, False, ""),
        (Commitment.FINALIZED, True, f":{SIGNATURE_TEXT}"),
    ],
)
def test_account(commitment: Commitment, every_write: bool, tail: str) -> None:
    line = _encode(_account(ACCOUNT_INFO, KEY + SIGNATURE), commitment, every_write=every_write)
    assert line == _line(
        f"300:account:{KEY_TEXT}{tail}",
        "account",
        ACCOUNT_FIELDS,
        commitment=commitment.name.lower(),
    )


def test_account_written_by_no_transaction() -> None:
    info = pb.SubscribeUpdateAccountInfo()
    info.CopyFrom(ACCOUNT_INFO)
    info.ClearField("txn_signature")
    row_key = KEY + b"!" + bytes(range(16))
    fields = ACCOUNT_FIELDS.replace(f'"{SIGNATURE_TEXT}"', "null")
    assert _encode(_account(info, row_key), Commitment.PROCESSED) == _line(
        f"300:account:{KEY_TEXT}:000102030405060708090a0b0c0d0e0f",
        "account",
        fields,
        commitment="processed",
    )
    assert _encode(_account(info, row_key)) == _line(f"300:account:{KEY_TEXT}", "account", fields)


@pytest.mark.parametrize(
    ("data_slices", "expected"),
    [
        (None, "MDEyMzQ1Njc4OQ=="),
        ((), "MDEyMzQ1Njc4OQ=="),
        ((DataSlice(0, 10),), "MDEyMzQ1Njc4OQ=="),
        ((DataSlice(0, 2), DataSlice(8, 2)), "MDE4OQ=="),
        ((DataSlice(0, 2), DataSlice(8, 3)), "MDE="),
        ((DataSlice(10, 0),), ""),
        ((DataSlice(11, 0),), ""),
    ],
)
def test_a_data_slice_is_taken_whole_or_not_at_all(
    data_slices: tuple[DataSlice, ...] | None, expected: str
) -> None:
    line = _encode(_account(ACCOUNT_INFO, KEY + SIGNATURE), data_slices=data_slices)
    assert json.loads(line)["data"] == expected


def test_entry() -> None:
    assert _encode(_released(Kind.ENTRY, 4, ENTRY)) == _line("300:entry:4", "entry", ENTRY_FIELDS)


def test_block_meta() -> None:
    meta = pb.SubscribeUpdateBlockMeta(**META)
    assert _encode(_released(Kind.BLOCK_META, BLOCKHASH, meta)) == _line(
        f"300:block_meta:{BLOCKHASH}", "block_meta", META_FIELDS
    )


def test_block_meta_of_an_old_block_has_nulls() -> None:
    meta = pb.SubscribeUpdateBlockMeta(slot=300, blockhash=BLOCKHASH, parent_blockhash=PARENT_HASH)
    assert _encode(_released(Kind.BLOCK_META, BLOCKHASH, meta)) == _line(
        f"300:block_meta:{BLOCKHASH}",
        "block_meta",
        f'"blockhash":"{BLOCKHASH}","parent_slot":0,"parent_blockhash":"{PARENT_HASH}",'
        '"block_height":null,"block_time":null,"executed_transaction_count":0,'
        '"entries_count":null,"rewards":[]',
    )


def test_block_holds_its_parts_without_the_envelope() -> None:
    block = pb.SubscribeUpdateBlock(
        **META, transactions=[TRANSACTION_INFO], accounts=[ACCOUNT_INFO], entries=[ENTRY]
    )
    released = _released(Kind.BLOCK, (BLOCKHASH, "usdc"), block)
    parts = (
        f'"transactions":[{{{TRANSACTION_FIELDS}}}],"accounts":[{{{ACCOUNT_FIELDS}}}],'
        f'"entries":[{{{ENTRY_FIELDS}}}]'
    )
    assert _encode(released) == _line(f"300:block:{BLOCKHASH}", "block", f"{META_FIELDS},{parts}")
    cut = json.loads(_encode(released, data_slices=(DataSlice(1, 2),)))
    assert cut["accounts"][0]["data"] == "MTI="


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (SlotStatus.PROCESSED, "processed"),
        (SlotStatus.CONFIRMED, "confirmed"),
        (SlotStatus.FINALIZED, "finalized"),
    ],
)
def test_slot_that_the_ledger_made(status: SlotStatus, word: str) -> None:
    released = _released(Kind.SLOT, int(status), None, (298, None, False), endpoint=-1)
    assert _encode(released) == _line(
        f"300:slot:{word}",
        "slot",
        f'"status":"{word}","parent":298,"dead_error":null,"observed":false',
        endpoint="null",
    )


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (SlotStatus.FIRST_SHRED_RECEIVED, "first_shred_received"),
        (SlotStatus.COMPLETED, "completed"),
        (SlotStatus.CREATED_BANK, "created_bank"),
        (SlotStatus.DEAD, "dead"),
    ],
)
def test_slot_that_a_server_observed(status: SlotStatus, word: str) -> None:
    update = pb.SubscribeUpdateSlot(slot=300, status=int(status))  # type: ignore[arg-type]
    expected = _line(
        f"300:slot:{word}",
        "slot",
        f'"status":"{word}","parent":null,"dead_error":"why","observed":true',
    )
    generation = 3
    came = _released(Kind.SLOT, int(status), update, (None, "why", generation))
    made = _released(Kind.SLOT, int(status), None, (None, "why", True))
    assert _encode(came) == _encode(made) == expected


def test_slot_level_that_came_as_a_frame_is_not_an_observation() -> None:
    update = pb.SubscribeUpdateSlot(slot=300, status=pb.SLOT_FINALIZED)
    released = _released(Kind.SLOT, int(SlotStatus.FINALIZED), update, (298, None, 3))
    assert json.loads(_encode(released))["observed"] is False


def test_undo_names_the_version_that_is_taken_back_and_why() -> None:
    row = _released(Kind.UNDO, 0, None, (BLOCKHASH, "it died"), endpoint=-1)
    assert _encode(row, Commitment.PROCESSED) == _line(
        "300:undo:0",
        "undo",
        f'"blockhash":"{BLOCKHASH}","reason":"it died"',
        commitment="processed",
        endpoint="null",
    )


def test_undo_of_a_later_version_of_a_block_that_nobody_named() -> None:
    row = _released(Kind.UNDO, 2, None, (None, 'a "word"'), endpoint=-1, version=2)
    record = json.loads(_encode(row, Commitment.PROCESSED))
    assert (record["id"], record["version"]) == ("300.2:undo:2", 2)
    assert (record["blockhash"], record["reason"]) == (None, 'a "word"')


def test_commitment_says_from_which_slot_on_a_monitor_is_at_another_level() -> None:
    extra = ("usdc", Commitment.PROCESSED, "forks")
    row = _released(Kind.COMMITMENT, Commitment.CONFIRMED, None, extra, endpoint=-1)
    assert _encode(row) == _line(
        "300:commitment:confirmed",
        "commitment",
        '"monitor":"usdc","from":"processed","to":"confirmed","reason":"forks","first_slot":300',
        endpoint="null",
    )


def test_a_later_version_of_a_block_has_ids_of_its_own() -> None:
    released = _released(Kind.ENTRY, 4, ENTRY, version=2, late=True, endpoint=0)
    record = json.loads(_encode(released, Commitment.FINALIZED))
    assert record["id"] == "300.2:entry:4"
    assert record["version"] == 2
    assert record["late"] is True
    assert record["endpoint"] == "ams"
    assert record["commitment"] == "finalized"


@pytest.mark.parametrize(
    ("origin", "source", "endpoint"),
    [
        (1, "live", "nyc"),
        (2, "replay", "ams"),
        (4, "rpc", "main"),
        (5, "archive", "old"),
        (6, "reconciled", "main"),
        (-1, "live", None),
    ],
)
def test_a_record_names_where_its_copy_came_from(
    origin: int, source: str, endpoint: str | None
) -> None:
    origins = Origins(endpoints=2, rpcs=2)
    names = origins.names(["ams", "nyc"], ["main", "old"])
    writer = RecordWriter(names, MONITORS, origins.words(archives=frozenset({1})))
    entry = _released(Kind.ENTRY, 4, ENTRY, endpoint=origin)
    record = json.loads(encode(writer, entry, Commitment.CONFIRMED, RECEIVED_AT))
    assert (record["source"], record["endpoint"]) == (source, endpoint)


@pytest.mark.parametrize("every_write", [False, True])
def test_a_reconciled_account_is_a_write_that_nobody_signed(every_write: bool) -> None:
    origins = Origins(endpoints=1, rpcs=1)
    writer = RecordWriter(origins.names(["ams"], ["main"]), MONITORS, origins.words())
    info = pb.SubscribeUpdateAccountInfo()
    info.CopyFrom(ACCOUNT_INFO)
    info.ClearField("txn_signature")
    info.write_version = 0
    state = _account(info, KEY + b"!" + bytes(16), endpoint=origins.reconciled(0))
    record = json.loads(
        encode(writer, state, Commitment.CONFIRMED, RECEIVED_AT, every_write=every_write)
    )
    assert record["source"] == "reconciled"
    assert (record["txn_signature"], record["write_version"]) == (None, 0)
    write = f":{'00' * 16}" * every_write
    assert record["id"] == f"300:account:{KEY_TEXT}{write}:reconciled"


def test_names_come_in_the_order_of_the_configuration() -> None:
    assert WRITER.names(0) == []
    assert WRITER.names(0b110) == ["vault", "chain"]
    assert WRITER.names(0b111) == ["usdc", "vault", "chain"]


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (999, "1970-01-01T00:00:00.000000Z"),
        (1_000, "1970-01-01T00:00:00.000001Z"),
        (951_782_399_999_999_999, "2000-02-28T23:59:59.999999Z"),
        (RECEIVED_AT, "2026-11-21T07:42:00.123456Z"),
    ],
)
def test_times_are_utc_to_the_microsecond(nanoseconds: int, text: str) -> None:
    assert utc_text(nanoseconds) == text


def _short_key() -> Released:
    info = pb.SubscribeUpdateAccountInfo()
    info.CopyFrom(ACCOUNT_INFO)
    info.owner = b"short"
    return _account(info, KEY + SIGNATURE)


@pytest.mark.parametrize(
    ("released", "why"),
    [
        (_short_key(), "slot 300: an update of kind account cannot be read.*it came from nyc"),
        (_released(Kind.ENTRY, 4, None, endpoint=-1), "it has no bytes.*from no endpoint"),
        (
            (1, 0, False, 0, None, (int(Kind.ENTRY), 300, 4, 1, None, 0, b"\xff")),
            "kind entry.*from ams",
        ),
        (
            (1, 0, False, 0, None, (int(Kind.ENTRY), 300, 4, 1, None, 0, b"\x32\x00")),
            "its bytes are of kind ping",
        ),
    ],
    ids=["short key", "no frame", "garbage", "other kind"],
)
def test_refuses_frames_that_are_no_update_of_the_kind(released: Released, why: str) -> None:
    with pytest.raises(FrameMalformed, match=why):
        _encode(released)


def test_refuses_a_block_that_is_none() -> None:
    key = (BLOCKHASH, 0)
    garbage: Released = (1, 0, False, 0, None, (int(Kind.BLOCK), 300, key, 1, None, 0, b"\xff"))
    with pytest.raises(FrameMalformed, match="kind block cannot be read"):
        list(WRITER.prepare_block(garbage))

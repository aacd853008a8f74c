"""Records as users read them: whole lines, written here by hand, so that names and order of keys are held too."""

import json
from typing import Any

import pytest
from google.protobuf.message import Message

from monitor.core.chain import Commitment, Kind, SlotStatus
from monitor.core.commands import Released
from monitor.core.errors import FrameMalformed
from monitor.core.monitors import DataSlice
from monitor.wire.pb import geyser_pb2 as pb
from monitor.wire.pb import solana_storage_pb2 as storage
from monitor.wire.records import RecordWriter, utc_text

RECEIVED_AT = 1_795_246_920_123_456_789
SIGNATURE = bytes(63) + b"\x01"
SIGNATURE_TEXT = "1" * 63 + "2"
OTHER_SIGNATURE = bytes(63) + b"\x02"
OTHER_SIGNATURE_TEXT = "1" * 63 + "3"
KEY, KEY_TEXT = bytes(31) + b"\x01", "1" * 31 + "2"
PROGRAM, PROGRAM_TEXT = bytes(31) + b"\x02", "1" * 31 + "3"
WRITABLE, WRITABLE_TEXT = bytes(31) + b"\x03", "1" * 31 + "4"
READONLY, READONLY_TEXT = bytes(31) + b"\x04", "1" * 31 + "5"
BLOCKHASH = "9inP1FNRPkNgmbh2wgepUHcWEJJuh7PmpVXpiB9hQXcR"
PARENT_HASH = "B3CPSeKwgWpmxEepwaQ2T9VeR23w4haYDahDSFLS7pRD"

TRANSACTION_INFO = pb.SubscribeUpdateTransactionInfo(
    signature=SIGNATURE,
    index=7,
    transaction=storage.Transaction(
        signatures=[SIGNATURE, OTHER_SIGNATURE],
        message=storage.Message(
            account_keys=[KEY, PROGRAM],
            recent_blockhash=KEY,
            instructions=[
                storage.CompiledInstruction(
                    program_id_index=1, accounts=b"\x00\x02\x03", data=b"\xff"
                )
            ],
            versioned=True,
        ),
    ),
    meta=storage.TransactionStatusMeta(
        err=storage.TransactionError(err=bytes.fromhex("08000000021900000007000000")),
        fee=5000,
        pre_balances=[18_446_744_073_709_551_615, 1],
        post_balances=[0, 2],
        inner_instructions=[
            storage.InnerInstructions(
                index=0,
                instructions=[
                    storage.InnerInstruction(program_id_index=3, data=b"\x01", stack_height=2),
                    storage.InnerInstruction(program_id_index=1, accounts=b"\x00"),
                ],
            )
        ],
        log_messages=["Program log: é"],
        pre_token_balances=[
            storage.TokenBalance(
                account_index=1,
                mint="mint",
                owner="owner",
                program_id="program",
                ui_token_amount=storage.UiTokenAmount(ui_amount=1.5, decimals=6, amount="1500000"),
            )
        ],
        post_token_balances=[
            storage.TokenBalance(
                account_index=1,
                mint="mint",
                ui_token_amount=storage.UiTokenAmount(decimals=6, amount="0"),
            )
        ],
        loaded_writable_addresses=[WRITABLE],
        loaded_readonly_addresses=[READONLY],
        return_data=storage.ReturnData(program_id=PROGRAM, data=b"\x01\x02"),
        compute_units_consumed=0,
        cost_units=9,
    ),
)
TRANSACTION_FIELDS = (
    f'"blockhash":"{BLOCKHASH}","index":7,"signature":"{SIGNATURE_TEXT}",'
    f'"signatures":["{SIGNATURE_TEXT}","{OTHER_SIGNATURE_TEXT}"],"tx_version":0,"is_vote":false,'
    '"failed":true,"err":{"InstructionError":[2,{"Custom":7}]},"fee":5000,"compute_units":0,'
    f'"recent_blockhash":"{KEY_TEXT}",'
    f'"accounts":["{KEY_TEXT}","{PROGRAM_TEXT}","{WRITABLE_TEXT}","{READONLY_TEXT}"],'
    '"instructions":[{"program_id_index":1,"accounts":[0,2,3],"data":"/w==","stack_height":null}],'
    '"inner_instructions":[{"index":0,"instructions":['
    '{"program_id_index":3,"accounts":[],"data":"AQ==","stack_height":2},'
    '{"program_id_index":1,"accounts":[0],"data":"","stack_height":null}]}],'
    '"logs":["Program log: é"],'
    f'"return_data":{{"program_id":"{PROGRAM_TEXT}","data":"AQI="}},'
    '"pre_balances":[18446744073709551615,1],"post_balances":[0,2],'
    '"pre_token_balances":[{"account_index":1,"mint":"mint","owner":"owner",'
    '"program_id":"program","amount":"1500000","decimals":6}],'
    '"post_token_balances":[{"account_index":1,"mint":"mint","owner":null,'
    '"program_id":null,"amount":"0","decimals":6}]'
)
ACCOUNT_INFO = pb.SubscribeUpdateAccountInfo(
    pubkey=KEY,
    lamports=10,
    owner=PROGRAM,
    executable=True,
    rent_epoch=18_446_744_073_709_551_615,
    data=b"0123456789",
    write_version=77,
    txn_signature=SIGNATURE,
)
ACCOUNT_FIELDS = (
    f'"pubkey":"{KEY_TEXT}","owner":"{PROGRAM_TEXT}","lamports":10,"executable":true,'
    '"rent_epoch":18446744073709551615,"data":"MDEyMzQ1Njc4OQ==",'
    f'"txn_signature":"{SIGNATURE_TEXT}","write_version":77'
)
ENTRY = pb.SubscribeUpdateEntry(
    slot=300,
    index=4,
    num_hashes=12_500,
    hash=KEY,
    executed_transaction_count=3,
    starting_transaction_index=9,
)
ENTRY_FIELDS = (
    f'"index":4,"hash":"{KEY_TEXT}","num_hashes":12500,"executed_transaction_count":3,'
    '"starting_transaction_index":9'
)
META: dict[str, Any] = {
    "slot": 300,
    "blockhash": BLOCKHASH,
    "rewards": storage.Rewards(
        rewards=[
            storage.Reward(
                pubkey="leader", lamports=-1, post_balance=5, reward_type=storage.Fee, commission=""
            ),
            storage.Reward(
                pubkey="voter",
                lamports=2,
                reward_type=storage.Voting,
                commission="0",
                commission_bps="12",
            ),
            storage.Reward(pubkey="nobody"),
        ]
    ),
    "block_time": storage.UnixTimestamp(timestamp=1_795_246_919),
    "block_height": storage.BlockHeight(block_height=290),
    "parent_slot": 298,
    "parent_blockhash": PARENT_HASH,
    "executed_transaction_count": 1,
    "entries_count": 1,
}
META_FIELDS = (
    f'"blockhash":"{BLOCKHASH}","parent_slot":298,"parent_blockhash":"{PARENT_HASH}",'
    '"block_height":290,"block_time":1795246919,"executed_transaction_count":1,"entries_count":1,'
    '"rewards":[{"pubkey":"leader","lamports":-1,"post_balance":5,"reward_type":"Fee",'
    '"commission":null,"commission_bps":null},'
    '{"pubkey":"voter","lamports":2,"post_balance":0,"reward_type":"Voting",'
    '"commission":0,"commission_bps":12},'
    '{"pubkey":"nobody","lamports":0,"post_balance":0,"reward_type":null,'
    '"commission":null,"commission_bps":null}]'
)

WRITER = RecordWriter(["ams", "nyc", "tyo"], ["usdc", "vault", "chain"])


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
    return WRITER.encode(released, commitment, WRITER.names(released[0]), RECEIVED_AT, **options)


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
        ((), ""),
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


def test_a_later_version_of_a_block_has_ids_of_its_own() -> None:
    released = _released(Kind.ENTRY, 4, ENTRY, version=2, late=True, endpoint=0)
    record = json.loads(_encode(released, Commitment.FINALIZED, source="replay"))
    assert record["id"] == "300.2:entry:4"
    assert record["version"] == 2
    assert record["late"] is True
    assert record["endpoint"] == "ams"
    assert record["source"] == "replay"
    assert record["commitment"] == "finalized"


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

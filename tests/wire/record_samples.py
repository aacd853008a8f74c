"""One message of each kind, and the fields of its record written by hand, names and order included."""

from collections.abc import Sequence
from typing import Any

from monitor.core.chain import Commitment
from monitor.core.commands import Released
from monitor.core.monitors import DataSlice
from monitor.wire.pb import geyser_pb2 as pb
from monitor.wire.pb import solana_storage_pb2 as storage
from monitor.wire.records import RecordWriter

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


def encode(
    writer: RecordWriter,
    released: Released,
    level: Commitment,
    received_at: int,
    data_slices: Sequence[DataSlice] | None = None,
    every_write: bool = False,
) -> bytes:
    """The line of an event for all monitors of its mask."""
    names_write = every_write or level is Commitment.PROCESSED
    prepared = writer.prepare(released, data_slices, names_write)
    return writer.line(released, level, released[0], received_at, prepared)

"""Transactions of getBlock answers: versions, encodings, and what counts as a vote."""

from base64 import b64encode
from typing import Any

import pytest

from monitor.wire.pb import solana_storage_pb2 as pb
from monitor.wire.transactions import is_simple_vote, map_transaction
from tests.real_blocks import read_json
from tests.shared_data import needs_shared_data

KEY = "2dbChKurXcZj4iDQPdEPyYHJGaiAqJno2omaPjHCQ7EN"
VOTE = "Vote111111111111111111111111111111111111111"
VOTE_BYTES = bytes.fromhex("0761481d357474bb7c4d7624ebd3bdb3d8355e73d11043fc0da3538000000000")
SIGNATURE = "1" * 63 + "2"
SIGNATURE_BYTES = bytes(63) + b"\x01"
BLOCKHASH = "Cw6r6aUH4JsNxxHae699cB792jjuDwV1votnGHbqnsdc"


def _answer(**message: Any) -> dict[str, Any]:
    return {
        "transaction": {
            "signatures": [SIGNATURE],
            "message": {
                "header": {
                    "numRequiredSignatures": 1,
                    "numReadonlySignedAccounts": 0,
                    "numReadonlyUnsignedAccounts": 1,
                },
                "accountKeys": [KEY, VOTE],
                "recentBlockhash": BLOCKHASH,
                "instructions": [{"programIdIndex": 1, "accounts": [0], "data": "21"}],
                **message,
            },
        },
        "meta": None,
    }


LOOKUPS = [{"accountKey": KEY, "writableIndexes": [1, 255], "readonlyIndexes": []}]
CONFIG = {
    "computeUnitLimit": 48,
    "heapSize": None,
    "loadedAccountsDataSizeLimit": 256_000,
    "priorityFee": 0,
}


def test_an_absent_version_is_legacy() -> None:
    mapped = map_transaction(3, _answer())
    message = mapped.transaction.message
    assert mapped.index == 3
    assert mapped.signature == mapped.transaction.signatures[0] == SIGNATURE_BYTES
    assert mapped.is_vote
    assert not message.versioned
    assert message.header == pb.MessageHeader(
        num_required_signatures=1, num_readonly_unsigned_accounts=1
    )
    assert message.account_keys[1] == VOTE_BYTES
    assert message.instructions[0] == pb.CompiledInstruction(
        program_id_index=1, accounts=b"\x00", data=b"\x3a"
    )
    assert not message.HasField("config")
    assert mapped == map_transaction(3, _answer() | {"version": "legacy"})


def test_version_0_has_lookups_and_is_no_vote() -> None:
    mapped = map_transaction(0, _answer(addressTableLookups=LOOKUPS) | {"version": 0})
    message = mapped.transaction.message
    assert message.versioned
    assert not mapped.is_vote
    assert message.address_table_lookups[0].writable_indexes == b"\x01\xff"
    assert not message.HasField("config")


def test_version_1_has_a_config_whose_unset_parts_stay_unset() -> None:
    mapped = map_transaction(0, _answer(transactionConfig=CONFIG) | {"version": 1})
    message = mapped.transaction.message
    assert message.versioned
    assert message.config == pb.TransactionConfig(
        priority_fee=0, compute_unit_limit=48, loaded_accounts_data_size_limit=256_000
    )
    assert message.config.HasField("priority_fee")
    assert not message.config.HasField("heap_size")


def test_a_config_with_nothing_set_is_still_version_1() -> None:
    nothing = dict.fromkeys(CONFIG)
    mapped = map_transaction(0, _answer(transactionConfig=nothing) | {"version": 1})
    assert mapped.transaction.message.HasField("config")


def test_a_missing_meta_stays_missing() -> None:
    assert not map_transaction(0, _answer()).HasField("meta")


def test_base64_and_base58_are_the_same_bytes() -> None:
    wire = (b"\x01" + SIGNATURE_BYTES + b"\x01\x00\x01\x02" + bytes([9] * 32) + VOTE_BYTES) + bytes(
        [8] * 32 + [1, 1, 1, 0, 2, 65, 66]
    )
    by_base64 = map_transaction(0, {"transaction": [b64encode(wire).decode(), "base64"]})
    by_base58 = map_transaction(0, {"transaction": [_base58(wire), "base58"]})
    assert by_base64 == by_base58
    assert by_base64.is_vote
    assert by_base64.transaction.message.instructions[0].data == b"AB"


def test_wire_bytes_decide_the_version_not_the_answer() -> None:
    wire = bytes([0, 0x80, 1, 0, 0, 0]) + bytes(32) + bytes([0, 0])
    answer = {"transaction": [b64encode(wire).decode(), "base64"], "version": "legacy"}
    assert map_transaction(0, answer).transaction.message.versioned


@pytest.mark.parametrize("version", [2, "1", None])
def test_refuses_versions_to_come(version: Any) -> None:
    with pytest.raises(ValueError, match="0 and 1 are known"):
        map_transaction(0, _answer() | {"version": version})


def test_refuses_other_encodings() -> None:
    with pytest.raises(ValueError, match="'base64\\+zstd'; ask for base64"):
        map_transaction(0, {"transaction": ["AA==", "base64+zstd"]})


def _vote(**changes: Any) -> pb.Transaction:
    transaction = pb.Transaction(
        signatures=[bytes(64)] * changes.get("signatures", 1),
        message=pb.Message(
            account_keys=[bytes(32), changes.get("program", VOTE_BYTES)],
            instructions=[pb.CompiledInstruction(program_id_index=changes.get("index", 1))]
            * changes.get("instructions", 1),
            versioned=changes.get("versioned", False),
        ),
    )
    return transaction


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"signatures": 2}, True),
        ({"signatures": 3}, False),
        ({"signatures": 0}, False),
        ({"instructions": 2}, False),
        ({"instructions": 0}, False),
        ({"versioned": True}, False),
        ({"program": bytes(32)}, False),
        ({"index": 2}, False),
    ],
    ids=str,
)
def test_a_vote_is_what_the_runtime_calls_one(changes: dict[str, Any], expected: bool) -> None:
    assert is_simple_vote(_vote(**changes)) is expected


@needs_shared_data
def test_a_real_version_1_transaction_maps() -> None:
    answer = read_json("transactions/v1/mainnet-v1-447741300-h5wK3vNz.getTransaction.result.json")
    mapped = map_transaction(answer["transactionIndex"], answer)
    assert mapped.index == 50
    assert mapped.transaction.message.config.priority_fee == 1_050
    assert mapped.meta.fee == 5_000 + mapped.transaction.message.config.priority_fee
    assert mapped.meta.cost_units == 4_249
    assert len(mapped.transaction.message.instructions) == 5


def _base58(content: bytes) -> str:
    number, text = int.from_bytes(content, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"[digit] + text
    return "1" * (len(content) - len(content.lstrip(b"\0"))) + text

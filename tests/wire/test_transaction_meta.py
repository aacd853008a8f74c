"""`meta` of JSON-RPC to protobuf, by both roads: what is absent, null, empty or set must stay apart."""

from typing import Any

import pytest

from monitor.wire.pb import solana_storage_pb2 as pb
from tests.wire.metas import MINT, OLDEST, PROGRAM, map_meta


def test_the_oldest_meta_has_nothing_recorded() -> None:
    assert map_meta(OLDEST) == pb.TransactionStatusMeta(
        inner_instructions_none=True, log_messages_none=True, return_data_none=True
    )
    assert not map_meta(OLDEST).HasField("err")


@pytest.mark.parametrize("recorded", [None, []])
def test_null_is_not_empty(recorded: list[object] | None) -> None:
    meta = map_meta(OLDEST | {"innerInstructions": recorded, "logMessages": recorded})
    assert meta.inner_instructions_none is (recorded is None)
    assert meta.log_messages_none is (recorded is None)
    assert not meta.inner_instructions
    assert not meta.log_messages


def test_every_field_is_mapped() -> None:
    answer = {
        "err": {"InstructionError": [2, {"Custom": 7}]},
        "status": {"Err": {"InstructionError": [2, {"Custom": 7}]}},
        "fee": 18_446_744_073_709_551_615,
        "preBalances": [18_446_744_073_709_551_615, 1],
        "postBalances": [0, 2],
        "innerInstructions": [
            {
                "index": 1,
                "instructions": [
                    {"programIdIndex": 4, "accounts": [0, 255], "data": "2", "stackHeight": 2},
                    {"programIdIndex": 5, "accounts": [], "data": "", "stackHeight": None},
                    {"programIdIndex": 6, "accounts": []},
                ],
            }
        ],
        "logMessages": ["Program log: one", "Log truncated"],
        "preTokenBalances": [
            {
                "accountIndex": 1,
                "mint": MINT,
                "owner": PROGRAM,
                "programId": PROGRAM,
                "uiTokenAmount": {
                    "amount": "1500000",
                    "decimals": 6,
                    "uiAmount": 1.5,
                    "uiAmountString": "1.5",
                },
            }
        ],
        "postTokenBalances": [
            {
                "accountIndex": 1,
                "mint": MINT,
                "uiTokenAmount": {"amount": "0", "decimals": 6, "uiAmount": None},
            }
        ],
        "rewards": [],
        "loadedAddresses": {"writable": [MINT], "readonly": [PROGRAM]},
        "returnData": {"programId": PROGRAM, "data": ["AQI=", "base64"]},
        "computeUnitsConsumed": 0,
        "costUnits": 1432,
    }
    vote_program = bytes.fromhex("0761481d357474bb7c4d7624ebd3bdb3d8355e73d11043fc0da3538000000000")
    wrapped_sol = bytes.fromhex("069b8857feab8184fb687f634618c035dac439dc1aeb3b5598a0f00000000001")
    assert map_meta(answer) == pb.TransactionStatusMeta(
        err=pb.TransactionError(err=bytes.fromhex("08000000021900000007000000")),
        fee=18_446_744_073_709_551_615,
        pre_balances=[18_446_744_073_709_551_615, 1],
        post_balances=[0, 2],
        inner_instructions=[
            pb.InnerInstructions(
                index=1,
                instructions=[
                    pb.InnerInstruction(
                        program_id_index=4, accounts=b"\x00\xff", data=b"\x01", stack_height=2
                    ),
                    pb.InnerInstruction(program_id_index=5),
                    pb.InnerInstruction(program_id_index=6),
                ],
            )
        ],
        log_messages=["Program log: one", "Log truncated"],
        pre_token_balances=[
            pb.TokenBalance(
                account_index=1,
                mint=MINT,
                owner=PROGRAM,
                program_id=PROGRAM,
                ui_token_amount=pb.UiTokenAmount(
                    ui_amount=1.5, decimals=6, amount="1500000", ui_amount_string="1.5"
                ),
            )
        ],
        post_token_balances=[
            pb.TokenBalance(
                account_index=1,
                mint=MINT,
                ui_token_amount=pb.UiTokenAmount(decimals=6, amount="0"),
            )
        ],
        loaded_writable_addresses=[wrapped_sol],
        loaded_readonly_addresses=[vote_program],
        return_data=pb.ReturnData(program_id=vote_program, data=b"\x01\x02"),
        compute_units_consumed=0,
        cost_units=1432,
    )


def test_an_absent_count_is_not_zero() -> None:
    meta = map_meta(OLDEST | {"computeUnitsConsumed": 0, "costUnits": None})
    assert meta.HasField("compute_units_consumed")
    assert not meta.HasField("cost_units")


@pytest.mark.parametrize("loaded", [None, {}, {"writable": [], "readonly": []}])
def test_loaded_addresses_may_be_absent(loaded: dict[str, Any] | None) -> None:
    meta = map_meta(OLDEST | {"loadedAddresses": loaded, "preTokenBalances": None})
    assert not meta.loaded_writable_addresses
    assert not meta.loaded_readonly_addresses
    assert not meta.pre_token_balances

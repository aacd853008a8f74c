"""`meta` of JSON-RPC straight to bytes: what is absent, null, empty or set must stay apart, and protobuf reads the same."""

import json
from typing import Any

import pytest
from msgspec import MsgspecError
from msgspec.json import decode

from monitor.wire.rpc_meta import Meta
from tests.wire.metas import MINT, OLDEST, PROGRAM, encoded, encoded_text, map_meta

HELD: dict[str, Any] = {
    "accountIndex": 3,
    "mint": MINT,
    "owner": PROGRAM,
    "programId": PROGRAM,
    "uiTokenAmount": {"amount": "7", "decimals": 1, "uiAmount": 0.7, "uiAmountString": "0.7"},
}


@pytest.mark.parametrize("index", [0, 3, 127, 128, 255])
def test_a_token_balance_has_the_index_that_it_came_with(index: int) -> None:
    meta = map_meta(OLDEST | {"postTokenBalances": [HELD | {"accountIndex": index}, HELD]})
    assert [balance.account_index for balance in meta.post_token_balances] == [index, 3]
    assert meta.post_token_balances[0].mint == MINT


@pytest.mark.parametrize(
    "order",
    [
        ("mint", "accountIndex", "owner", "programId", "uiTokenAmount"),
        ("uiTokenAmount", "owner", "programId", "mint", "accountIndex"),
    ],
)
def test_a_token_balance_is_read_in_any_order(order: tuple[str, ...]) -> None:
    meta = map_meta(OLDEST | {"preTokenBalances": [{key: HELD[key] for key in order}]})
    assert meta.pre_token_balances[0].account_index == 3


def test_white_space_in_a_token_balance_changes_nothing() -> None:
    answer = OLDEST | {"preTokenBalances": [HELD]}
    spaced = json.dumps(answer, indent=1).encode()
    assert encoded_text(spaced) == encoded(answer)


def test_holdings_are_what_filters_ask_of_token_balances() -> None:
    answer = OLDEST | {"preTokenBalances": [HELD], "postTokenBalances": [HELD | {"owner": None}]}
    meta = decode(json.dumps(answer), type=Meta)
    assert meta.holdings() == ([(3, PROGRAM, "7")], [(3, "", "7")])
    assert decode(json.dumps(OLDEST), type=Meta).holdings() == ([], [])


@pytest.mark.parametrize("length", [1, 87, 90, 300])
def test_instruction_data_of_any_length_is_written(length: int) -> None:
    called = {"programIdIndex": 0, "accounts": [1], "data": "z" * length}
    inner = [{"index": 0, "instructions": [called]}]
    meta = map_meta(OLDEST | {"innerInstructions": inner})
    assert meta.inner_instructions[0].instructions[0].data


@pytest.mark.parametrize(
    "broken",
    [
        {"fee": -1},
        {"fee": 2**64},
        {"fee": None},
        {"preBalances": [-1]},
        {"computeUnitsConsumed": 2**64},
        {"innerInstructions": [{"index": -1, "instructions": []}]},
        {
            "innerInstructions": [
                {"index": 0, "instructions": [{"programIdIndex": 0, "accounts": [256]}]}
            ]
        },
        {"loadedAddresses": {"writable": ["no key"], "readonly": []}},
        {"preTokenBalances": [{"accountIndex": 1}]},
        {"preTokenBalances": [{"accountIndex": "x", "mint": MINT}]},
        {"preTokenBalances": [HELD | {"accountIndex": -1}]},
        {"returnData": {"programId": PROGRAM, "data": ["A", "base64"]}},
    ],
    ids=str,
)
def test_what_no_runtime_writes_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError, MsgspecError)):
        encoded(OLDEST | broken)

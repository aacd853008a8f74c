"""What a `transaction` record must say of a transaction of getBlock JSON: the tests' own reading of DESIGN 10.

Shares nothing with the product's mapping or encoder, so that the two can be held against each other.
Input is `encoding: json`, `transactionDetails: full`.
"""

from base64 import b64encode
from functools import lru_cache
from typing import Any

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VOTE = "Vote111111111111111111111111111111111111111"

VARYING = ("monitors", "version", "commitment", "source", "endpoint", "received_at", "late")
"""Keys of the envelope that depend on the road; they are not in what `expected_transaction` returns."""


def expected_transaction(
    slot: int, blockhash: str, index: int, tx_json: dict[str, Any]
) -> dict[str, Any]:
    """The record of the `index`-th transaction of a block, version 0, without the keys of VARYING."""
    transaction, meta = tx_json["transaction"], tx_json["meta"]
    message = transaction["message"]
    loaded = meta.get("loadedAddresses") or {"writable": [], "readonly": []}
    version = tx_json.get("version", "legacy")
    return {
        "id": f"{slot}:transaction:{transaction['signatures'][0]}",
        "kind": "transaction",
        "slot": slot,
        "blockhash": blockhash,
        "index": index,
        "signature": transaction["signatures"][0],
        "signatures": transaction["signatures"],
        "tx_version": version,
        "is_vote": _is_vote(transaction, version),
        "failed": meta["err"] is not None,
        "err": meta["err"],
        "fee": meta["fee"],
        "compute_units": meta.get("computeUnitsConsumed"),
        "recent_blockhash": message["recentBlockhash"],
        "accounts": message["accountKeys"] + loaded["writable"] + loaded["readonly"],
        "instructions": [_instruction(outer, None) for outer in message["instructions"]],
        "inner_instructions": _inner_instructions(meta.get("innerInstructions")),
        "logs": meta.get("logMessages"),
        "return_data": _return_data(meta.get("returnData")),
        "pre_balances": meta["preBalances"],
        "post_balances": meta["postBalances"],
        "pre_token_balances": [_token_balance(held) for held in meta["preTokenBalances"] or []],
        "post_token_balances": [_token_balance(held) for held in meta["postTokenBalances"] or []],
    }


def without_varying(record: dict[str, Any]) -> dict[str, Any]:
    """A record of the product, fit to be compared with `expected_transaction`."""
    return {key: value for key, value in record.items() if key not in VARYING}


def _is_vote(transaction: dict[str, Any], version: object) -> bool:
    instructions = transaction["message"]["instructions"]
    if version != "legacy" or len(transaction["signatures"]) > 2 or len(instructions) != 1:
        return False
    program: str = transaction["message"]["accountKeys"][instructions[0]["programIdIndex"]]
    return program == _VOTE


def _instruction(instruction: dict[str, Any], stack_height: int | None) -> dict[str, Any]:
    return {
        "program_id_index": instruction["programIdIndex"],
        "accounts": instruction["accounts"],
        "data": _base64_of(instruction.get("data", "")),
        "stack_height": stack_height,
    }


def _inner_instructions(recorded: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
    if recorded is None:
        return None
    return [
        {
            "index": group["index"],
            "instructions": [
                _instruction(called, called.get("stackHeight")) for called in group["instructions"]
            ],
        }
        for group in recorded
    ]


def _return_data(returned: dict[str, Any] | None) -> dict[str, Any] | None:
    if returned is None:
        return None
    return {"program_id": returned["programId"], "data": returned["data"][0]}


def _token_balance(held: dict[str, Any]) -> dict[str, Any]:
    return {
        "account_index": held["accountIndex"],
        "mint": held["mint"],
        "owner": held.get("owner"),
        "program_id": held.get("programId"),
        "amount": held["uiTokenAmount"]["amount"],
        "decimals": held["uiTokenAmount"]["decimals"],
    }


@lru_cache(maxsize=100_000)
def _base64_of(base58: str) -> str:
    number = 0
    for letter in base58:
        number = number * 58 + _ALPHABET.index(letter)
    zeros = len(base58) - len(base58.lstrip("1"))
    size = (number.bit_length() + 7) // 8
    return b64encode(b"\0" * zeros + number.to_bytes(size, "big")).decode()

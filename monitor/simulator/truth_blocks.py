"""Truth of a real block, read from its getBlock answer by a mapping of its own."""

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from solders.message import MessageV0, MessageV1
from solders.transaction import VersionedTransaction

from monitor.simulator.base58 import text_bytes
from monitor.simulator.model import Bank
from monitor.simulator.truth import Record, record

_VOTE_PROGRAM = "Vote111111111111111111111111111111111111111"
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BlockTruth:
    """A line `{"slot": N, "result": {...}}`."""

    line: bytes

    def records(self, bank: Bank) -> Iterator[Record]:
        """As `Truth` says; a block knows no account writes and no entries."""
        result = orjson.loads(self.line)["result"]
        for index, transaction in enumerate(result["transactions"]):
            fields = transaction_fields(transaction)
            status = {
                "blockhash": result["blockhash"],
                "index": index,
                **{key: fields[key] for key in ("signature", "is_vote", "failed", "err")},
            }
            signature = fields["signature"]
            yield record(bank.slot, "transaction", signature, {**fields, **status})
            yield record(bank.slot, "transaction_status", signature, status)
        yield record(bank.slot, "block_meta", result["blockhash"], _meta(result))


def _meta(result: Json) -> Record:
    return {
        "blockhash": result["blockhash"],
        "parent_slot": result["parentSlot"],
        "parent_blockhash": result["previousBlockhash"],
        "block_height": result.get("blockHeight"),
        "block_time": result.get("blockTime"),
        "executed_transaction_count": len(result["transactions"]),
        "entries_count": None,
        "rewards": [
            {
                "pubkey": reward["pubkey"],
                "lamports": reward["lamports"],
                "post_balance": reward["postBalance"],
                "reward_type": reward.get("rewardType"),
                "commission": reward.get("commission"),
                "commission_bps": reward.get("commissionBps"),
            }
            for reward in result.get("rewards") or ()
        ],
    }


def transaction_fields(transaction: Json) -> Record:
    """The fields of a `transaction` record, but for `blockhash` and `index`.

    `transaction` is an element of getBlock's `transactions`, in the encoding `json` or `base64`.
    """
    encoded = transaction["transaction"]
    if isinstance(encoded, Mapping):
        fields = _from_json(encoded, transaction.get("version", "legacy"))
    else:
        fields = _from_wire(b64decode(encoded[0]))
    fields["is_vote"] = _is_vote(fields)
    meta = transaction["meta"]
    loaded = (meta or {}).get("loadedAddresses") or {}
    fields["accounts"] += [*loaded.get("writable", ()), *loaded.get("readonly", ())]
    return {**fields, **_execution(meta)}


def _from_json(transaction: Json, version: str | int) -> Record:
    message = transaction["message"]
    return {
        "signature": transaction["signatures"][0],
        "signatures": list(transaction["signatures"]),
        "tx_version": version,
        "recent_blockhash": message["recentBlockhash"],
        "accounts": list(message["accountKeys"]),
        # The stack height of an outer call is not on a stream, so no record has it.
        "instructions": [{**_call(call), "stack_height": None} for call in message["instructions"]],
    }


def _from_wire(wire: bytes) -> Record:
    transaction = VersionedTransaction.from_bytes(wire)
    message = transaction.message
    version: str | int = "legacy"
    if isinstance(message, MessageV0):
        version = 0
    elif isinstance(message, MessageV1):
        version = 1
    signatures = [str(signature) for signature in transaction.signatures]
    return {
        "signature": signatures[0],
        "signatures": signatures,
        "tx_version": version,
        "recent_blockhash": str(message.recent_blockhash),
        "accounts": [str(key) for key in message.account_keys],
        "instructions": [
            {
                "program_id_index": call.program_id_index,
                "accounts": list(call.accounts),
                "data": b64encode(call.data).decode(),
                "stack_height": None,
            }
            for call in message.instructions
        ],
    }


def _is_vote(fields: Record) -> bool:
    """The runtime's rule for a simple vote: at most two signatures, legacy, one call, of the vote program."""
    calls = fields["instructions"]
    return (
        fields["tx_version"] == "legacy"
        and len(fields["signatures"]) < 3
        and len(calls) == 1
        and fields["accounts"][calls[0]["program_id_index"]] == _VOTE_PROGRAM
    )


def _call(call: Json) -> Record:
    return {
        "program_id_index": call["programIdIndex"],
        "accounts": list(call["accounts"]),
        "data": b64encode(text_bytes(call.get("data", ""))).decode(),
        "stack_height": call.get("stackHeight"),
    }


def _execution(meta: Json | None) -> Record:
    if meta is None:
        return dict.fromkeys(
            (
                *("failed", "err", "fee", "compute_units", "inner_instructions", "logs"),
                *("return_data", "pre_balances", "post_balances"),
                *("pre_token_balances", "post_token_balances"),
            )
        )
    inner, returned = meta.get("innerInstructions"), meta.get("returnData")
    return {
        "failed": meta["err"] is not None,
        "err": meta["err"],
        "fee": meta["fee"],
        "compute_units": meta.get("computeUnitsConsumed"),
        "inner_instructions": None
        if inner is None
        else [
            {
                "index": group["index"],
                "instructions": [_call(call) for call in group["instructions"]],
            }
            for group in inner
        ],
        "logs": meta.get("logMessages"),
        "return_data": returned
        and {"program_id": returned["programId"], "data": returned["data"][0]},
        "pre_balances": meta["preBalances"],
        "post_balances": meta["postBalances"],
        "pre_token_balances": _token_balances(meta.get("preTokenBalances")),
        "post_token_balances": _token_balances(meta.get("postTokenBalances")),
    }


def _token_balances(balances: Sequence[Json] | None) -> list[Record]:
    return [
        {
            "account_index": balance["accountIndex"],
            "mint": balance["mint"],
            "owner": balance.get("owner") or None,
            "program_id": balance.get("programId") or None,
            "amount": balance["uiTokenAmount"]["amount"],
            "decimals": balance["uiTokenAmount"]["decimals"],
        }
        for balance in balances or ()
    ]

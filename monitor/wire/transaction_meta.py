"""What became of a transaction: `meta` of JSON-RPC as the TransactionStatusMeta that a stream carries.

Each `_none` flag says that the runtime had no value: null or absent in JSON. An empty list is a value (BACKFILL 4).
"""

from binascii import a2b_base64
from collections.abc import Mapping
from typing import Any

from monitor.wire import base58
from monitor.wire.pb.solana_storage_pb2 import (
    InnerInstruction,
    InnerInstructions,
    ReturnData,
    TokenBalance,
    TransactionStatusMeta,
    UiTokenAmount,
)
from monitor.wire.transaction_errors import encode_transaction_error

Json = Mapping[str, Any]


def map_meta(meta: Json) -> TransactionStatusMeta:
    """The protobuf of one `meta`. Raises KeyError, TypeError or ValueError where it is not shaped as agave shapes it."""
    inner_instructions = meta.get("innerInstructions")
    log_messages = meta.get("logMessages")
    return_data = meta.get("returnData")
    loaded = meta.get("loadedAddresses") or {}
    status = TransactionStatusMeta(
        fee=meta["fee"],
        pre_balances=meta["preBalances"],
        post_balances=meta["postBalances"],
        inner_instructions=[_inner_instructions(inner) for inner in inner_instructions or ()],
        inner_instructions_none=inner_instructions is None,
        log_messages=log_messages or (),
        log_messages_none=log_messages is None,
        pre_token_balances=_token_balances(meta.get("preTokenBalances")),
        post_token_balances=_token_balances(meta.get("postTokenBalances")),
        loaded_writable_addresses=[base58.key_bytes(key) for key in loaded.get("writable") or ()],
        loaded_readonly_addresses=[base58.key_bytes(key) for key in loaded.get("readonly") or ()],
        return_data=None if return_data is None else _return_data(return_data),
        return_data_none=return_data is None,
        # Absent where the node did not know them; None leaves the optional field unset.
        compute_units_consumed=meta.get("computeUnitsConsumed"),
        cost_units=meta.get("costUnits"),
    )
    error = meta.get("err")
    if error is not None:
        status.err.err = encode_transaction_error(error)
    return status


def _inner_instructions(inner: Json) -> InnerInstructions:
    return InnerInstructions(
        index=inner["index"],
        instructions=[
            InnerInstruction(
                program_id_index=called["programIdIndex"],
                accounts=bytes(called["accounts"]),
                data=base58.decode(called.get("data") or ""),
                stack_height=called.get("stackHeight"),
            )
            for called in inner["instructions"]
        ],
    )


def _token_balances(balances: list[Json] | None) -> list[TokenBalance]:
    return [
        TokenBalance(
            account_index=balance["accountIndex"],
            mint=balance["mint"],
            ui_token_amount=_amount(balance["uiTokenAmount"]),
            owner=balance.get("owner") or "",
            program_id=balance.get("programId") or "",
        )
        for balance in balances or ()
    ]


def _amount(amount: Json) -> UiTokenAmount:
    return UiTokenAmount(
        ui_amount=amount.get("uiAmount") or 0.0,
        decimals=amount["decimals"],
        amount=amount["amount"],
        ui_amount_string=amount.get("uiAmountString") or "",
    )


def _return_data(return_data: Json) -> ReturnData:
    encoded, _encoding = return_data["data"]
    return ReturnData(
        program_id=base58.key_bytes(return_data["programId"]),
        data=a2b_base64(encoded),
    )

"""A block as getBlock answers it, made from what geyser says of the same bank (BACKFILL 4, the other way round)."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from monitor.core.chain import Kind
from monitor.simulator.base58 import base58
from monitor.simulator.model import Bank
from monitor.simulator.runtime_errors import error_json
from monitor.simulator.wire_transactions import wire_bytes
from monitor.wire.pb import solana_storage_pb2 as storage

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_REWARD_WORDS: Final = (None, "Fee", "Rent", "Staking", "Voting", "DeactivatedStake")


class VersionTooNew(Exception):
    """A block holds a transaction of a version above what the client reads."""

    def __init__(self, version: int) -> None:
        super().__init__(version)
        self.version = version


@dataclass(frozen=True, slots=True)
class BlockForm:
    """What of a block the client wants, and how; the defaults are those of the real server."""

    encoding: str = "json"
    """json or base64."""
    details: str = "full"
    """full, accounts, signatures or none."""
    rewards: bool = True
    max_version: int | None = None
    """None: legacy transactions only, and the answer says no version."""


def block_json(bank: Bank, form: BlockForm) -> dict[str, Any]:
    """The result of getBlock. Raises VersionTooNew."""
    meta: Any = bank.meta.message
    answer: dict[str, Any] = {
        "blockHeight": bank.block_height,
        "blockTime": bank.block_time,
        "blockhash": bank.blockhash,
        "parentSlot": bank.parent,
        "previousBlockhash": bank.parent_blockhash,
    }
    transactions = _transactions(bank)
    if form.details == "full":
        answer["transactions"] = [_whole(info, form) for info in transactions]
    elif form.details == "accounts":
        answer["transactions"] = [_accounts_only(info, form) for info in transactions]
    elif form.details == "signatures":
        answer["signatures"] = [base58(info.signature) for info in transactions]
    if form.rewards:
        answer["rewards"] = [_reward(reward) for reward in meta.rewards.rewards]
        if meta.rewards.HasField("num_partitions"):
            answer["numRewardPartitions"] = meta.rewards.num_partitions.num_partitions
    return answer


def _transactions(bank: Bank) -> list[Any]:
    infos: list[Any] = []
    for _, update in bank.updates:
        if update.kind is Kind.TRANSACTION:
            message: Any = update.message
            infos.append(message.transaction)
    return sorted(infos, key=lambda info: int(info.index))


def _version(message: storage.Message, form: BlockForm) -> dict[str, Any]:
    """The `version` key, which is left out for a client that named no version."""
    if not message.versioned:
        return {} if form.max_version is None else {"version": "legacy"}
    version = 1 if message.HasField("config") else 0
    if form.max_version is None or form.max_version < version:
        raise VersionTooNew(version)
    return {"version": version}


def _whole(info: Any, form: BlockForm) -> dict[str, Any]:
    transaction = info.transaction
    body: Any
    if form.encoding == "base64":
        body = [b64encode(wire_bytes(transaction)).decode(), "base64"]
    else:
        body = {
            "signatures": [base58(signature) for signature in transaction.signatures],
            "message": _message(transaction.message),
        }
    version = _version(transaction.message, form)
    return {"transaction": body, "meta": _meta(info.meta), **version}


def _accounts_only(info: Any, form: BlockForm) -> dict[str, Any]:
    transaction, meta = info.transaction, info.meta
    body = {
        "signatures": [base58(signature) for signature in transaction.signatures],
        "accountKeys": _account_roles(transaction.message, meta),
    }
    short = {
        "err": _err(meta),
        "status": _status(meta),
        "fee": meta.fee,
        "preBalances": list(meta.pre_balances),
        "postBalances": list(meta.post_balances),
        "preTokenBalances": _token_balances(meta.pre_token_balances),
        "postTokenBalances": _token_balances(meta.post_token_balances),
    }
    return {"transaction": body, "meta": short, **_version(transaction.message, form)}


def _account_roles(message: storage.Message, meta: Any) -> list[dict[str, Any]]:
    header, keys = message.header, message.account_keys
    signers = header.num_required_signatures
    first_readonly = (
        signers - header.num_readonly_signed_accounts,
        len(keys) - header.num_readonly_unsigned_accounts,
    )
    roles = [
        _role(key, place < signers, place < first_readonly[place >= signers], "transaction")
        for place, key in enumerate(keys)
    ]
    roles += [_role(key, False, True, "lookupTable") for key in meta.loaded_writable_addresses]
    roles += [_role(key, False, False, "lookupTable") for key in meta.loaded_readonly_addresses]
    return roles


def _role(key: bytes, signer: bool, writable: bool, source: str) -> dict[str, Any]:
    return {"pubkey": base58(key), "signer": signer, "writable": writable, "source": source}


def _message(message: storage.Message) -> dict[str, Any]:
    header = message.header
    answer: dict[str, Any] = {
        "header": {
            "numRequiredSignatures": header.num_required_signatures,
            "numReadonlySignedAccounts": header.num_readonly_signed_accounts,
            "numReadonlyUnsignedAccounts": header.num_readonly_unsigned_accounts,
        },
        "accountKeys": [base58(key) for key in message.account_keys],
        "recentBlockhash": base58(message.recent_blockhash),
        "instructions": [_call(call, 1) for call in message.instructions],
    }
    if message.HasField("config"):
        answer["transactionConfig"] = _config(message.config)
    elif message.versioned:
        answer["addressTableLookups"] = [
            {
                "accountKey": base58(lookup.account_key),
                "writableIndexes": list(lookup.writable_indexes),
                "readonlyIndexes": list(lookup.readonly_indexes),
            }
            for lookup in message.address_table_lookups
        ]
    return answer


def _config(config: storage.TransactionConfig) -> dict[str, Any]:
    words = {
        "priority_fee": "priorityFee",
        "compute_unit_limit": "computeUnitLimit",
        "loaded_accounts_data_size_limit": "loadedAccountsDataSizeLimit",
        "heap_size": "heapSize",
    }
    present = {field.name: value for field, value in config.ListFields()}
    return {word: present.get(name) for name, word in words.items()}


def _call(call: Any, stack_height: int | None) -> dict[str, Any]:
    return {
        "programIdIndex": call.program_id_index,
        "accounts": list(call.accounts),
        "data": _base58_of_any(call.data),
        "stackHeight": stack_height,
    }


def _meta(meta: storage.TransactionStatusMeta) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "err": _err(meta),
        "status": _status(meta),
        "fee": meta.fee,
        "preBalances": list(meta.pre_balances),
        "postBalances": list(meta.post_balances),
        "innerInstructions": None
        if meta.inner_instructions_none
        else [_inner(group) for group in meta.inner_instructions],
        "logMessages": None if meta.log_messages_none else list(meta.log_messages),
        "preTokenBalances": _token_balances(meta.pre_token_balances),
        "postTokenBalances": _token_balances(meta.post_token_balances),
        "rewards": [],
        "loadedAddresses": {
            "writable": [base58(key) for key in meta.loaded_writable_addresses],
            "readonly": [base58(key) for key in meta.loaded_readonly_addresses],
        },
    }
    if not meta.return_data_none:
        answer["returnData"] = {
            "programId": base58(meta.return_data.program_id),
            "data": [b64encode(meta.return_data.data).decode(), "base64"],
        }
    if meta.HasField("compute_units_consumed"):
        answer["computeUnitsConsumed"] = meta.compute_units_consumed
    if meta.HasField("cost_units"):
        answer["costUnits"] = meta.cost_units
    return answer


def _inner(group: storage.InnerInstructions) -> dict[str, Any]:
    calls = [
        _call(call, call.stack_height if call.HasField("stack_height") else None)
        for call in group.instructions
    ]
    return {"index": group.index, "instructions": calls}


def _err(meta: storage.TransactionStatusMeta) -> Any:
    return error_json(meta.err.err) if meta.HasField("err") else None


def _status(meta: storage.TransactionStatusMeta) -> dict[str, Any]:
    return {"Err": _err(meta)} if meta.HasField("err") else {"Ok": None}


def _token_balances(balances: Sequence[storage.TokenBalance]) -> list[dict[str, Any]]:
    return [_token_balance(balance) for balance in balances]


def _token_balance(balance: storage.TokenBalance) -> dict[str, Any]:
    amount = balance.ui_token_amount
    answer: dict[str, Any] = {
        "accountIndex": balance.account_index,
        "mint": balance.mint,
        "uiTokenAmount": {
            "amount": amount.amount,
            "decimals": amount.decimals,
            "uiAmount": amount.ui_amount or None,
            "uiAmountString": amount.ui_amount_string,
        },
    }
    if balance.owner:
        answer["owner"] = balance.owner
    if balance.program_id:
        answer["programId"] = balance.program_id
    return answer


def _reward(reward: storage.Reward) -> dict[str, Any]:
    return {
        "pubkey": reward.pubkey,
        "lamports": reward.lamports,
        "postBalance": reward.post_balance,
        "rewardType": _REWARD_WORDS[reward.reward_type],
        "commission": int(reward.commission) if reward.commission else None,
    }


def _base58_of_any(content: bytes) -> str:
    """Base58 of bytes of any length, as instruction data is written."""
    number = int.from_bytes(content)
    digits = []
    while number:
        number, digit = divmod(number, 58)
        digits.append(_ALPHABET[digit])
    zeros = len(content) - len(content.lstrip(b"\x00"))
    return "1" * zeros + "".join(reversed(digits))

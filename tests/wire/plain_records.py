"""Records read the plain way, to hold the product's fast way against: whole messages, plain dicts, one call of orjson.

Shares with the product the base58 of keys, the slices and the texts of errors, and no schema, no cache and no JSON by
hand.
"""

from binascii import b2a_base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from monitor.core.chain import KIND_WORDS, Commitment, Kind
from monitor.core.commands import Released
from monitor.core.monitors import DataSlice
from monitor.wire.base58 import hash_text, key_text, signature_text
from monitor.wire.pb import geyser_pb2, solana_storage_pb2
from monitor.wire.slices import cut
from monitor.wire.transaction_errors import decode_transaction_error

Fields = dict[str, Any]

_REWARD_TYPES: Final = (None, "Fee", "Rent", "Staking", "Voting", "DeactivatedStake")
"""RewardType in the words of JSON-RPC."""

_META_UNKNOWN: Final[Fields] = dict.fromkeys(
    (
        *("failed", "err", "fee", "compute_units", "inner_instructions", "logs", "return_data"),
        *("pre_balances", "post_balances", "pre_token_balances", "post_token_balances"),
    )
)


def plain_record(
    released: Released,
    commitment: Commitment,
    received_at_utc_ns: int,
    *,
    data_slices: Sequence[DataSlice] | None = None,
    names_write: bool = False,
) -> bytes:
    """The line of an event that came as a frame, of the first endpoint `ams` and the monitor `all`, source `live`."""
    _, endpoint, late, version, blockhash, row = released
    kind, slot = Kind(row[0]), row[1]
    word = KIND_WORDS[kind]
    assert row[6] is not None
    update = geyser_pb2.SubscribeUpdate.FromString(row[6])
    key, fields = _key_and_fields(kind, update, blockhash, data_slices)
    if kind is Kind.ACCOUNT and names_write:
        tail = row[2][32:]
        key += ":" + (tail[1:].hex() if len(tail) == 17 else signature_text(tail))
    micros = timedelta(microseconds=received_at_utc_ns // 1000)
    received_at = datetime(1970, 1, 1, tzinfo=UTC) + micros
    record = {
        "id": f"{slot}.{version}:{word}:{key}" if version else f"{slot}:{word}:{key}",
        "kind": word,
        "monitors": ["all"],
        "slot": slot,
        "version": version,
        "commitment": commitment.name.lower(),
        "source": "live",
        "endpoint": "ams" if endpoint >= 0 else None,
        "received_at": received_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "late": late,
    }
    return orjson.dumps(record | fields) + b"\n"


def _key_and_fields(
    kind: Kind,
    update: geyser_pb2.SubscribeUpdate,
    blockhash: str | None,
    data_slices: Sequence[DataSlice] | None,
) -> tuple[str, Fields]:
    match kind:
        case Kind.TRANSACTION:
            fields = transaction_fields(update.transaction.transaction, blockhash)
            return fields["signature"], fields
        case Kind.TRANSACTION_STATUS:
            fields = transaction_status_fields(update.transaction_status, blockhash)
            return fields["signature"], fields
        case Kind.ACCOUNT:
            fields = account_fields(update.account.account, data_slices)
            return fields["pubkey"], fields
        case Kind.ENTRY:
            return str(update.entry.index), entry_fields(update.entry)
        case Kind.BLOCK_META:
            return update.block_meta.blockhash, block_meta_fields(update.block_meta)
        case _:
            return update.block.blockhash, block_fields(update.block, data_slices)


def transaction_fields(
    transaction_info: geyser_pb2.SubscribeUpdateTransactionInfo, blockhash: str | None
) -> Fields:
    """A `transaction`. Without a meta (an archive's hole) what only the meta knows is null."""
    transaction = transaction_info.transaction
    message = transaction.message
    meta = transaction_info.meta
    signatures = [signature_text(signature) for signature in transaction.signatures[:]]
    failed = meta.HasField("err")
    accounts = [key_text(key) for key in message.account_keys[:]]
    accounts += [key_text(key) for key in meta.loaded_writable_addresses[:]]
    accounts += [key_text(key) for key in meta.loaded_readonly_addresses[:]]
    # The recent blockhash goes through the cache of keys: most of a block names the same few.
    fields: Fields = {
        "blockhash": blockhash,
        "index": transaction_info.index,
        "signature": signatures[0] if signatures else signature_text(transaction_info.signature),
        "signatures": signatures,
        "tx_version": _transaction_version(message),
        "is_vote": transaction_info.is_vote,
        "failed": failed,
        "err": decode_transaction_error(meta.err.err) if failed else None,
        "fee": meta.fee,
        "compute_units": _compute_units(meta),
        "recent_blockhash": key_text(message.recent_blockhash),
        "accounts": accounts,
        "instructions": [_instruction(outer) for outer in message.instructions[:]],
        "inner_instructions": _all_inner_instructions(meta),
        "logs": None if meta.log_messages_none else meta.log_messages[:],
        "return_data": _return_data(meta) if meta.HasField("return_data") else None,
        "pre_balances": meta.pre_balances[:],
        "post_balances": meta.post_balances[:],
        "pre_token_balances": [_token_balance(held) for held in meta.pre_token_balances[:]],
        "post_token_balances": [_token_balance(held) for held in meta.post_token_balances[:]],
    }
    if not transaction_info.HasField("meta"):
        fields.update(_META_UNKNOWN)
    return fields


def transaction_status_fields(
    status: geyser_pb2.SubscribeUpdateTransactionStatus, blockhash: str | None
) -> Fields:
    """A `transaction_status`."""
    failed = status.HasField("err")
    return {
        "blockhash": blockhash,
        "index": status.index,
        "signature": signature_text(status.signature),
        "is_vote": status.is_vote,
        "failed": failed,
        "err": decode_transaction_error(status.err.err) if failed else None,
    }


def account_fields(
    account: geyser_pb2.SubscribeUpdateAccountInfo, data_slices: Sequence[DataSlice] | None
) -> Fields:
    """An `account`. Without `data_slices` its data is given as it came."""
    account_data = cut(account.data, data_slices) if data_slices else account.data
    return {
        "pubkey": key_text(account.pubkey),
        "owner": key_text(account.owner),
        "lamports": account.lamports,
        "executable": account.executable,
        "rent_epoch": account.rent_epoch,
        "data": b2a_base64(account_data, newline=False).decode(),
        "txn_signature": signature_text(account.txn_signature) if account.txn_signature else None,
        "write_version": account.write_version,
    }


def entry_fields(entry: geyser_pb2.SubscribeUpdateEntry) -> Fields:
    """An `entry`."""
    return {
        "index": entry.index,
        "hash": hash_text(entry.hash),
        "num_hashes": entry.num_hashes,
        "executed_transaction_count": entry.executed_transaction_count,
        "starting_transaction_index": entry.starting_transaction_index,
    }


def block_meta_fields(
    meta: geyser_pb2.SubscribeUpdateBlockMeta | geyser_pb2.SubscribeUpdateBlock,
) -> Fields:
    """A `block_meta`, and the first keys of a `block`.

    `entries_count` 0 is no count: no block is without entries, and a server that made the block itself, or a
    JSON-RPC answer, has none to give (TRAPS 2).
    """
    return {
        "blockhash": meta.blockhash,
        "parent_slot": meta.parent_slot,
        "parent_blockhash": meta.parent_blockhash,
        "block_height": meta.block_height.block_height if meta.HasField("block_height") else None,
        "block_time": meta.block_time.timestamp if meta.HasField("block_time") else None,
        "executed_transaction_count": meta.executed_transaction_count,
        "entries_count": meta.entries_count or None,
        "rewards": [_reward(reward) for reward in meta.rewards.rewards],
    }


def block_fields(
    block: geyser_pb2.SubscribeUpdateBlock, data_slices: Sequence[DataSlice] | None
) -> Fields:
    """A `block`, with the transactions, accounts and entries that the update holds."""
    fields = block_meta_fields(block)
    blockhash = block.blockhash
    fields["transactions"] = [
        transaction_fields(transaction, blockhash) for transaction in block.transactions
    ]
    fields["accounts"] = [account_fields(account, data_slices) for account in block.accounts]
    fields["entries"] = [entry_fields(entry) for entry in block.entries]
    return fields


def _transaction_version(message: solana_storage_pb2.Message) -> str | int:
    # Version 0 and 1 are both `versioned`; only version 1 has a config.
    if message.HasField("config"):
        return 1
    return 0 if message.versioned else "legacy"


def _compute_units(meta: solana_storage_pb2.TransactionStatusMeta) -> int | None:
    return meta.compute_units_consumed if meta.HasField("compute_units_consumed") else None


def _instruction(outer: solana_storage_pb2.CompiledInstruction) -> Fields:
    # The stack height of an outer instruction is not on the wire of a stream, so no road tells it.
    return {
        "program_id_index": outer.program_id_index,
        "accounts": [*outer.accounts],
        "data": b2a_base64(outer.data, newline=False).decode(),
        "stack_height": None,
    }


def _all_inner_instructions(meta: solana_storage_pb2.TransactionStatusMeta) -> list[Fields] | None:
    if meta.inner_instructions_none:
        return None
    return [
        {
            "index": inner.index,
            "instructions": [_inner_instruction(called) for called in inner.instructions[:]],
        }
        for inner in meta.inner_instructions[:]
    ]


def _inner_instruction(called: solana_storage_pb2.InnerInstruction) -> Fields:
    return {
        "program_id_index": called.program_id_index,
        "accounts": [*called.accounts],
        "data": b2a_base64(called.data, newline=False).decode(),
        "stack_height": called.stack_height if called.HasField("stack_height") else None,
    }


def _return_data(meta: solana_storage_pb2.TransactionStatusMeta) -> Fields:
    return {
        "program_id": key_text(meta.return_data.program_id),
        "data": b2a_base64(meta.return_data.data, newline=False).decode(),
    }


def _token_balance(balance: solana_storage_pb2.TokenBalance) -> Fields:
    amount = balance.ui_token_amount
    return {
        "account_index": balance.account_index,
        "mint": balance.mint,
        "owner": balance.owner or None,
        "program_id": balance.program_id or None,
        "amount": amount.amount,
        "decimals": amount.decimals,
    }


def _reward(reward: solana_storage_pb2.Reward) -> Fields:
    known = reward.reward_type < len(_REWARD_TYPES)
    return {
        "pubkey": reward.pubkey,
        "lamports": reward.lamports,
        "post_balance": reward.post_balance,
        "reward_type": _REWARD_TYPES[reward.reward_type]
        if known
        else f"unknown({reward.reward_type})",
        "commission": int(reward.commission) if reward.commission else None,
        "commission_bps": int(reward.commission_bps) if reward.commission_bps else None,
    }

"""The fields of each kind of record but transactions, as JSON, keys as DESIGN 10 orders them.

What the functions give is the end of a line: without an opening brace, with the closing one and a newline.
Messages are of the schema for records, which leaves out what no record tells. An account is written by hand, for all
of its texts are base58, base64 and numbers, which need no escape; the rest are dicts, which orjson writes.
All functions raise ValueError or DecodeError for what cannot be read, such as a key of the wrong length.
"""

from binascii import b2a_base64
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import orjson

from monitor.core.monitors import DataSlice
from monitor.wire.base58 import hash_text, key_text, signature_text
from monitor.wire.pb import geyser_record_pb2, solana_storage_pb2
from monitor.wire.record_transactions import transaction_json
from monitor.wire.slices import cut
from monitor.wire.transaction_errors import decode_transaction_error

_REWARD_TYPES: Final = (None, "Fee", "Rent", "Staking", "Voting", "DeactivatedStake")
"""RewardType in the words of JSON-RPC."""
_BOOLEANS: Final = ("false", "true")

_read_transaction: Final = geyser_record_pb2.SubscribeUpdateTransactionInfo.FromString
_read_account: Final = geyser_record_pb2.SubscribeUpdateAccountInfo.FromString
_read_entry: Final = geyser_record_pb2.SubscribeUpdateEntry.FromString


def transaction_status_json(
    status: geyser_record_pb2.SubscribeUpdateTransactionStatus,
) -> tuple[str, bytes]:
    """The signature, and the fields of a `transaction_status` after its blockhash."""
    failed = status.HasField("err")
    signature = signature_text(status.signature)
    fields = {
        "index": status.index,
        "signature": signature,
        "is_vote": status.is_vote,
        "failed": failed,
        "err": decode_transaction_error(status.err.err) if failed else None,
    }
    return signature, _told(fields)


def account_json(
    account: geyser_record_pb2.SubscribeUpdateAccountInfo, data_slices: Sequence[DataSlice] | None
) -> tuple[str, str | None, bytes]:
    """The pubkey, the signature if a transaction wrote it, and the fields of an `account`.

    Without `data_slices` its data is given as it came.
    """
    pubkey = key_text(account.pubkey)
    signer = account.txn_signature
    signature = signature_text(signer) if signer else None
    quoted = f'"{signature}"' if signer else "null"
    account_data = cut(account.data, data_slices) if data_slices else account.data
    fields = (
        f'"pubkey":"{pubkey}","owner":"{key_text(account.owner)}","lamports":{account.lamports},'
        f'"executable":{_BOOLEANS[account.executable]},"rent_epoch":{account.rent_epoch},'
        f'"data":"{b2a_base64(account_data, newline=False).decode()}","txn_signature":{quoted},'
        f'"write_version":{account.write_version}}}\n'
    )
    return pubkey, signature, fields.encode()


def entry_json(entry: geyser_record_pb2.SubscribeUpdateEntry) -> bytes:
    """The fields of an `entry`."""
    return (
        f'"index":{entry.index},"hash":"{hash_text(entry.hash)}","num_hashes":{entry.num_hashes},'
        f'"executed_transaction_count":{entry.executed_transaction_count},'
        f'"starting_transaction_index":{entry.starting_transaction_index}}}\n'
    ).encode()


def block_meta_json(
    meta: geyser_record_pb2.SubscribeUpdateBlockMeta | geyser_record_pb2.SubscribeUpdateBlock,
) -> bytes:
    """The fields of a `block_meta`, and the first of a `block`.

    `entries_count` 0 is no count: no block is without entries, and a server that made the block itself, or a
    JSON-RPC answer, has none to give (TRAPS 2).
    """
    fields = {
        "blockhash": meta.blockhash,
        "parent_slot": meta.parent_slot,
        "parent_blockhash": meta.parent_blockhash,
        "block_height": meta.block_height.block_height if meta.HasField("block_height") else None,
        "block_time": meta.block_time.timestamp if meta.HasField("block_time") else None,
        "executed_transaction_count": meta.executed_transaction_count,
        "entries_count": meta.entries_count or None,
        "rewards": [_reward(reward) for reward in meta.rewards.rewards],
    }
    return _told(fields)


def block_json(
    block: geyser_record_pb2.SubscribeUpdateBlock, data_slices: Sequence[DataSlice] | None
) -> Iterator[bytes]:
    """The fields of a `block`, with the transactions, accounts and entries that the update holds, in pieces to be joined.

    Each part is read by itself and a piece is some microseconds of work, so a caller may do other things in between.
    """
    yield block_meta_json(block)[:-2]
    blockhash = b'"blockhash":' + orjson.dumps(block.blockhash) + b","
    yield b',"transactions":['
    yield from _listed(
        blockhash + transaction_json(_read_transaction(each))[1] for each in block.transactions
    )
    yield b'],"accounts":['
    yield from _listed(account_json(_read_account(each), data_slices)[2] for each in block.accounts)
    yield b'],"entries":['
    yield from _listed(entry_json(_read_entry(each)) for each in block.entries)
    yield b"]}\n"


def undo_json(blockhash: str | None, reason: str) -> bytes:
    """The fields of an `undo`: of what block, None if that was never known, and why it is taken back."""
    return _told({"blockhash": blockhash, "reason": reason})


def commitment_json(monitor: str, old: str, new: str, reason: str, first_slot: int) -> bytes:
    """The fields of a `commitment`: from `first_slot` on the monitor's events come at `new`; the levels as words."""
    return _told(
        {"monitor": monitor, "from": old, "to": new, "reason": reason, "first_slot": first_slot}
    )


def _told(fields: dict[str, Any]) -> bytes:
    return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)[1:]


def _listed(ends: Iterable[bytes]) -> Iterator[bytes]:
    """The ends of lines as members of a list."""
    before = b"{"
    for end in ends:
        yield before + end[:-1]
        before = b",{"


def _reward(reward: solana_storage_pb2.Reward) -> dict[str, Any]:
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

"""A getBlock answer as the messages that a stream would have sent for the block: the road of recovery.

So that recovered events pass the same door as live ones, and equal them field by field (BACKFILL 4). Not to be had
from JSON-RPC, and left unset: entries and their count, account writes, bank ids, created_at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from monitor.core.errors import BlockMalformed
from monitor.wire.pb.geyser_pb2 import (
    SubscribeUpdate,
    SubscribeUpdateBlockMeta,
    SubscribeUpdateTransaction,
    SubscribeUpdateTransactionInfo,
)
from monitor.wire.pb.solana_storage_pb2 import (
    BlockHeight,
    NumPartitions,
    Reward,
    Rewards,
    RewardType,
    UnixTimestamp,
)
from monitor.wire.transaction_meta import Json
from monitor.wire.transactions import map_transaction

_REWARD_TYPES: Final[Mapping[str, RewardType.ValueType]] = dict(RewardType.items())


@dataclass(frozen=True, slots=True)
class MappedBlock:
    """One block as stream messages; shared, so not to be changed."""

    slot: int
    transactions: list[SubscribeUpdateTransactionInfo]
    """In the order of the block: the n-th has index n."""
    meta: SubscribeUpdateBlockMeta


def map_block(slot: int, result: Mapping[str, Any]) -> MappedBlock:
    """The block in a getBlock `result`, in encoding `base64` or `json`, with transactionDetails `full`.

    Raises: BlockMalformed when the result is anything else (signatures only, jsonParsed, a transaction of a version
    to come).
    """
    try:
        transactions = [
            map_transaction(index, answer) for index, answer in enumerate(result["transactions"])
        ]
        return MappedBlock(slot, transactions, map_block_meta(slot, result, len(transactions)))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BlockMalformed(
            f"slot {slot}: the answer to getBlock cannot be read as a whole block: {error!r}; "
            "ask another RPC, with encoding base64 and transactionDetails full"
        ) from error


def frames(block: MappedBlock, filters: Sequence[str] = ()) -> list[bytes]:
    """Each transaction, then the block's meta, as an encoded SubscribeUpdate under these filter names."""
    updates = [
        SubscribeUpdate(
            filters=filters,
            transaction=SubscribeUpdateTransaction(transaction=transaction, slot=block.slot),
        )
        for transaction in block.transactions
    ]
    updates.append(SubscribeUpdate(filters=filters, block_meta=block.meta))
    return [update.SerializeToString() for update in updates]


def map_block_meta(slot: int, result: Json, transaction_count: int) -> SubscribeUpdateBlockMeta:
    """The meta of a block. Raises KeyError, TypeError or ValueError where it is not shaped as agave shapes it."""
    block_time = result.get("blockTime")
    block_height = result.get("blockHeight")
    partitions = result.get("numRewardPartitions")
    return SubscribeUpdateBlockMeta(
        slot=slot,
        blockhash=result["blockhash"],
        rewards=Rewards(
            rewards=[_map_reward(reward) for reward in result.get("rewards") or ()],
            num_partitions=None if partitions is None else NumPartitions(num_partitions=partitions),
        ),
        block_time=None if block_time is None else UnixTimestamp(timestamp=block_time),
        block_height=None if block_height is None else BlockHeight(block_height=block_height),
        parent_slot=result["parentSlot"],
        parent_blockhash=result["previousBlockhash"],
        executed_transaction_count=transaction_count,
    )


def _map_reward(reward: Json) -> Reward:
    return Reward(
        pubkey=reward["pubkey"],
        lamports=reward["lamports"],
        post_balance=reward["postBalance"],
        # A type still without a name is Unspecified, as in the runtime's own conversion.
        reward_type=_REWARD_TYPES.get(reward.get("rewardType") or "", RewardType.Unspecified),
        commission=_decimal(reward.get("commission")),
        commission_bps=_decimal(reward.get("commissionBps")),
    )


def _decimal(number: int | None) -> str:
    return "" if number is None else str(number)

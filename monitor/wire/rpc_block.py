"""A whole getBlock answer as rows, like those that a stream would have brought of the block: the road of recovery.

Rows that no monitor wants are judged away before their transaction is written as protobuf, for most of the time goes
there. Frames have no filter names, for the rows' masks say who wants them. Not to be had from JSON-RPC, and left unset:
the count of entries, bank ids, created_at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from msgspec import MsgspecError, Struct
from msgspec.json import Decoder

from monitor.core.chain import Kind
from monitor.core.errors import BlockMalformed, BlockUnfinished
from monitor.core.events import Row
from monitor.core.monitors import Monitor
from monitor.wire.base58 import hash_bytes
from monitor.wire.block_digest import BlockDigest
from monitor.wire.blocks import map_block_meta
from monitor.wire.filters import LocalFilters
from monitor.wire.pb.geyser_pb2 import SubscribeUpdate
from monitor.wire.rpc_transactions import Told, ToldTransaction
from monitor.wire.units import mask_of

_TRANSACTION: Final = int(Kind.TRANSACTION)
_TRANSACTION_STATUS: Final = int(Kind.TRANSACTION_STATUS)
_BLOCK_META: Final = int(Kind.BLOCK_META)


@dataclass(frozen=True, slots=True)
class MappedBlock:
    """One block as an RPC told it."""

    slot: int
    blockhash: str
    previous_blockhash: str
    parent_slot: int
    block_height: int | None
    block_time: int | None
    """Seconds since 1970."""
    count: int
    """Transactions in it, wanted or not."""
    digest: bytes
    """32 bytes, equal for the same block from any honest RPC (`block_digest`)."""
    rows: list[Row]
    """As `core.events.BlockFetched`."""
    signatures: bytes
    """As `core.events.BlockFetched`."""


class _Block(Struct, rename="camel", gc=False):
    blockhash: str
    previous_blockhash: str
    parent_slot: int
    transactions: list[Told]
    block_height: int | None = None
    block_time: int | None = None
    rewards: list[dict[str, Any]] | None = None
    num_reward_partitions: int | None = None


class _Answer(Struct, gc=False):
    result: _Block | None = None
    error: Any = None


_read_answer: Final = Decoder(_Answer).decode
_UNREADABLE: Final = (
    *(MsgspecError, KeyError, IndexError, TypeError, ValueError, OverflowError),
    RecursionError,
)
"""What becomes of an answer that is not shaped as agave shapes it; the last of one that is nested without end."""


class BlockReader:
    """Reads getBlock answers for these monitors; bit i of every mask is monitor i."""

    def __init__(self, monitors: Sequence[Monitor]) -> None:
        """Raises ValueError for a key that is no base58 pubkey or signature."""
        self._filters = LocalFilters(monitors)
        self._meta_mask = mask_of(monitors, Kind.BLOCK_META)
        self._tells_signatures = any(monitor.accounts is not None for monitor in monitors)

    def read(self, slot: int, body: bytes, stamp_ns: int) -> MappedBlock:
        """The block in a whole answer to getBlock: transactionDetails `full`, encoding base64 (or json, which is slower).

        `stamp_ns`: when the answer came, as in `Row`.
        Raises: BlockUnfinished where the node may have it whole soon; BlockMalformed for all else that is no whole block.
        """
        try:
            answer = _read_answer(body)
            if answer.result is None:
                raise _refusal(slot, answer)
            return self._map(slot, answer.result, stamp_ns)
        except _UNREADABLE as error:
            raise BlockMalformed(
                f"slot {slot}: the answer to getBlock cannot be read as a whole block: {error!r}; "
                "ask another RPC, with encoding base64 and transactionDetails full"
            ) from error

    def _map(self, slot: int, block: _Block, stamp_ns: int) -> MappedBlock:
        digest = BlockDigest(block.blockhash, block.previous_blockhash, block.parent_slot)
        rows: list[Row] = []
        signatures: list[bytes] = []
        for index, told in enumerate(block.transactions):
            if told.meta is None:
                raise BlockUnfinished(f"slot {slot}: transaction {index} came without its meta")
            transaction = ToldTransaction(told, told.meta)
            transaction.told_to(digest)
            signatures.append(transaction.signature)
            rows += self._rows(slot, index, transaction, stamp_ns)
        rows.append(self._meta_row(slot, block, stamp_ns))
        return MappedBlock(
            slot=slot,
            blockhash=block.blockhash,
            previous_blockhash=block.previous_blockhash,
            parent_slot=block.parent_slot,
            block_height=block.block_height,
            block_time=block.block_time,
            count=len(block.transactions),
            digest=digest.digest(),
            rows=rows,
            signatures=b"".join(signatures) if self._tells_signatures else b"",
        )

    def _rows(
        self, slot: int, index: int, transaction: ToldTransaction, stamp_ns: int
    ) -> list[Row]:
        rows: list[Row] = []
        key = transaction.signature + index.to_bytes(8, "little")
        mask = self._filters.transaction(transaction)
        if mask:
            frame = transaction.frame(slot, index)
            rows.append((_TRANSACTION, slot, key, mask, index, stamp_ns, frame))
        mask = self._filters.status(transaction)
        if mask:
            frame = transaction.status_frame(slot, index)
            rows.append((_TRANSACTION_STATUS, slot, key, mask, index, stamp_ns, frame))
        return rows

    def _meta_row(self, slot: int, block: _Block, stamp_ns: int) -> Row:
        result = {
            "blockhash": block.blockhash,
            "previousBlockhash": block.previous_blockhash,
            "parentSlot": block.parent_slot,
            "blockHeight": block.block_height,
            "blockTime": block.block_time,
            "rewards": block.rewards,
            "numRewardPartitions": block.num_reward_partitions,
        }
        count = len(block.transactions)
        meta = map_block_meta(slot, result, count)
        extra = (
            block.parent_slot,
            block.previous_blockhash,
            block.block_height,
            count,
            0,
            0,
            hash_bytes(block.blockhash),
        )
        frame = SubscribeUpdate(block_meta=meta).SerializeToString()
        return _BLOCK_META, slot, block.blockhash, self._meta_mask, extra, stamp_ns, frame


def _refusal(slot: int, answer: _Answer) -> BlockMalformed:
    if answer.error is None:
        return BlockUnfinished(f"slot {slot}: the answer to getBlock is null")
    return BlockMalformed(f"slot {slot}: the answer to getBlock is an error: {answer.error!r}")

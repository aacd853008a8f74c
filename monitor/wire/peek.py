"""Frames to rows: what an update is, read without its heavy parts. The hottest function of the product.

How this works. A frame is its filter names, then the oneof member, then created_at: servers encode in field order
(PROTOCOL 1.3). So the bytes up to and including the member's tag are few and repeat for ever: they are cut off by a
walk over the length bytes and looked up in the table's cache, which answers mask and generation without making a string.
The tag says the kind, so WhichOneof is not asked. The frame is then parsed by the lazy schema (transaction and meta stay
bytes) and the key fields are read. A frame that does not look so, or has not been seen, takes the slow road, which
asks protobuf for everything and teaches the cache; both roads give the same rows.

Kinds: a block gives one row for each monitor that it serves; block_footer, which we never ask for, and an update
whose member is unknown to this schema (a server newer than us) give none.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final

from google.protobuf.message import DecodeError

from monitor.core.chain import Kind
from monitor.core.errors import FrameMalformed
from monitor.core.events import Row
from monitor.wire.names import NameTable
from monitor.wire.pb import geyser_lazy_pb2

_parse: Final = geyser_lazy_pb2.SubscribeUpdate.FromString

_KINDS: Final[dict[str, int]] = {
    "account": Kind.ACCOUNT,
    "slot": Kind.SLOT,
    "transaction": Kind.TRANSACTION,
    "block": Kind.BLOCK,
    "ping": Kind.PING,
    "block_meta": Kind.BLOCK_META,
    "entry": Kind.ENTRY,
    "pong": Kind.PONG,
    "transaction_status": Kind.TRANSACTION_STATUS,
}


def peek(frames: Sequence[tuple[int, bytes]], names: NameTable) -> list[Row]:
    """The rows of these (stamp, frame) pairs, in order; layout in `monitor.core.events`.

    Raises: FrameMalformed for bytes that are no SubscribeUpdate.
    """
    rows: list[Row] = []
    for stamp, frame in frames:
        _read(stamp, frame, names, rows)
    return rows


def _read(stamp: int, frame: bytes, names: NameTable, rows: list[Row]) -> None:
    try:
        update = _parse(frame)
    except DecodeError as error:
        raise FrameMalformed(f"{len(frame)} bytes are no SubscribeUpdate: {error}") from error
    member = update.WhichOneof("update_oneof")
    kind = int(_KINDS.get(member, 0)) if member is not None else 0
    if not kind:
        return
    if kind == Kind.BLOCK:
        block = update.block
        for mask, name in names.blocks(tuple(update.filters)):
            rows.append((kind, block.slot, (block.blockhash, name), mask, None, stamp, frame))
        return
    mask, generation, judged = names.read(tuple(update.filters))
    if judged:
        mask |= names.judge(kind, frame)
    rows.append(_row(kind, update, (mask, generation, names), stamp, frame))


def _row(
    kind: int,
    update: geyser_lazy_pb2.SubscribeUpdate,
    meaning: tuple[int, int, NameTable],
    stamp: int,
    frame: bytes,
) -> Row:
    mask, generation, names = meaning
    body: Any
    match kind:
        case Kind.TRANSACTION:
            body = update.transaction
            part = body.transaction
            return kind, body.slot, part.signature, mask, part.index, stamp, frame
        case Kind.ACCOUNT:
            body = update.account
            part = body.account
            signature = part.txn_signature
            key = part.pubkey + signature if signature else unsigned_key(part)
            return kind, body.slot, key, mask, part.write_version, stamp, frame
        case Kind.SLOT:
            body = update.slot
            status = body.status
            if generation and status < len(names.slot_masks):
                mask |= names.slot_masks[status]
            parent = body.parent if body.HasField("parent") else None
            dead_error = body.dead_error if body.HasField("dead_error") else None
            extra = (parent, dead_error, generation)
            return kind, body.slot, status, mask, extra, stamp, frame
        case Kind.BLOCK_META:
            body = update.block_meta
            if generation:
                mask |= names.block_meta_mask
            height = body.block_height.block_height if body.HasField("block_height") else None
            meta = (
                body.parent_slot,
                body.parent_blockhash,
                height,
                body.executed_transaction_count,
                body.entries_count,
                generation,
            )
            return kind, body.slot, body.blockhash, mask, meta, stamp, frame
        case Kind.ENTRY:
            body = update.entry
            return kind, body.slot, body.index, mask, body.hash, stamp, frame
        case Kind.TRANSACTION_STATUS:
            body = update.transaction_status
            return kind, body.slot, body.signature, mask, body.index, stamp, frame
        case Kind.PONG:
            return kind, 0, update.pong.id, mask, None, stamp, frame
        case _:
            return kind, 0, 0, mask, None, stamp, frame


def unsigned_key(account: geyser_lazy_pb2.SubscribeUpdateAccountInfo) -> bytes:
    """The key of an account write that no transaction made: pubkey, `!`, and a hash of what was written."""
    content = b"%d,%s,%d,%d," % (
        account.lamports,
        account.owner,
        account.executable,
        account.rent_epoch,
    )
    return account.pubkey + b"!" + blake2b(content + account.data, digest_size=16).digest()

"""Frames to rows: what an update is, read without its heavy parts. The hottest function of the
product.

How this works. A frame is its filter names, then the oneof member, then created_at: servers encode
in field order (PROTOCOL 1.3). So the bytes up to and with the member's tag are few and repeat for
ever: a walk over the length bytes finds them, and one look in the table's cache tells the reader of
that kind and the mask, without a string made or WhichOneof asked. The frame is parsed by the lazy
schema (transaction and meta stay bytes) and the reader takes the key fields. A frame that is not so
shaped, or whose names are new, takes the slow road, which asks protobuf for everything and teaches
the cache; both give the same rows. (A name after the member, which no server writes, is seen on the
slow road only.)

Measured on one busy core, best of 40 passes over 1,000 frames, us a frame (account of 354 bytes,
vote of 655, transaction of 5,043, entry of 120): this way 1.31, 1.43, 1.58, 0.99. Compared before
transactions had the index in their key (0.13 us): this way 1.28, 1.28, 1.46, 0.99; the same readers
written into the loop 1.31, 1.29, 1.48, 0.98 (no gain for the longer function); `filters` and
WhichOneof by protobuf 1.91, 1.95, 2.17, 1.61; transactions scanned by hand without protobuf 1.9.

Rows: a block gives one for each monitor that it serves. None at all come of block_footer, which we
never ask for; of an update whose member this schema does not know (a newer server, PROTOCOL 1.4);
of a slot status beyond the known seven; of an update that a superset brought and no monitor wants.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

from google.protobuf.message import DecodeError

from monitor.core.chain import Kind, SlotStatus
from monitor.core.errors import FrameMalformed
from monitor.core.events import Row
from monitor.core.scope import EVERY_MONITOR
from monitor.wire.base58 import hash_bytes
from monitor.wire.names import NameTable
from monitor.wire.pb import geyser_pb2
from monitor.wire.pb.geyser_lazy_pb2 import SubscribeUpdate, SubscribeUpdateAccountInfo

_parse: Final = SubscribeUpdate.FromString

# Plain ints: a member of an IntEnum costs two look-ups a row, in the module and in the class.
_ACCOUNT: Final = int(Kind.ACCOUNT)
_SLOT: Final = int(Kind.SLOT)
_TRANSACTION: Final = int(Kind.TRANSACTION)
_BLOCK: Final = int(Kind.BLOCK)
_PING: Final = int(Kind.PING)
_BLOCK_META: Final = int(Kind.BLOCK_META)
_ENTRY: Final = int(Kind.ENTRY)
_PONG: Final = int(Kind.PONG)
_TRANSACTION_STATUS: Final = int(Kind.TRANSACTION_STATUS)

_STATUSES: Final = len(SlotStatus)
_NOTHING: Final[Row] = (0, 0, 0, 0, None, 0, None)
"""What a reader answers when there is no row to make; kind 0 is no `Kind`."""

_Reader = Callable[[SubscribeUpdate, Any, int, bytes], Row]


def peek(frames: Sequence[tuple[int, bytes]], names: NameTable) -> list[Row]:
    """The rows of these (stamp, frame) pairs, in order; layout in `monitor.core.events`.

    Raises: FrameMalformed for bytes that are no SubscribeUpdate; it carries the rows of the frames before.
    """
    rows: list[Row] = []
    append = rows.append
    known_by_prefix = names.prefixes.get
    parse = _parse
    try:
        for stamp, frame in frames:
            try:
                end = 0
                while frame[end] == 0x0A:  # field 1, filters
                    end += frame[end + 1] + 2
                known = known_by_prefix(frame[: end + 1])
            except IndexError:
                known = None
            if known is not None:
                row = known[0](parse(frame), known[1], stamp, frame)
                # Slot 0 also stands for a member that a second one in the same frame has displaced.
                if row[1]:
                    append(row)
                    continue
            rows += _slowly(stamp, frame, names)
    except DecodeError as error:
        message = f"a frame did not parse as a SubscribeUpdate: {error}"
        raise FrameMalformed(message, rows) from error
    return rows


def unsigned_key(
    account: SubscribeUpdateAccountInfo | geyser_pb2.SubscribeUpdateAccountInfo,
) -> bytes:
    """The key of an account write that no transaction made: pubkey, `!`, 16 bytes of hash of what
    was written.
    """
    fixed = b"%d,%d,%d," % (account.lamports, account.executable, account.rent_epoch)
    content = blake2b(fixed, digest_size=16)
    content.update(account.owner)
    content.update(account.data)
    return account.pubkey + b"!" + content.digest()


def _slowly(stamp: int, frame: bytes, names: NameTable) -> list[Row]:
    update = _parse(frame)
    kind = _KINDS.get(update.WhichOneof("update_oneof") or "", 0)
    if not kind:
        return []
    found = tuple(update.filters)
    if kind == _BLOCK:
        block = update.block
        identity = block.slot, block.blockhash
        return [
            (_BLOCK, identity[0], (identity[1], name), bit, None, stamp, frame)
            for bit, name in names.blocks(found)
        ]
    mask, generation, is_told = _wanted(kind, frame, found, names)
    if not (is_told or mask or generation):
        return []
    meaning = _meaning(kind, mask, generation, names)
    reader = _READERS[kind]
    row = reader(update, meaning, stamp, frame)
    if found and row[1] and is_told:
        _teach(frame, found, (reader, meaning), names)
    return [row] if row[0] else []


def _wanted(
    kind: int, frame: bytes, found: tuple[str, ...], names: NameTable
) -> tuple[int, int, bool]:
    """(mask, generation or 0, whether the names alone told so)."""
    mask, generation, is_judged = names.read(found)
    untold = EVERY_MONITOR if is_judged else names.left_out.get(kind, 0)
    if untold:
        mask |= names.judge(kind, frame) & untold
    return mask, generation, not untold


def _meaning(kind: int, mask: int, generation: int, names: NameTable) -> Any:
    """What the reader of this kind is told of the names: the mask, and for hidden kinds the
    generation. Which monitors want a slot's status is the core's to say (`core.levels`).
    """
    if kind == _SLOT:
        return mask, generation
    if kind == _BLOCK_META:
        return mask | (names.block_meta_mask if generation else 0), generation
    return mask


def _teach(
    frame: bytes, found: tuple[str, ...], known: tuple[_Reader, Any], names: NameTable
) -> None:
    """Keep what this frame's prefix means, if the walk over its bytes finds exactly its names."""
    end = 0
    while end + 1 < len(frame) and frame[end] == 0x0A:
        end += frame[end + 1] + 2
    try:
        walked = tuple(_parse(frame[:end]).filters)
    except DecodeError:
        return  # a name longer than 127 bytes: two length bytes, which the walk does not follow
    if walked == found:
        names.learn(frame[: end + 1], known)


def _account(update: SubscribeUpdate, mask: Any, stamp: int, frame: bytes) -> Row:
    body = update.account
    write = body.account
    signature = write.txn_signature
    key = write.pubkey + signature if signature else unsigned_key(write)
    return _ACCOUNT, body.slot, key, mask, write.write_version, stamp, frame


def _slot(update: SubscribeUpdate, meaning: Any, stamp: int, frame: bytes) -> Row:
    mask, generation = meaning
    body = update.slot
    status = body.status
    if status >= _STATUSES:
        return _NOTHING
    parent = body.parent if body.HasField("parent") else None
    dead_error = body.dead_error if body.HasField("dead_error") else None
    extra = (parent, dead_error, generation)
    return _SLOT, body.slot, status, mask, extra, stamp, frame


def _transaction(update: SubscribeUpdate, mask: Any, stamp: int, frame: bytes) -> Row:
    body = update.transaction
    inner = body.transaction
    index = inner.index
    key = inner.signature + index.to_bytes(8, "little")
    return _TRANSACTION, body.slot, key, mask, index, stamp, frame


def _transaction_status(update: SubscribeUpdate, mask: Any, stamp: int, frame: bytes) -> Row:
    body = update.transaction_status
    index = body.index
    key = body.signature + index.to_bytes(8, "little")
    return _TRANSACTION_STATUS, body.slot, key, mask, index, stamp, frame


def _block_meta(update: SubscribeUpdate, meaning: Any, stamp: int, frame: bytes) -> Row:
    mask, generation = meaning
    body = update.block_meta
    extra = (
        body.parent_slot,
        body.parent_blockhash,
        body.block_height.block_height if body.HasField("block_height") else None,
        body.executed_transaction_count,
        body.entries_count,
        generation,
        _hash_bytes(body.blockhash),
    )
    return _BLOCK_META, body.slot, body.blockhash, mask, extra, stamp, frame


def _entry(update: SubscribeUpdate, mask: Any, stamp: int, frame: bytes) -> Row:
    body = update.entry
    index = body.index
    return _ENTRY, body.slot, body.hash + index.to_bytes(8, "little"), mask, index, stamp, frame


@lru_cache(maxsize=64)
def _hash_bytes(blockhash: str) -> bytes:
    """The 32 bytes of a blockhash, which several feeds tell; empty when the text is none."""
    try:
        return hash_bytes(blockhash)
    except ValueError:
        return b""


def _ping(_update: SubscribeUpdate, mask: Any, stamp: int, frame: bytes) -> Row:
    return _PING, 0, 0, mask, None, stamp, frame


def _pong(update: SubscribeUpdate, mask: Any, stamp: int, frame: bytes) -> Row:
    return _PONG, 0, update.pong.id, mask, None, stamp, frame


_KINDS: Final[dict[str, int]] = {
    "account": _ACCOUNT,
    "slot": _SLOT,
    "transaction": _TRANSACTION,
    "block": _BLOCK,
    "ping": _PING,
    "block_meta": _BLOCK_META,
    "entry": _ENTRY,
    "pong": _PONG,
    "transaction_status": _TRANSACTION_STATUS,
}

_READERS: Final[dict[int, _Reader]] = {
    _ACCOUNT: _account,
    _SLOT: _slot,
    _TRANSACTION: _transaction,
    _PING: _ping,
    _BLOCK_META: _block_meta,
    _ENTRY: _entry,
    _PONG: _pong,
    _TRANSACTION_STATUS: _transaction_status,
}

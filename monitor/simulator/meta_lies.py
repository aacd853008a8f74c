"""BlockMeta that is not as the others have it: under a blockhash that no block has, or without a count of entries."""

from hashlib import sha256
from typing import Any

from monitor.core.chain import Kind
from monitor.simulator.base58 import base58
from monitor.simulator.encoding import update
from monitor.simulator.model import Update
from monitor.wire.pb import geyser_pb2


def lied(meta: Update) -> Update:
    """The same BlockMeta under another blockhash, the same one each time."""
    message = _copied(meta)
    message.blockhash = base58(sha256(f"not {message.blockhash}".encode()).digest())
    return update(Kind.BLOCK_META, meta.slot, message)


def uncounted(meta: Update) -> Update:
    """The same BlockMeta as the validator tells it that made the block itself: `entries_count` is 0 (TRAPS 2)."""
    message = _copied(meta)
    message.entries_count = 0
    return update(Kind.BLOCK_META, meta.slot, message)


def _copied(meta: Update) -> geyser_pb2.SubscribeUpdateBlockMeta:
    told: Any = meta.message
    message = geyser_pb2.SubscribeUpdateBlockMeta()
    message.CopyFrom(told)
    return message

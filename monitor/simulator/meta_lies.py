"""BlockMeta of a lying server: well-formed, of the right slot and counts, under a blockhash that no block has."""

from hashlib import sha256
from typing import Any

from monitor.core.chain import Kind
from monitor.simulator.base58 import base58
from monitor.simulator.encoding import update
from monitor.simulator.model import Update
from monitor.wire.pb import geyser_pb2


def lied(meta: Update) -> Update:
    """The same BlockMeta under another blockhash, the same one each time."""
    told: Any = meta.message
    message = geyser_pb2.SubscribeUpdateBlockMeta()
    message.CopyFrom(told)
    message.blockhash = base58(sha256(f"not {message.blockhash}".encode()).digest())
    return update(Kind.BLOCK_META, meta.slot, message)

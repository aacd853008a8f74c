"""One transaction of a getBlock answer: what filters and the digest of its block ask of it, and its frames.

Most of its meta stays JSON until a frame is asked for: what filters ask and what is compared takes a third of the time.
"""

from typing import Any, Final

from msgspec import Struct

from monitor.core.monitors import TokenAccounts
from monitor.wire.block_digest import BlockDigest
from monitor.wire.fields import delimited, varint
from monitor.wire.matching import owners
from monitor.wire.packed_transactions import PackedTransaction, ReadTransaction, open_transaction
from monitor.wire.pb.geyser_pb2 import SubscribeUpdate, SubscribeUpdateTransactionStatus
from monitor.wire.rpc_meta import Meta, encode_meta
from monitor.wire.transactions import parse_transaction


class Told(Struct, gc=False):
    """A transaction as the answer tells it."""

    transaction: tuple[bytes, str] | dict[str, Any]
    """The bytes, read as base64, and the encoding that they came in; or in encoding json the message in parts."""
    meta: Meta | None = None
    version: str | int | None = "legacy"


class ToldTransaction:
    """Raises KeyError, IndexError, TypeError, ValueError, OverflowError or MsgspecError where it is not shaped as agave
    shapes it, from any method.
    """

    def __init__(self, told: Told, meta: Meta) -> None:
        """`meta`: that of `told`, which has one."""
        self._opened = _open(told)
        self._meta = meta
        self._error = meta.error()
        self._loaded = meta.loaded()
        self.signature: Final = self._opened.signature

    @property
    def is_vote(self) -> bool:
        """What the runtime calls a vote."""
        return self._opened.is_vote

    @property
    def failed(self) -> bool:
        """Whether it ended in an error."""
        return self._error is not None

    def keys(self, expansion: TokenAccounts | None) -> list[bytes]:
        """Its accounts, and owners of token balances as this expansion says."""
        keys = self._opened.keys() + self._loaded[0] + self._loaded[1]
        if expansion is not None:
            keys += owners(*self._meta.holdings(), expansion)
        return keys

    def told_to(self, digest: BlockDigest) -> None:
        """Add it to the digest of its block."""
        meta = self._meta
        digest.add(self._opened.wire, self._error, meta.fee, meta.pre_balances, meta.post_balances)

    def frame(self, slot: int, index: int) -> bytes:
        """The SubscribeUpdate of kind transaction."""
        transaction = self._opened.encode()
        meta = encode_meta(self._meta, self._error, self._loaded)
        # The parts are long and nested three deep: they are put together once, with the lengths known before.
        before = delimited(b"\x0a", self.signature) if self.signature else b""
        if self.is_vote:
            before += b"\x10\x01"
        before += b"\x1a" + varint(len(transaction))
        between = b"\x22" + varint(len(meta))
        after = b"\x28" + varint(index) if index else b""
        size = sum(map(len, (before, transaction, between, meta, after)))
        inner = b"\x0a" + varint(size)
        after += b"\x10" + varint(slot)
        size = sum(map(len, (inner, before, transaction, between, meta, after)))
        start = b"\x22" + varint(size)
        return b"".join((start, inner, before, transaction, between, meta, after))

    def status_frame(self, slot: int, index: int) -> bytes:
        """The SubscribeUpdate of kind transaction_status."""
        update = SubscribeUpdateTransactionStatus(
            slot=slot, signature=self.signature, is_vote=self.is_vote, index=index
        )
        if self._error is not None:
            update.err.err = self._error
        return SubscribeUpdate(transaction_status=update).SerializeToString()


def _open(told: Told) -> PackedTransaction:
    encoded = told.transaction
    if isinstance(encoded, dict):
        transaction = parse_transaction(encoded, told.version)
        # In encoding json there is no wire form: such a block is alike to others in encoding json only.
        return ReadTransaction(transaction, transaction.SerializeToString())
    wire, encoding = encoded
    if encoding != "base64":
        raise ValueError(f"a transaction in encoding {encoding!r}")
    return open_transaction(wire)

"""One transaction of a getBlock answer: what filters ask of it, what two RPCs must agree on, and its frames.

Most of its meta stays JSON until a frame is asked for: what filters ask and what is compared takes a third of the time.
"""

from binascii import a2b_base64
from typing import Any, Final

from msgspec import Struct

from monitor.core.monitors import TokenAccounts
from monitor.wire.fields import delimited, varint
from monitor.wire.matching import owners
from monitor.wire.packed_transactions import PackedTransaction, ReadTransaction, open_transaction
from monitor.wire.pb.geyser_pb2 import SubscribeUpdate, SubscribeUpdateTransactionStatus
from monitor.wire.rpc_meta import Meta, encode_meta
from monitor.wire.transactions import parse_transaction

_INSTRUCTION_ERROR: Final = (8).to_bytes(4, "little")
_BORSH_IO_ERROR: Final = (44).to_bytes(4, "little")
_SPACES: Final = b" \t\r\n"
_BORSH_IO_ERROR_BYTES: Final = 9
"""Of an InstructionError with BorshIoError; older nodes tell a text behind it."""


class Told(Struct, gc=False):
    """A transaction as the answer tells it."""

    transaction: tuple[str, str] | dict[str, Any]
    """(text, encoding), or in encoding json the message in parts."""
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

    def alike(self) -> bytes:
        """What every honest node tells of it in the same words: see `rpc_block`."""
        meta, error, wire = self._meta, self._error or b"", self._opened.wire
        if error.startswith(_INSTRUCTION_ERROR) and error.startswith(_BORSH_IO_ERROR, 5):
            error = error[:_BORSH_IO_ERROR_BYTES]
        # Lists of numbers: without white space there is but one way to write them.
        before = bytes(meta.pre_balances).translate(None, _SPACES)
        after = bytes(meta.post_balances).translate(None, _SPACES)
        return b"%d,%d,%b%b%d%b%b" % (
            *(len(wire), len(error), wire, error),
            *(meta.fee, before, after),
        )

    def frame(self, slot: int, index: int) -> bytes:
        """The SubscribeUpdate of kind transaction."""
        signature = self.signature
        meta = encode_meta(self._meta, self._error, self._loaded)
        info = (
            delimited(b"\x0a", signature) if signature else b"",
            b"\x10\x01" if self.is_vote else b"",
            delimited(b"\x1a", self._opened.encode()),
            delimited(b"\x22", meta),
            b"\x28" + varint(index) if index else b"",
        )
        update = delimited(b"\x0a", b"".join(info)) + b"\x10" + varint(slot)
        return delimited(b"\x22", update)

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
    if isinstance(encoded, tuple) and encoded[1] == "base64":
        return open_transaction(a2b_base64(encoded[0]))
    transaction = parse_transaction(encoded, told.version)
    # In encoding json there is no wire form: such an answer is alike to others in encoding json only.
    return ReadTransaction(transaction, transaction.SerializeToString())

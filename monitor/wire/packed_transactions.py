"""A transaction in its wire form, asked what filters ask and written as protobuf, without an object for each part.

How this works. Of the older two forms (see `transaction_bytes`) only the beginning is looked at until more is wanted:
signatures, keys, and whether it is a vote stand at places that one addition each tells. To write it as protobuf the
parts are copied between their tags in one pass. What is not so shaped, version 1 with its own order and anything
broken, is read by `transaction_bytes` into messages, which take four times as long and refuse what is wrong.
"""

from typing import Final, Protocol

from monitor.wire.fields import delimited, instruction
from monitor.wire.kept import Kept
from monitor.wire.pb.solana_storage_pb2 import MessageHeader, Transaction
from monitor.wire.transaction_bytes import read_transaction
from monitor.wire.transactions import VOTE_PROGRAM, VOTE_SIGNATURES, is_simple_vote

_VERSION_FLAG: Final = 0x80
_SIGNATURE_BYTES: Final = 64
_KEY_BYTES: Final = 32
_HEADERS_KEPT: Final = 1_024


class PackedTransaction(Protocol):
    """What filters and frames want of a transaction."""

    @property
    def signature(self) -> bytes:
        """The first signature; empty if there is none."""

    @property
    def is_vote(self) -> bool:
        """What the runtime calls a vote (`transactions.is_simple_vote`)."""

    @property
    def wire(self) -> bytes:
        """The bytes that it came as."""

    def keys(self) -> list[bytes]:
        """Its own keys, in order, without those that it loads from tables."""

    def encode(self) -> bytes:
        """The bytes of its protobuf `Transaction`. Raises ValueError or IndexError when its wire form ends too early or too late."""


def open_transaction(wire: bytes) -> PackedTransaction:
    """A transaction of any version. Raises ValueError or IndexError for bytes that are none."""
    # From 0x80 on the first byte is a version, or a count of signatures that no transaction has room for.
    if wire[0] < _VERSION_FLAG:
        message_at = 1 + wire[0] * _SIGNATURE_BYTES
        versioned = wire[message_at] == _VERSION_FLAG
        keys_at = message_at + 4 + versioned
        key_count = wire[keys_at - 1]
        end = keys_at + (key_count + 1) * _KEY_BYTES
        if end < len(wire) and key_count < _VERSION_FLAG and wire[keys_at - 4] < _VERSION_FLAG:
            return _LaidOut(wire, message_at, keys_at, versioned)
    return ReadTransaction(read_transaction(wire), wire)


class ReadTransaction:
    """One that was read into messages."""

    def __init__(self, transaction: Transaction, wire: bytes) -> None:
        self._transaction = transaction
        self.wire: Final = wire
        self.signature: Final = transaction.signatures[0] if transaction.signatures else b""
        self.is_vote: Final = is_simple_vote(transaction)

    def keys(self) -> list[bytes]:
        """Its own keys."""
        return list(self._transaction.message.account_keys)

    def encode(self) -> bytes:
        """The bytes of its messages."""
        return self._transaction.SerializeToString()


class _LaidOut:
    """A legacy or version 0 one, of which the places of the first parts are known to be within its bytes."""

    __slots__ = ("_keys_at", "_keys_end", "_message_at", "_versioned", "wire")

    def __init__(self, wire: bytes, message_at: int, keys_at: int, versioned: bool) -> None:
        self.wire = wire
        self._message_at = message_at
        self._keys_at = keys_at
        self._keys_end = keys_at + wire[keys_at - 1] * _KEY_BYTES
        self._versioned = versioned

    @property
    def signature(self) -> bytes:
        return self.wire[1:65] if self._message_at > 1 else b""

    @property
    def is_vote(self) -> bool:
        wire = self.wire
        if self._versioned or not 0 < wire[0] <= VOTE_SIGNATURES:
            return False
        instructions_at = self._keys_end + _KEY_BYTES
        if wire[instructions_at] != 1:
            return False
        program_at = self._keys_at + wire[instructions_at + 1] * _KEY_BYTES
        return program_at < self._keys_end and wire.startswith(VOTE_PROGRAM, program_at)

    def keys(self) -> list[bytes]:
        wire = self.wire
        places = range(self._keys_at, self._keys_end, _KEY_BYTES)
        return [wire[at : at + _KEY_BYTES] for at in places]

    def encode(self) -> bytes:
        wire = self.wire
        message = [_kept_header(wire[self._keys_at - 4 : self._keys_at - 1])]
        if self._keys_at < self._keys_end:
            message.append(b"\x12\x20" + b"\x12\x20".join(self.keys()))
        at = self._keys_end + _KEY_BYTES
        message.append(b"\x1a\x20" + wire[self._keys_end : at])
        count, at = _shortvec(wire, at)
        for _ in range(count):
            program_id_index = wire[at]
            accounts, at = _piece(wire, at + 1)
            content, at = _piece(wire, at)
            message.append(delimited(b"\x22", instruction(program_id_index, accounts, content)))
        if self._versioned:
            message.append(b"\x28\x01")
            at = self._encode_lookups(message, at)
        if at != len(wire):
            raise ValueError(f"a transaction of {at} bytes came as {len(wire)}")
        signatures = [
            b"\x0a\x40" + wire[start : start + _SIGNATURE_BYTES]
            for start in range(1, self._message_at, _SIGNATURE_BYTES)
        ]
        return b"".join(signatures) + delimited(b"\x12", b"".join(message))

    def _encode_lookups(self, message: list[bytes], at: int) -> int:
        wire = self.wire
        count, at = _shortvec(wire, at)
        for _ in range(count):
            lookup = b"\x0a\x20" + wire[at : at + _KEY_BYTES]
            writable, at = _piece(wire, at + _KEY_BYTES)
            readonly, at = _piece(wire, at)
            if writable:
                lookup += delimited(b"\x12", writable)
            if readonly:
                lookup += delimited(b"\x1a", readonly)
            message.append(delimited(b"\x32", lookup))
        return at


def _header(three: bytes) -> bytes:
    signed, readonly_signed, readonly_unsigned = three
    header = MessageHeader(
        num_required_signatures=signed,
        num_readonly_signed_accounts=readonly_signed,
        num_readonly_unsigned_accounts=readonly_unsigned,
    )
    return delimited(b"\x0a", header.SerializeToString())


_kept_header: Final = Kept(_header, _HEADERS_KEPT).__getitem__


def _piece(wire: bytes, at: int) -> tuple[bytes, int]:
    """Bytes behind their length, and where they end; too few where the wire ends before, which that place tells."""
    length, at = _shortvec(wire, at)
    end = at + length
    return wire[at:end], end


def _shortvec(wire: bytes, at: int) -> tuple[int, int]:
    number = wire[at]
    if number < 0x80:
        return number, at + 1
    second = wire[at + 1]
    if second < 0x80:
        return number & 0x7F | second << 7, at + 2
    return number & 0x7F | (second & 0x7F) << 7 | wire[at + 2] << 14, at + 3

"""How a SubscribeUpdate is put together from an update that was encoded once for all subscribers."""

from collections.abc import Sequence
from functools import lru_cache

from monitor.core.chain import Kind

_FILTERS_TAG = b"\x0a"
_CREATED_AT_TAG = b"\x5a"
_NANOS_PER_SECOND = 1_000_000_000


def varint(value: int) -> bytes:
    """An unsigned integer in protobuf's base-128 form."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def encode_body(kind: Kind, message_bytes: bytes) -> bytes:
    """The oneof member of SubscribeUpdate: tag (length-delimited), length, message."""
    return varint(kind << 3 | 2) + varint(len(message_bytes)) + message_bytes


def frame(filters: Sequence[str], body: bytes, created_at_ns: int) -> bytes:
    """A whole SubscribeUpdate: filter names, then the oneof, then created_at (the server's order).

    `created_at_ns` counts nanoseconds since 1970.
    """
    names = b"".join([_named(name) for name in filters])
    return b"".join((names, body, _created_at(created_at_ns)))


@lru_cache(maxsize=1024)
def _named(name: str) -> bytes:
    text = name.encode()
    return _FILTERS_TAG + varint(len(text)) + text


def _created_at(nanoseconds: int) -> bytes:
    seconds, nanos = divmod(nanoseconds, _NANOS_PER_SECOND)
    stamp = b""
    if seconds:
        stamp = b"\x08" + varint(seconds)
    if nanos:
        stamp += b"\x10" + varint(nanos)
    return _CREATED_AT_TAG + varint(len(stamp)) + stamp

"""The created_at of an update, encoded fast: every message of every region needs one of its own."""

from functools import lru_cache

from monitor.simulator.frames import varint

_NANOSECONDS = 1_000_000_000
_FOUR_BYTES = 1 << 21
_FIVE_BYTES = 1 << 28


def encoded_stamp(created_at_ns: int) -> bytes:
    """Field 11 of a SubscribeUpdate for nanoseconds since 1970: the same bytes as in `frames.frame`."""
    seconds, nanos = divmod(created_at_ns, _NANOSECONDS)
    head = _head(seconds)
    # Nine stamps of ten need four or five bytes; the loop of `varint` would cost more than all the rest.
    if nanos >= _FIVE_BYTES:
        tail = bytes(
            (
                0x10,
                nanos & 0x7F | 0x80,
                nanos >> 7 & 0x7F | 0x80,
                nanos >> 14 & 0x7F | 0x80,
                nanos >> 21 & 0x7F | 0x80,
                nanos >> 28,
            )
        )
    elif nanos >= _FOUR_BYTES:
        tail = bytes(
            (
                0x10,
                nanos & 0x7F | 0x80,
                nanos >> 7 & 0x7F | 0x80,
                nanos >> 14 & 0x7F | 0x80,
                nanos >> 21,
            )
        )
    else:
        tail = b"\x10" + varint(nanos) if nanos else b""
    return b"\x5a%c%b%b" % (len(head) + len(tail), head, tail)


@lru_cache(maxsize=64)
def _head(seconds: int) -> bytes:
    return b"\x08" + varint(seconds) if seconds else b""

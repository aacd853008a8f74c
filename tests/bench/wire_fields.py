"""Protobuf fields written by hand, at a fixed width, so that they can be overwritten in place.

A varint may be padded with continuation bytes: every parser takes 0x81 0x80 0x00 for 1.
"""

from typing import Final

VARINT5: Final = 5
"""Bytes of a padded varint that holds up to 35 bits: slots and seconds."""


def varint(value: int) -> bytes:
    """The shortest encoding."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def varint5(value: int) -> bytes:
    """Five bytes whatever the value (below 2**35)."""
    return bytes(
        (
            value & 0x7F | 0x80,
            value >> 7 & 0x7F | 0x80,
            value >> 14 & 0x7F | 0x80,
            value >> 21 & 0x7F | 0x80,
            value >> 28,
        )
    )


def tag(field: int, wire_type: int) -> bytes:
    """The key before a field's value."""
    return varint(field << 3 | wire_type)


def delimited(field: int, value: bytes) -> bytes:
    """A string, bytes or message field."""
    return tag(field, 2) + varint(len(value)) + value


def created_at(stamp_ns: int) -> bytes:
    """The inside of a Timestamp, twelve bytes whatever the time."""
    seconds, nanos = divmod(stamp_ns, 1_000_000_000)
    return b"\x08" + varint5(seconds) + b"\x10" + varint5(nanos)

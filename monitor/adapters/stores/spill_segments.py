"""A segment of the spill as bytes: one slot, its outline readable by itself, all of it under sums.

A head, the outline as it is, the rest compressed (zstd). The sums tell a segment that was torn, or spoilt on the disk,
from a whole one; the fingerprint, whether this configuration and release can read it.
"""

from dataclasses import dataclass
from struct import Struct
from typing import Final
from zlib import crc32

import zstandard

from monitor.core.errors import SpillTorn

MAGIC: Final = b"cm-spill"
FINGERPRINT: Final = 16
"""Bytes."""
LEVEL: Final = 1
"""Of compression: fast before small. Guessed."""

_HEAD: Final = Struct(f"<8s{FINGERPRINT}sQqIQQII")
_SUM: Final = Struct("<I")
HEAD_BYTES: Final = _HEAD.size + _SUM.size


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before the slot."""

    fingerprint: bytes
    slot: int
    utc_ns: int
    """What the writer's monotonic clock was behind UTC."""
    outline_bytes: int
    body_bytes: int
    """As they are in the segment."""
    unpacked_bytes: int
    outline_sum: int
    body_sum: int

    @property
    def segment_bytes(self) -> int:
        """Of the whole segment."""
        return HEAD_BYTES + self.outline_bytes + self.body_bytes


def segment(
    fingerprint: bytes, slot: int, utc_ns: int, outline_bytes: int, packed: bytes
) -> list[bytes]:
    """The segment of this slot, in parts that follow each other."""
    outline, rest = packed[:outline_bytes], memoryview(packed)[outline_bytes:]
    body = zstandard.ZstdCompressor(LEVEL).compress(rest)
    sizes = (len(outline), len(body), len(rest))
    head = _HEAD.pack(MAGIC, fingerprint, slot, utc_ns, *sizes, crc32(outline), crc32(body))
    return [head + _SUM.pack(crc32(head)), outline, body]


def head_of(written: bytes) -> Head:
    """The head that these bytes begin with. Raises SpillTorn."""
    head, told = written[: _HEAD.size], written[_HEAD.size : HEAD_BYTES]
    if len(written) < HEAD_BYTES or _SUM.unpack(told)[0] != crc32(head):
        raise SpillTorn("it does not begin like a segment")
    magic, *fields = _HEAD.unpack(head)
    if magic != MAGIC:
        raise SpillTorn("it does not begin like a segment")
    return Head(*fields)


def outline_in(head: Head, written: bytes) -> bytes:
    """The outline, which follows the head. Raises SpillTorn."""
    outline = written[HEAD_BYTES : HEAD_BYTES + head.outline_bytes]
    if len(outline) != head.outline_bytes or crc32(outline) != head.outline_sum:
        raise SpillTorn("its outline is not what was written")
    return outline


def packed_in(written: bytes) -> bytes:
    """The whole slot as it was stowed. Raises SpillTorn."""
    head = head_of(written)
    outline = outline_in(head, written)
    body = written[HEAD_BYTES + head.outline_bytes :]
    if len(body) != head.body_bytes or crc32(body) != head.body_sum:
        raise SpillTorn("it is not what was written")
    unpacker = zstandard.ZstdDecompressor()
    return outline + unpacker.decompress(body, max_output_size=head.unpacked_bytes)

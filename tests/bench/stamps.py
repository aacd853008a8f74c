"""The send time in a frame of the replay server, read without parsing it: its last twelve bytes."""

from tests.bench.window import NS


def sent_ns(frame: bytes) -> int:
    """Monotonic nanoseconds at which the server sent this frame (two five-byte varints, each after a tag)."""
    a, b, c, d, e, _, f, g, h, i, j = frame[-11:]
    seconds = a & 0x7F | (b & 0x7F) << 7 | (c & 0x7F) << 14 | (d & 0x7F) << 21 | e << 28
    nanos = f & 0x7F | (g & 0x7F) << 7 | (h & 0x7F) << 14 | (i & 0x7F) << 21 | j << 28
    return seconds * NS + nanos

"""Batches to a descriptor."""

import errno
import os

import pytest

from monitor.adapters.sinks.descriptor import BatchWriter


def test_short_writes_are_completed() -> None:
    reading, writing = os.pipe()
    writer = BatchWriter(lambda descriptor, batch: os.write(descriptor, batch[:3]))
    assert writer.write(writing, [b"hello\n", b"world\n"]) == 12
    assert os.read(reading, 100) == b"hello\nworld\n"
    os.close(reading)
    os.close(writing)


def test_is_torn_only_while_part_of_a_batch_is_out() -> None:
    calls = iter([2, 0, 4])

    def write(_descriptor: int, _batch: bytes | memoryview) -> int:
        count = next(calls)
        if not count:
            raise OSError(errno.EIO, "broken")
        return count

    writer = BatchWriter(write)
    with pytest.raises(OSError, match="broken"):
        writer.write(1, [b"123456"])
    assert writer.is_torn
    writer.write(1, [b"123456"])
    assert not writer.is_torn

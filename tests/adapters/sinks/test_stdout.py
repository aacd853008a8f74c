"""The stdout sink on real pipes."""

import os

import pytest

from monitor.adapters.sinks.stdout import StdoutSink
from monitor.core.errors import SinkFailed


async def test_writes_whole_lines_to_the_descriptor() -> None:
    reading, writing = os.pipe()
    sink = StdoutSink(writing)
    await sink.open()
    await sink.write([b"1\n", b"2\n"])
    await sink.flush()
    await sink.close()
    assert os.read(reading, 100) == b"1\n2\n"
    os.close(reading)
    os.close(writing)


async def test_a_reader_that_left_is_a_failure_of_the_sink() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with pytest.raises(SinkFailed, match="standard output"):
        await StdoutSink(writing).write([b"1\n"])
    os.close(writing)


async def test_a_closed_descriptor_is_refused_at_opening() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    os.close(writing)
    with pytest.raises(SinkFailed, match="drop the sink"):
        await StdoutSink(writing).open()

"""The stdout sink on real pipes."""

import os
import threading

import anyio
import pytest

from monitor.adapters.sinks.stdout import StdoutSink
from monitor.core.errors import ReaderLeft, SinkFailed


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


async def test_a_reader_that_left_ends_the_daemon() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with pytest.raises(ReaderLeft, match="its reader has left"):
        await StdoutSink(writing).write([b"1\n"])
    os.close(writing)


async def test_a_reader_that_leaves_in_the_middle_ends_the_daemon() -> None:
    reading, writing = os.pipe()

    def read_a_little_and_leave() -> None:
        os.read(reading, 1000)
        os.close(reading)

    reader = threading.Thread(target=read_a_little_and_leave)
    reader.start()
    with pytest.raises(ReaderLeft):
        await StdoutSink(writing).write([b"x" * 200_000 + b"\n"])
    reader.join()
    os.close(writing)


async def test_an_error_that_may_pass_is_a_failure_of_the_sink() -> None:
    reading, writing = os.pipe()
    os.close(writing)
    with pytest.raises(SinkFailed, match="standard output: Bad file descriptor"):
        await StdoutSink(reading).write([b"1\n"])
    os.close(reading)


async def test_a_closed_descriptor_is_refused_at_opening() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    os.close(writing)
    with pytest.raises(SinkFailed, match="drop the sink"):
        await StdoutSink(writing).open()


async def test_a_reader_that_reads_nothing_does_not_hold_up_the_stop() -> None:
    reading, writing = os.pipe()
    sink = StdoutSink(writing)
    with anyio.move_on_after(0.05) as stop:
        await sink.write([b"x" * 200_000 + b"\n"])
    assert stop.cancelled_caught
    os.close(reading)
    os.close(writing)


async def test_more_than_a_pipe_holds_arrives_whole_and_in_order() -> None:
    reading, writing = os.pipe()
    lines = [b"%06d\n" % number for number in range(50_000)]
    read: list[bytes] = []

    def drain() -> None:
        while part := os.read(reading, 65536):
            read.append(part)

    reader = threading.Thread(target=drain)
    reader.start()
    await StdoutSink(writing).write(lines)
    os.close(writing)
    reader.join()
    os.close(reading)
    assert b"".join(read) == b"".join(lines)

"""The outbox: batches, bounds, failures, and the end."""

import anyio
import pytest

from monitor.core.errors import ReaderLeft
from monitor.runtime import outbox as outboxes
from monitor.runtime.outbox import Outbox
from tests.runtime.fakes import (
    Abandoned,
    Brittle,
    DurableMemory,
    EvenDice,
    Forgetful,
    Hesitant,
    Journal,
    MemorySink,
    Slow,
)


def _outbox(sink: MemorySink, journal: Journal | None = None, **settings: int) -> Outbox:
    return Outbox("file", sink, journal or Journal(), EvenDice(), **settings)


async def _run(outbox: Outbox, *lines: bytes) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(outbox.run)
        for line in lines:
            outbox.put(line, 5)
        outbox.finish()


async def test_writes_everything_in_order_and_closes() -> None:
    sink = MemorySink()
    outbox = _outbox(sink)
    await _run(outbox, b"1\n", b"2\n", b"3\n")
    assert sink.lines == [b"1\n", b"2\n", b"3\n"]
    assert sink.closed
    assert (outbox.written, outbox.queued_bytes) == (3, 0)


async def test_what_is_queued_during_a_write_goes_out_in_the_next() -> None:
    sink = MemorySink(delay=1)
    outbox = _outbox(sink)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(outbox.run)
        outbox.put(b"1\n", 5)
        await anyio.sleep(0.5)
        outbox.put(b"2\n", 5)
        outbox.put(b"3\n", 5)
        await anyio.sleep(0.2)
        outbox.finish()
    assert sink.batches == [[b"1\n"], [b"2\n", b"3\n"]]


async def test_a_failing_sink_gets_the_same_lines_again_until_it_takes_them() -> None:
    sink = MemorySink(failures=3)
    journal = Journal()
    await _run(_outbox(sink, journal), b"1\n", b"2\n")
    assert sink.lines == [b"1\n", b"2\n"]
    assert journal.sentences() == ["a sink failed"] * 3 + ["a sink recovered"]


async def test_tells_why_it_fails_for_as_long_as_it_does() -> None:
    outbox = _outbox(MemorySink(failures=4))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(outbox.run)
        assert outbox.failing is None
        outbox.put(b"1\n", 5)
        await anyio.sleep(0.01)
        assert outbox.failing == "memory: full; forget something"
        await anyio.sleep(60)
        assert outbox.failing is None
        outbox.finish()


async def test_is_full_at_its_bound_and_has_room_after_the_write() -> None:
    sink = MemorySink(delay=1)
    outbox = _outbox(sink, bound_bytes=4)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(outbox.run)
        outbox.put(b"12\n", 5)
        assert not outbox.is_full()
        outbox.put(b"3\n", 5)
        assert outbox.is_full()
        await outbox.has_room()
        assert sink.lines == [b"12\n", b"3\n"]
        outbox.finish()


async def test_flushes_once_what_was_written() -> None:
    sink = MemorySink()
    outbox = _outbox(sink)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(outbox.run)
        outbox.put(b"1\n", 5)
        await anyio.sleep(10)
        assert sink.flushes == 1
        outbox.finish()


async def test_a_flush_that_failed_is_tried_again_until_it_succeeds() -> None:
    sink = Hesitant(failed_flushes=3)
    journal = Journal()
    outbox = _outbox(sink, journal)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(outbox.run)
        outbox.put(b"1\n", 5)
        await anyio.sleep(1.5)
        assert journal.sentences() == ["a sink failed"]
        assert outbox.failing == "memory: busy; wait"
        await anyio.sleep(60)
        assert outbox.failing is None
        assert journal.sentences() == ["a sink failed"] * 3 + ["a sink recovered"]
        assert (sink.flushes, outbox.failures) == (1, 3)
        outbox.finish()


async def test_a_line_that_comes_while_flushes_fail_is_written_at_once() -> None:
    sink = Hesitant(failed_flushes=99)
    outbox = _outbox(sink)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(outbox.run)
        outbox.put(b"1\n", 5)
        await anyio.sleep(20)
        outbox.put(b"2\n", 5)
        await anyio.sleep(0.01)
        assert sink.lines == [b"1\n", b"2\n"]
        assert outbox.failing == "memory: busy; wait"
        outbox.finish()


async def test_lines_are_written_while_a_flush_lasts() -> None:
    sink = Slow(flush_lasts=60)
    outbox = _outbox(sink)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(outbox.run)
        outbox.put(b"1\n", 5)
        await anyio.sleep(2)
        outbox.put(b"2\n", 5)
        await anyio.sleep(1)
        assert (sink.lines, sink.flushes) == ([b"1\n", b"2\n"], 0)
        await anyio.sleep(120)
        assert sink.flushes == 2
        outbox.finish()


async def test_finished_returns_when_all_is_closed() -> None:
    sink = MemorySink(delay=3)
    outbox = _outbox(sink)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(outbox.run)
        outbox.put(b"1\n", 5)
        outbox.finish()
        with anyio.fail_after(4):
            await outbox.finished()
        assert sink.closed


async def test_gives_up_nothing_when_finished_while_failing() -> None:
    sink = MemorySink(failures=2)
    outbox = _outbox(sink)
    with anyio.move_on_after(0) as scope:
        await _run(outbox, b"1\n")
    assert scope.cancelled_caught
    assert outbox.queued_bytes == 2


async def test_a_sink_that_cannot_be_flushed_or_closed_is_reported_and_the_stop_goes_on() -> None:
    journal = Journal()
    outbox = _outbox(Brittle(), journal)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(outbox.run)
        outbox.put(b"1\n", 5)
        await anyio.sleep(1.5)
        assert outbox.failing == "memory: cannot be made safe; forget it"
        outbox.put(b"2\n", 5)
        await anyio.sleep(0.5)
        outbox.finish()
        await outbox.finished()
    assert outbox.written == 2
    assert journal.sentences() == ["a sink failed"] * outbox.failures
    assert outbox.failing == "memory: cannot be closed; forget it"


async def test_a_sink_whose_reader_left_ends_it_and_is_told_to_who_waits() -> None:
    sink = Abandoned(batches=1)
    journal = Journal()
    outbox = _outbox(sink, journal)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(outbox.run)
        outbox.put(b"1\n", 5)
        await anyio.sleep(1)
        outbox.put(b"2\n", 5)
        with pytest.raises(ReaderLeft, match="memory: its reader has left"):
            await outbox.lasts()
    await outbox.finished()
    assert (sink.lines, outbox.written) == ([b"1\n"], 1)
    assert journal.sentences() == []


async def test_lasts_as_long_as_it_runs() -> None:
    outbox = _outbox(MemorySink())
    ended: list[float] = []

    async def wait() -> None:
        await outbox.lasts()
        ended.append(anyio.current_time())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(outbox.run)
        tasks.start_soon(wait)
        await anyio.sleep(60)
        assert ended == []
        outbox.finish()
    assert len(ended) == 1


async def test_a_sink_that_cannot_be_read_back_has_a_cursor_without_a_place() -> None:
    outbox = _outbox(MemorySink(delay=1))
    outbox.put(b"1\n", 5)
    outbox.settle(5)
    assert outbox.cursor() is None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(outbox.run)
        await anyio.sleep(0.9)
        assert outbox.cursor() is None
        await anyio.sleep(0.2)
        assert outbox.cursor() == (5, "")
        outbox.finish()


async def test_the_cursor_moves_when_what_was_queued_before_is_safe() -> None:
    outbox = _outbox(DurableMemory())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(outbox.run)
        outbox.put(b"1\n", 5)
        outbox.put(b"22\n", 6)
        outbox.settle(5)
        await anyio.sleep(0.5)
        assert outbox.written == 2
        assert outbox.cursor() is None
        await anyio.sleep(1)
        assert outbox.cursor() == (5, "byte 2")
        outbox.finish()


async def test_the_place_is_where_the_first_line_of_a_later_slot_begins() -> None:
    outbox = _outbox(DurableMemory())
    for slot in (7, 5, 6, 5, 7):
        outbox.put(b"1\n", slot)
    cursors = []
    for slot in (4, 5, 6, 7):
        outbox.settle(slot)
        await _flushed(outbox)
        cursors.append(outbox.cursor())
    assert cursors == [(4, "byte 0"), (5, "byte 0"), (6, "byte 0"), (7, "byte 10")]


async def test_late_lines_of_settled_slots_hold_the_place_back_until_a_certificate_tells_of_them() -> (
    None
):
    outbox = _outbox(DurableMemory())
    outbox.put(b"1\n", 5)
    outbox.settle(5)
    outbox.put(b"late\n", 4)
    outbox.put(b"2\n", 6)
    cursors = []
    for slot in (5, 6):
        outbox.settle(slot)
        await _flushed(outbox)
        cursors.append(outbox.cursor())
        outbox.certify(4)
    assert cursors == [(5, "byte 2"), (6, "byte 9")]


async def test_a_line_that_no_restart_looks_for_holds_no_place_back() -> None:
    outbox = _outbox(DurableMemory())
    outbox.put(b"1\n", 5)
    outbox.put_beside(b"beside\n")
    outbox.settle(5)
    await _flushed(outbox)
    assert outbox.cursor() == (5, "byte 9")


async def test_lines_of_slots_that_an_earlier_process_settled_are_late() -> None:
    outbox = _outbox(DurableMemory())
    outbox.go_on_behind(4)
    outbox.put(b"5\n", 5)
    outbox.put(b"late\n", 4)
    outbox.settle(6)
    await _flushed(outbox)
    assert outbox.cursor() == (6, "byte 2")


async def test_late_lines_that_no_certificate_comes_for_are_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outboxes, "LATE_BYTES", 10)
    outbox = _outbox(DurableMemory())
    outbox.settle(5)
    outbox.put(b"late\n", 4)
    outbox.put(b"123456\n", 6)
    outbox.settle(6)
    await _flushed(outbox)
    assert outbox.cursor() == (6, "byte 12")


async def test_a_cursor_stays_where_it_is_until_more_is_safe() -> None:
    outbox = _outbox(DurableMemory())
    outbox.settle(5)
    assert [outbox.cursor(), outbox.cursor()] == [(5, "byte 0")] * 2
    outbox.put(b"1\n", 6)
    outbox.settle(6)
    assert outbox.cursor() == (5, "byte 0")


async def test_of_slots_that_are_settled_while_a_sink_is_slow_the_last_counts() -> None:
    outbox = _outbox(DurableMemory())
    outbox.put(b"1\n", 5)
    for slot in range(5, 1000):
        outbox.settle(slot)
    assert outbox.cursor() is None
    await _flushed(outbox)
    assert outbox.cursor() == (999, "byte 2")


async def test_a_sink_without_records_is_always_where_the_slots_are() -> None:
    outbox = _outbox(Forgetful())
    outbox.settle(7)
    assert outbox.cursor() == (7, "")


async def _flushed(outbox: Outbox) -> None:
    """What is queued is written and made safe."""
    with anyio.move_on_after(1.5):
        await outbox.run()

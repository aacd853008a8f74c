"""The jsonl sink on a real file system: appending, rotation, torn lines, and disks that fail."""

import errno
import fcntl
import os
import threading
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from monitor.adapters.sinks.jsonl import JsonlSettings, JsonlSink
from monitor.core.errors import SinkFailed
from monitor.ports import Written
from tests.adapters.sinks.records import line


class StoppedClock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def now(self) -> float:
        return self.seconds

    def utc_ns(self, stamp_ns: int) -> int:
        return 1_795_246_920_000_000_000 + stamp_ns - 100_000_000_000


class FailingDisk:
    """Writes at most `room` bytes, then fails until there is room again."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, descriptor: int, batch: bytes | memoryview) -> int:
        if self.room == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = os.write(descriptor, batch[: self.room])
        self.room -= taken
        return taken


async def _lines(
    path: Path, *batches: list[bytes], clock: StoppedClock, **settings: object
) -> None:
    sink = JsonlSink(JsonlSettings(path, **settings), clock)  # type: ignore[arg-type]
    await sink.open()
    for batch in batches:
        await sink.write(batch)
    await sink.close()


async def test_appends_over_restarts(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "events.jsonl"
    await _lines(path, [b"1\n", b"2\n"], clock=StoppedClock())
    await _lines(path, [b"3\n"], clock=StoppedClock())
    assert path.read_bytes() == b"1\n2\n3\n"


async def test_cuts_a_torn_last_line_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"1\n" + b"x" * 70_000 + b"\ntorn")
    await _lines(path, [b"2\n"], clock=StoppedClock())
    assert path.read_bytes() == b"1\n" + b"x" * 70_000 + b"\n2\n"


async def test_a_file_of_one_torn_line_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"t" * 70_000)
    await _lines(path, [b"1\n"], clock=StoppedClock())
    assert path.read_bytes() == b"1\n"


async def test_rotates_before_the_size_is_passed(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    await _lines(path, [b"12345\n"], [b"6\n"], [b"7\n"], clock=StoppedClock(), rotate_bytes=8)
    assert path.read_bytes() == b"7\n"
    rotated = tmp_path / "events.20261121T074200Z.000001.jsonl"
    assert rotated.read_bytes() == b"12345\n6\n"


async def test_rotates_by_time(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    clock = StoppedClock()
    sink = JsonlSink(JsonlSettings(path, rotate_every=60), clock)
    await sink.open()
    await sink.write([b"1\n"])
    clock.seconds += 59
    await sink.write([b"2\n"])
    clock.seconds += 1
    await sink.write([b"3\n"])
    await sink.close()
    assert path.read_bytes() == b"3\n"


async def test_numbers_of_rotated_files_go_on_over_restarts_and_sort_in_order(
    tmp_path: Path,
) -> None:
    path = tmp_path / "events.jsonl"
    for batch in (b"1\n", b"2\n", b"3\n"):
        await _lines(path, [batch], clock=StoppedClock(), rotate_bytes=1)
    names = sorted(p.name for p in tmp_path.iterdir())
    text = b"".join((tmp_path / name).read_bytes() for name in names)
    assert text == b"1\n2\n3\n"
    assert names[1].endswith(".000002.jsonl")


async def test_keeps_no_more_rotated_files_than_asked(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    batches = [[b"%d\n" % i] for i in range(6)]
    await _lines(path, *batches, clock=StoppedClock(), rotate_bytes=1, keep=2)
    kept = sorted(p.read_bytes() for p in tmp_path.iterdir())
    assert kept == [b"3\n", b"4\n", b"5\n"]


async def test_a_full_disk_tears_no_line_and_doubles_none(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    disk = FailingDisk(room=4)
    sink = JsonlSink(JsonlSettings(path), StoppedClock(), write=disk.write)
    await sink.open()
    lines = [b"first\n", b"second\n"]
    with pytest.raises(SinkFailed, match=r"events\.jsonl: No space left on device; free space"):
        await sink.write(lines)
    disk.room = 5
    with pytest.raises(SinkFailed):
        await sink.write(lines)
    disk.room = 100
    await sink.write(lines)
    await sink.write([b"third\n"])
    await sink.close()
    assert path.read_bytes() == b"first\nsecond\nthird\n"


async def test_a_failed_sync_writes_no_line_twice_and_all_its_bytes_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"0\n")
    sink = JsonlSink(JsonlSettings(path), StoppedClock())
    await sink.open()
    await sink.write([b"1\n"])
    await sink.flush()
    await sink.write([b"2\n", b"3\n"])
    with monkeypatch.context() as broken:
        broken.setattr(os, "fdatasync", _no_disk)
        with pytest.raises(SinkFailed):
            await sink.flush()
    assert sink.safe_bytes == 2
    real, again = os.pwrite, list[tuple[bytes, int]]()

    def watched(descriptor: int, part: bytes, offset: int) -> int:
        again.append((part, offset))
        return real(descriptor, part, offset)

    monkeypatch.setattr(os, "pwrite", watched)
    await sink.flush()
    assert again == [(b"2\n3\n", 4)]
    assert sink.safe_bytes == 6
    await sink.close()
    assert path.read_bytes() == b"0\n1\n2\n3\n"
    assert len(again) == 1


async def test_says_what_is_wrong_with_a_path_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    sink = JsonlSink(JsonlSettings(tmp_path / "file" / "events.jsonl"), StoppedClock())
    with pytest.raises(SinkFailed) as failed:
        await sink.open()
    path = tmp_path / "file" / "events.jsonl"
    assert str(failed.value) == f"{path}: Not a directory; make it writable or change `path`"


async def test_a_line_that_is_torn_is_finished_before_the_file_rotates(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    disk, clock = FailingDisk(room=9), StoppedClock()
    sink = JsonlSink(JsonlSettings(path, rotate_every=60.0), clock, write=disk.write)
    await sink.open()
    await sink.write([b"first\n"])
    with pytest.raises(SinkFailed):
        await sink.write([b"second\n"])
    disk.room, clock.seconds = 100, clock.seconds + 61
    await sink.write([b"second\n"])
    await sink.write([b"third\n"])
    await sink.close()
    assert sorted(file.read_bytes() for file in tmp_path.iterdir()) == [
        b"first\nsecond\n",
        b"third\n",
    ]


async def test_rotation_goes_on_where_somebody_took_the_file_away(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    clock = StoppedClock()
    sink = JsonlSink(JsonlSettings(path, rotate_every=10.0), clock)
    await sink.open()
    await sink.write([b"1\n"])
    path.unlink()
    clock.seconds += 10.0
    await sink.write([b"2\n"])
    await sink.close()
    assert [file.name for file in tmp_path.iterdir()] == ["events.jsonl"]
    assert path.read_bytes() == b"2\n"


async def test_a_file_that_another_sink_writes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    first = JsonlSink(JsonlSettings(path, rotate_bytes=1), StoppedClock())
    await first.open()
    await first.write([b"1\n"])
    await first.write([b"2\n"])
    with pytest.raises(SinkFailed, match="another process writes this file"):
        await JsonlSink(JsonlSettings(path), StoppedClock()).open()
    await first.close()
    await _lines(path, [b"3\n"], clock=StoppedClock())
    assert path.read_bytes() == b"2\n3\n"


BITS = {"a": 1}


def _entry(number: int, slot: int = 5) -> bytes:
    return line(f"{slot}:entry:{number}", slot, "a")


def _ids(*numbers: int) -> Written:
    return {5: {f"5:entry:{number}".encode(): 1 for number in numbers}}


async def test_what_is_written_is_safe_once_it_is_synced(tmp_path: Path) -> None:
    sink = JsonlSink(JsonlSettings(tmp_path / "e.jsonl"), StoppedClock())
    await sink.open()
    await sink.write([b"1\n"])
    assert sink.safe_bytes == 0
    await sink.flush()
    await sink.write([b"22\n"])
    assert sink.safe_bytes == 2
    await sink.flush()
    assert sink.safe_bytes == 5
    await sink.write([b"4\n"])
    await sink.close()
    assert sink.safe_bytes == 7


def test_a_young_process_syncs_sooner(tmp_path: Path) -> None:
    clock = StoppedClock()
    sink = JsonlSink(JsonlSettings(tmp_path / "e.jsonl", sync=1.0), clock)
    due = []
    for _ in range(4):
        due.append(sink.flush_due_in())
        clock.seconds += 2.0
    assert due == [0.1, 0.5, 1.0, 1.0]


async def test_a_file_that_rotates_during_a_sync_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = JsonlSink(JsonlSettings(tmp_path / "e.jsonl", rotate_bytes=4), StoppedClock())
    await sink.open()
    syncing, may_go_on, real = threading.Event(), threading.Event(), os.fdatasync

    def slow(descriptor: int) -> None:
        syncing.set()
        may_go_on.wait()
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", slow)
    await sink.write([b"11\n"])
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sink.flush)
        await anyio.to_thread.run_sync(syncing.wait)
        tasks.start_soon(sink.write, [b"22\n"])
        await anyio.sleep(0.01)
        may_go_on.set()
    assert sink.safe_bytes == 3
    await sink.close()
    assert sink.safe_bytes == 6
    assert sorted(path.read_bytes() for path in tmp_path.iterdir()) == [b"11\n", b"22\n"]


async def test_what_a_killed_process_wrote_is_made_safe_at_the_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "e.jsonl").write_bytes(b"1\n")
    synced: list[int] = []
    monkeypatch.setattr(os, "fdatasync", lambda descriptor: synced.append(descriptor))
    sink = JsonlSink(JsonlSettings(tmp_path / "e.jsonl"), StoppedClock())
    await sink.open()
    assert len(synced) == 1
    await sink.close()


def _no_disk(_descriptor: int) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


async def test_lines_from_a_place_on_are_read_back_after_a_restart(tmp_path: Path) -> None:
    settings = JsonlSettings(tmp_path / "e.jsonl")
    settings.path.write_bytes(_entry(0))
    sink = JsonlSink(settings, StoppedClock())
    await sink.open()
    await sink.write([_entry(1), _entry(2), _entry(3)])
    place = sink.place(len(_entry(1)))
    await sink.close()
    sink = JsonlSink(settings, StoppedClock())
    await sink.open()
    assert await sink.read_back(place, BITS) == _ids(2, 3)
    await sink.close()


async def test_a_place_is_found_again_in_a_rotated_file(tmp_path: Path) -> None:
    settings = JsonlSettings(tmp_path / "e.jsonl", rotate_bytes=2 * len(_entry(1)))
    sink = JsonlSink(settings, StoppedClock())
    await sink.open()
    for number in range(4):
        await sink.write([_entry(number)])
    early = [sink.place(number * len(_entry(0))) for number in range(5)]
    await sink.write([_entry(4)])
    await sink.write([_entry(5)])
    await sink.write([_entry(6)])
    assert [sink.place(number * len(_entry(0))) for number in range(4)] == early[:4]
    await sink.close()
    sink = JsonlSink(settings, StoppedClock())
    await sink.open()
    for number, place in enumerate(early):
        assert await sink.read_back(place, BITS) == _ids(*range(number, 7))
    await sink.close()


async def test_holds_places_of_its_own_path_alone(tmp_path: Path) -> None:
    first = JsonlSink(JsonlSettings(tmp_path / "e.jsonl"), StoppedClock())
    second = JsonlSink(JsonlSettings(tmp_path / "f.jsonl"), StoppedClock())
    await first.open()
    assert first.holds(first.place(0))
    assert not second.holds(first.place(0))
    assert not first.holds("")
    await first.close()


async def test_a_place_is_held_from_wherever_the_path_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = JsonlSink(JsonlSettings(tmp_path / "e.jsonl"), StoppedClock())
    await sink.open()
    monkeypatch.chdir(tmp_path)
    assert JsonlSink(JsonlSettings(Path("e.jsonl")), StoppedClock()).holds(sink.place(0))
    await sink.close()


async def test_rotated_files_that_were_taken_away_cost_neither_the_count_nor_the_place(
    tmp_path: Path,
) -> None:
    settings = JsonlSettings(tmp_path / "e.jsonl", rotate_bytes=2 * len(_entry(1)))
    sink = JsonlSink(settings, StoppedClock())
    await sink.open()
    for number in range(6):
        await sink.write([_entry(number)])
    rotated, active = sink.place(3 * len(_entry(0))), sink.place(5 * len(_entry(0)))
    await sink.close()
    for old in tmp_path.glob("e.*.jsonl"):
        old.unlink()
    sink = JsonlSink(settings, StoppedClock())
    await sink.open()
    assert await sink.read_back(active, BITS) == _ids(5)
    await sink.write([_entry(6)])
    assert [path.name for path in tmp_path.glob("e.*.jsonl")] == ["e.20261121T074200Z.000003.jsonl"]
    assert await sink.read_back(rotated, BITS) == _ids(4, 5, 6)
    await sink.close()


async def test_a_file_that_took_the_name_of_another_is_read_from_its_beginning(
    tmp_path: Path,
) -> None:
    settings = JsonlSettings(tmp_path / "e.jsonl")
    sink = JsonlSink(settings, StoppedClock())
    await sink.open()
    await sink.write([_entry(1)])
    place = sink.place(len(_entry(1)))
    await sink.close()
    settings.path.rename(tmp_path / "elsewhere")
    settings.path.write_bytes(_entry(7))
    sink = JsonlSink(settings, StoppedClock())
    await sink.open()
    assert await sink.read_back(place, BITS) == _ids(7)
    await sink.close()


async def test_a_file_that_cannot_be_read_back_is_named(tmp_path: Path) -> None:
    sink = JsonlSink(JsonlSettings(tmp_path / "e.jsonl"), StoppedClock())
    await sink.open()
    place = sink.place(0)
    (tmp_path / "e.jsonl").unlink()
    (tmp_path / "e.jsonl").mkdir()
    with pytest.raises(SinkFailed, match=r"e\.jsonl: Is a directory"):
        await sink.read_back(place, BITS)
    await sink.close()


async def test_a_rotation_that_failed_between_two_files_is_made_good_by_the_next_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = JsonlSettings(tmp_path / "e.jsonl", rotate_bytes=len(_entry(1)))
    sink = JsonlSink(settings, StoppedClock())
    await sink.open()
    await sink.write([_entry(1)])
    with monkeypatch.context() as broken:
        broken.setattr(fcntl, "flock", _no_lock)
        with pytest.raises(SinkFailed):
            await sink.write([_entry(2)])
    await sink.write([_entry(2)])
    await sink.write([_entry(3)])
    places = [sink.place(number * len(_entry(1))) for number in range(3)]
    await sink.close()
    sink = JsonlSink(settings, StoppedClock())
    await sink.open()
    assert [await sink.read_back(place, BITS) for place in places] == [
        _ids(1, 2, 3),
        _ids(2, 3),
        _ids(3),
    ]
    await sink.close()


def _no_lock(_descriptor: int, _operation: int) -> None:
    raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

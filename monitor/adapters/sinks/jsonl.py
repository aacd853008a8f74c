"""A sink that appends records to a file, one JSON object a line, rotating by size and by time.

Rotation renames `events.jsonl` to `events.20261121T074200Z.000017.jsonl`; the number counts over restarts, so the
order of names is the order of the stream. A whole line that was written is never taken back: only at the start is a
torn last line, left by a crash, cut off.

Syncing takes milliseconds and runs beside the writes: made in between, it alone delayed one line in a hundred.

A place in the stream is told by the number that the file has, or will get when it is rotated: so it is found again
whatever happened in between.
"""

import contextlib
import errno
import fcntl
import os
import re
import threading
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple, TypeVar, TypeVarTuple

import anyio.to_thread

from monitor.adapters.sinks.descriptor import BatchWriter, Write
from monitor.adapters.sinks.reading_back import Place, written_in
from monitor.core.errors import SinkFailed
from monitor.ports import Clock, Written

Answer = TypeVar("Answer")
Arguments = TypeVarTuple("Arguments")


@dataclass(frozen=True, slots=True)
class JsonlSettings:
    """How the file is kept."""

    path: Path
    rotate_bytes: int | None = 512 * 2**20
    """Rotate before a batch that would pass this size; None: never by size."""
    rotate_every: float | None = 3600.0
    """Rotate a file that has been open for so many seconds; None: never by time."""
    keep: int | None = None
    """Rotated files to keep; None: all."""
    sync: float = 1.0
    """Seconds within which what was written is on the disk (fdatasync); less while the process is young."""


_YOUNG: Final = 0.25
"""Share of its age that a sink lets pass between two syncs, until that is `sync`: so a process that is killed soon, again
and again, still gets on. Guessed."""
_SOONEST: Final = 0.1
"""Share of `sync` that it lets pass at the least."""


_CHUNK: Final = 2**20
"""Bytes that are read and written at a time."""


class _File(NamedTuple):
    """One file of the stream, from its first line that this process wrote."""

    position: int
    """Of that line."""
    number: int
    inode: int
    offset: int
    """Of that line in the file."""


class JsonlSink:
    """Appends to one file. Writes run in a thread; the caller sees to it that they do not overlap."""

    takes_records = True

    def __init__(self, settings: JsonlSettings, clock: Clock, *, write: Write = os.write) -> None:
        self._settings = settings
        self._name = str(settings.path.resolve())
        """The path in places, the same from wherever the daemon is started."""
        self._clock = clock
        self._writer = BatchWriter(write)
        self._descriptor = -1
        self._size = 0
        self._opened_at = 0.0
        self._born_at = clock.now()
        self._rewrite = False
        """A sync failed. The system takes pages that it could not write for clean, so the next one makes them anew."""
        self._lock = threading.Lock()
        """Held while a descriptor is synced or changed for another one."""
        self._number = 0
        """Of the last file that was rotated."""
        self._taken = 0
        self._safe = 0
        self._files: list[_File] = []
        """In the order of the stream; it grows by one a rotation."""
        self._folder_is_safe = False
        """Whether the names of the files are on the disk as well."""

    @property
    def safe_bytes(self) -> int:
        """Position up to which everything is on the disk."""
        return self._safe

    def place(self, position: int) -> str:
        """Where the line that begins at this position stands. The sink has to have been open."""
        file = self._files[bisect_right(self._files, position, key=_position) - 1]
        offset = file.offset + position - file.position
        return Place(self._name, file.number, file.inode, offset).text()

    def holds(self, place: str) -> bool:
        """Whether the place is of this path."""
        found = Place.parse(place)
        return found is not None and found.path == self._name

    async def read_back(self, place: str, monitors: Mapping[str, int]) -> Written:
        """As `DurableSink.read_back`; numbers of later files go on from the one in `place`. Raises SinkFailed."""
        found = Place.parse(place)
        return {} if found is None else await self._in_thread(self._read_back, found, monitors)

    async def open(self) -> None:
        """Open for appending, with a torn last line cut off. Raises SinkFailed."""
        await self._in_thread(self._open, remedy="make it writable or change `path`")

    async def write(self, lines: Sequence[bytes]) -> None:
        """Append the lines. Raises SinkFailed."""
        await self._in_thread(self._write, lines)

    def flush_due_in(self) -> float:
        """The setting `sync`; less while the process is young."""
        whole = self._settings.sync
        return min(whole, max(whole * _SOONEST, (self._clock.now() - self._born_at) * _YOUNG))

    async def flush(self) -> None:
        """Sync what was written. Raises SinkFailed."""
        if self._safe < self._taken:
            await self._in_thread(self._flush)

    async def close(self) -> None:
        """Sync and close. Raises SinkFailed."""
        if self._descriptor >= 0:
            await self._in_thread(self._close)

    async def _in_thread(
        self,
        function: Callable[[*Arguments], Answer],
        *arguments: *Arguments,
        remedy: str = "free space or change `path`; the daemon goes on by itself",
    ) -> Answer:
        try:
            return await anyio.to_thread.run_sync(function, *arguments)
        except FileExistsError as error:
            # A file stands where a folder of the path should; "File exists" would not tell.
            why = f"{self._settings.path}: {os.strerror(errno.ENOTDIR)}; {remedy}"
            raise SinkFailed(why) from error
        except OSError as error:
            why = f"{self._settings.path}: {error.strerror or error}; {remedy}"
            raise SinkFailed(why) from error

    def _open(self) -> None:
        path = self._settings.path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = _open_owned(path)
        self._size = _cut_torn_line(self._descriptor)
        self._opened_at = self._clock.now()
        self._number = max(self._number, *(number for number, _ in self._rotated()), 0)
        self._begin_file()
        os.fdatasync(self._descriptor)  # what a killed process wrote counts as safe from now on

    def _begin_file(self) -> None:
        inode = os.fstat(self._descriptor).st_ino
        self._files.append(_File(self._taken, self._number + 1, inode, self._size))
        self._folder_is_safe = False

    def _read_back(self, place: Place, monitors: Mapping[str, int]) -> Written:
        first = self._files[0]
        if (
            first.number < place.number
        ):  # rotated files were taken away: the count goes on all the same
            self._number = place.number - 1
            self._files[0] = first._replace(number=place.number)
        parts = [
            (path, place.offset if number == place.number else 0)
            for number, path in sorted(self._rotated())
            if number >= place.number
        ]
        is_there = not parts and place.inode == first.inode
        parts.append((self._settings.path, place.offset if is_there else 0))
        return written_in(parts, monitors)

    def _write(self, lines: Sequence[bytes]) -> None:
        now = self._clock.now()
        if self._descriptor < 0:
            self._open()  # a rotation had failed between two files
        if self._size and not self._writer.is_torn and self._is_due(lines, now):
            with self._lock:
                self._rotate(now)
        written = self._writer.write(self._descriptor, lines)
        self._size += written
        self._taken += written

    def _is_due(self, lines: Sequence[bytes], now: float) -> bool:
        settings = self._settings
        by_time = (
            settings.rotate_every is not None and now >= self._opened_at + settings.rotate_every
        )
        size = self._size + sum(map(len, lines))
        return by_time or (settings.rotate_bytes is not None and size > settings.rotate_bytes)

    def _rotate(self, now: float) -> None:
        self._sync()
        path = self._settings.path
        utc = datetime.fromtimestamp(self._clock.utc_ns(int(now * 1e9)) / 1e9, UTC)
        stamp = utc.strftime("%Y%m%dT%H%M%SZ")
        with contextlib.suppress(FileNotFoundError):  # somebody took it away: a new one follows
            path.rename(path.with_name(f"{path.stem}.{stamp}.{self._number + 1:06d}{path.suffix}"))
        self._number += 1
        os.close(self._descriptor)
        self._descriptor = -1
        self._descriptor = _open_owned(path)
        self._size = 0
        self._opened_at = now
        self._begin_file()
        if self._settings.keep is not None:
            rotated = sorted(self._rotated())
            for _, old in rotated[: max(0, len(rotated) - self._settings.keep)]:
                old.unlink(missing_ok=True)

    def _rotated(self) -> list[tuple[int, Path]]:
        """Rotated files of this path, with their numbers."""
        path = self._settings.path
        name = re.compile(
            rf"{re.escape(path.stem)}\.\d{{8}}T\d{{6}}Z\.(\d{{6,}}){re.escape(path.suffix)}"
        )
        found = ((name.fullmatch(entry.name), entry) for entry in path.parent.iterdir())
        return [(int(match[1]), entry) for match, entry in found if match is not None]

    def _flush(self) -> None:
        with self._lock:
            self._sync()

    def _sync(self) -> None:
        taken = self._taken
        if self._descriptor < 0:
            return  # all of it is in rotated files, and those are safe
        if self._rewrite:
            file = self._files[-1]
            unsafe = file.offset + max(0, self._safe - file.position)
            _rewrite(self._descriptor, unsafe, self._size)
        self._rewrite = True
        os.fdatasync(self._descriptor)
        self._rewrite = False
        if not self._folder_is_safe:
            _sync_folder(self._settings.path.parent)
            self._folder_is_safe = True
        self._safe = taken

    def _close(self) -> None:
        with self._lock:
            self._sync()
            os.close(self._descriptor)
            self._descriptor = -1


def _position(file: _File) -> int:
    return file.position


def _rewrite(descriptor: int, begin: int, end: int) -> None:
    """Write the bytes of a file over themselves, so that they are written to the disk again."""
    anew = os.open(f"/proc/self/fd/{descriptor}", os.O_RDWR | os.O_CLOEXEC)  # not for appending
    try:
        while part := os.pread(anew, min(_CHUNK, end - begin), begin):
            begin += os.pwrite(anew, part, begin)
    finally:
        os.close(anew)


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder safe."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open_owned(path: Path) -> int:
    """Open for appending under a lock of ours: two writers would mix their streams and tear each other's lines.

    Raises: BlockingIOError when another process writes the file.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise BlockingIOError(error.errno, "another process writes this file") from error
    return descriptor


def _cut_torn_line(descriptor: int) -> int:
    """Truncate what follows the last newline; returns the size that is left."""
    size = os.fstat(descriptor).st_size
    end = size
    while end > 0:
        start = max(0, end - 65536)
        newline = os.pread(descriptor, end - start, start).rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    if end != size:
        os.ftruncate(descriptor, end)
    return end

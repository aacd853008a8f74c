"""A sink that appends records to a file, one JSON object a line, rotating by size and by time.

Rotation renames `events.jsonl` to `events.20261121T074200Z.000017.jsonl`; the number counts over restarts, so the
order of names is the order of the stream. A whole line that was written is never taken back: only at the start is a
torn last line, left by a crash, cut off.
"""

import contextlib
import errno
import fcntl
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import anyio.to_thread

from monitor.adapters.sinks.descriptor import BatchWriter, Write
from monitor.core.errors import SinkFailed
from monitor.ports import Clock


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
    """Seconds within which what was written is on the disk (fdatasync)."""


class JsonlSink:
    """Appends to one file. Writes run in a thread; the caller sees to it that they do not overlap."""

    takes_records = True

    def __init__(self, settings: JsonlSettings, clock: Clock, *, write: Write = os.write) -> None:
        self._settings = settings
        self._clock = clock
        self._writer = BatchWriter(write)
        self._descriptor = -1
        self._size = 0
        self._opened_at = 0.0
        self._synced_at = 0.0
        self._dirty = False
        self._written = False
        """The lines of a call that failed at syncing are in the file already."""
        self._number = 0

    async def open(self) -> None:
        """Open for appending, with a torn last line cut off. Raises SinkFailed."""
        await self._in_thread(self._open, remedy="make it writable or change `path`")

    async def write(self, lines: Sequence[bytes]) -> None:
        """Append the lines; sync when the last sync is `sync` seconds ago. Raises SinkFailed."""
        await self._in_thread(self._write, lines)

    async def flush(self) -> None:
        """Sync what was written. Raises SinkFailed."""
        if self._dirty:
            await self._in_thread(self._sync)

    async def close(self) -> None:
        """Sync and close. Raises SinkFailed."""
        if self._descriptor >= 0:
            await self._in_thread(self._close)

    async def _in_thread(
        self,
        function: Callable[..., None],
        *arguments: object,
        remedy: str = "free space or change `path`; the daemon goes on by itself",
    ) -> None:
        try:
            await anyio.to_thread.run_sync(function, *arguments)
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
        self._opened_at = self._synced_at = self._clock.now()
        self._number = max((number for number, _ in self._rotated()), default=0)

    def _write(self, lines: Sequence[bytes]) -> None:
        now = self._clock.now()
        if self._descriptor < 0:
            self._open()  # a rotation had failed between two files
        if not self._written:
            if self._size and not self._writer.is_torn and self._is_due(lines, now):
                self._rotate(now)
            self._size += self._writer.write(self._descriptor, lines)
            self._dirty = self._written = True
        if now >= self._synced_at + self._settings.sync:
            self._sync()
        self._written = False

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
        self._number += 1
        utc = datetime.fromtimestamp(self._clock.utc_ns(int(now * 1e9)) / 1e9, UTC)
        stamp = utc.strftime("%Y%m%dT%H%M%SZ")
        with contextlib.suppress(FileNotFoundError):  # somebody took it away: a new one follows
            path.rename(path.with_name(f"{path.stem}.{stamp}.{self._number:06d}{path.suffix}"))
        os.close(self._descriptor)
        self._descriptor = -1
        self._descriptor = _open_owned(path)
        self._size = 0
        self._opened_at = now
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

    def _sync(self) -> None:
        os.fdatasync(self._descriptor)
        self._synced_at = self._clock.now()
        self._dirty = False

    def _close(self) -> None:
        self._sync()
        os.close(self._descriptor)
        self._descriptor = -1


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

"""What a reader of the event files sees: how long at the most nothing came, and lines that came before.

The reader follows each file as `tail -F` does, over rotations, and looks every few milliseconds: so what it measures is
what a consumer of the file feels, whatever the daemon says of itself.
"""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import orjson

from monitor.ports import Clock

EVERY: Final = 0.005
"""Seconds between two looks, and so how exact pauses are. A guess: looks cost less than a hundredth of a core."""
REMEMBERED: Final = 500_000
"""Events of a file that a later line is compared with, the newest ones: some minutes of a busy stream. Guessed."""
_CHUNK: Final = 2**20


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of one file since it was last asked for."""

    file: Path
    pause: float
    """The longest time without a new line, in seconds; one that lasts still counts."""
    records: int
    repeats: int
    """Lines whose id and commitment had been read before."""


class FollowedFile:
    """One file, followed from its present end."""

    def __init__(self, path: Path, now: float) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._rest = b""
        self._known: dict[int, None] = {}
        self._grew_at = now
        self._pause = 0.0
        self._records = 0
        self._repeats = 0
        self._open(at_end=True)

    def look(self, now: float) -> None:
        """Read what is new. To be called often: growth counts as if it came now."""
        if self._read() + self._read_next():
            self._pause = max(self._pause, now - self._grew_at)
            self._grew_at = now

    def seen(self, now: float) -> Seen:
        """What came since this was last asked; the next answer begins here."""
        told = Seen(self._path, max(self._pause, now - self._grew_at), self._records, self._repeats)
        self._pause, self._records, self._repeats = 0.0, 0, 0
        return told

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self, *, at_end: bool) -> None:
        try:
            file = self._path.open("rb", buffering=0)
        except FileNotFoundError:  # nothing was written yet, or it is just being rotated
            return
        self.close()
        self._file = file
        self._rest = b""
        if at_end and file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)  # its line break, or else a part of a line, which is no line

    def _read_next(self) -> int:
        """Go over to the file that took the path's place, if one has."""
        try:
            now_there = self._path.stat()
        except FileNotFoundError:
            return 0
        if self._file is not None and os.path.samestat(os.fstat(self._file.fileno()), now_there):
            return 0
        rest = self._read()  # what was written between the last look and the rotation
        self._open(at_end=False)
        return rest + self._read()

    def _read(self) -> int:
        """Bytes that were new."""
        size = 0
        while self._file is not None and (chunk := self._file.read(_CHUNK)):
            size += len(chunk)
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            for line in lines:
                self._take(line)
        return size

    def _take(self, line: bytes) -> None:
        try:
            record = orjson.loads(line)
            key = hash((record["id"], record["commitment"]))
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return  # the rest of a line that had begun before, or one that a kill tore
        self._records += 1
        self._repeats += key in self._known
        self._known[key] = None
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]


class Following:
    """Several files, looked at by a thread of their own while the block of `following` runs."""

    def __init__(self, paths: Sequence[Path], clock: Clock) -> None:
        self._clock = clock
        self._files = [FollowedFile(path, clock.now()) for path in paths]
        self._lock = threading.Lock()
        self._over = threading.Event()

    def seen(self) -> list[Seen]:
        """By file, what came since this was last asked."""
        with self._lock:
            now = self._clock.now()
            return [file.seen(now) for file in self._files]

    def run(self) -> None:
        """Look until `stop`."""
        while not self._over.wait(EVERY):
            with self._lock:
                now = self._clock.now()
                for file in self._files:
                    file.look(now)

    def stop(self) -> None:
        """End `run`."""
        self._over.set()

    def close(self) -> None:
        """Let go of the files."""
        for file in self._files:
            file.close()


@contextmanager
def following(paths: Sequence[Path], clock: Clock) -> Iterator[Following]:
    """Follow these files while the block runs. Raises: OSError, where one may not be read."""
    followed = Following(paths, clock)
    thread = threading.Thread(target=followed.run, name="following", daemon=True)
    thread.start()
    try:
        yield followed
    finally:
        followed.stop()
        thread.join()
        followed.close()

"""The state directory and its lock: one daemon at a time."""

import errno
import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from monitor.core.errors import StateDirectoryBusy


class StateDirectory:
    """A folder that this process owns while the `with` block runs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = -1

    def __enter__(self) -> Self:
        """Make the folder and lock it. Raises StateDirectoryBusy, naming the pid that holds it."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o750)
            lock = self.path / "daemon.lock"
            self._descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        except OSError as error:
            # A file in its place is "File exists" to the system, which would not tell.
            in_the_way = isinstance(error, FileExistsError)
            reason = os.strerror(errno.ENOTDIR) if in_the_way else error.strerror
            why = f"{self.path}: {reason}; make it writable or change state_dir"
            raise StateDirectoryBusy(why) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(self._descriptor, 32).decode(errors="replace").strip() or "unknown"
            os.close(self._descriptor)
            why = f"{self.path} is in use by process {holder}; stop it or change state_dir"
            raise StateDirectoryBusy(why) from error
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, f"{os.getpid()}\n".encode())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of the lock; the file stays."""
        os.close(self._descriptor)

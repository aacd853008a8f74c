"""One reader process as the daemon sees it: its socket, what came through it, and how it ended.

Nothing here blocks: the socket is read and written as the loop finds it ready, and left alone while too much waits.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from typing import Final

from monitor.adapters.grpc.environment import for_child
from monitor.adapters.grpc.parcels import Unpacking, taken_of
from monitor.ports import StreamEnded, Taken

READ_BYTES: Final = 256 * 1024
"""Taken from the socket at once."""


class Worker:
    """One reader process, seen from the daemon."""

    def __init__(self, endpoint: str, bound: int, tell: Callable[[], None]) -> None:
        """Start the process. `tell` is called when something has come. Raises OSError."""
        self.endpoint = endpoint
        self.feeds: set[int] = set()
        self.is_over = False
        self.waiting: deque[tuple[Taken, int]] = deque()
        """What came, with the bytes of its frames."""
        self._waiting_bytes = 0
        self._bound = bound
        self._tell = tell
        self._unpacking = Unpacking()
        self._unsent = bytearray()
        self._loop = asyncio.get_running_loop()
        self._link, theirs = socket.socketpair()
        try:
            with theirs:
                self.process = _start(theirs.fileno())
        except OSError:
            self._link.close()
            raise
        self._link.setblocking(False)
        self._is_reading = False
        self._read_on()

    def write(self, parcel: bytes) -> None:
        """Send to the process, now or as soon as its socket takes it."""
        if not self.is_over:
            self._unsent += parcel
            self._write_on()

    def take(self, limit_bytes: int) -> tuple[list[Taken], int]:
        """What came, until the frames' bytes reach the limit; and those bytes."""
        taken: list[Taken] = []
        size = 0
        while self.waiting and size < limit_bytes:
            each, each_bytes = self.waiting.popleft()
            size += each_bytes
            taken.append(each)
            if isinstance(each, StreamEnded):
                self.feeds.discard(each.feed)
        self._waiting_bytes -= size
        if not self._is_reading and not self.is_over and self._waiting_bytes < self._bound:
            self._read_on()
        return taken, size

    def end(self) -> None:
        """Let the process go; it ends by itself when its socket is closed."""
        if self.is_over:
            return
        self.is_over = True
        self._loop.remove_reader(self._link.fileno())
        self._loop.remove_writer(self._link.fileno())
        self._link.close()

    def _read_on(self) -> None:
        self._is_reading = True
        self._loop.add_reader(self._link.fileno(), self._hear)

    def _hear(self) -> None:
        try:
            chunk = self._link.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self._lose()
            return
        for parcel in self._unpacking.add(chunk):
            taken, size = taken_of(parcel)
            self._waiting_bytes += size
            self.waiting.append((taken, size))
        if self._waiting_bytes >= self._bound:
            self._is_reading = False
            self._loop.remove_reader(self._link.fileno())
        self._tell()

    def _lose(self) -> None:
        """The process has ended by itself, or is about to: its streams have ended too."""
        self.end()
        text = (
            f"the reader process of {self.endpoint} {self._fate()}; the next opening starts another"
        )
        ended = {each.feed for each, _ in self.waiting if isinstance(each, StreamEnded)}
        for feed in sorted(self.feeds - ended):
            self.waiting.append((StreamEnded(feed, "UNAVAILABLE", text), 0))
        self._tell()

    def _fate(self) -> str:
        status = self.process.poll()
        if status is None:  # its socket is gone and it is not: nothing more of it can reach us
            self.process.kill()
            status = self.process.wait()
        if status < 0:
            return f"was ended by {signal.Signals(-status).name}"
        return f"ended with status {status}"

    def _write_on(self) -> None:
        try:
            del self._unsent[: self._link.send(self._unsent)]
        except BlockingIOError:
            pass
        except OSError:
            self._unsent.clear()  # its end is read next
        if self._unsent:
            self._loop.add_writer(self._link.fileno(), self._write_on)
        else:
            self._loop.remove_writer(self._link.fileno())


def _start(link: int) -> subprocess.Popen[bytes]:
    """A fresh interpreter with this descriptor: one that has grpcio loaded must not be forked."""
    return subprocess.Popen(
        [sys.executable, "-m", "monitor.adapters.grpc.reader_process", str(link)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=(link,),
        env=for_child(os.environ),
    )

"""Frames of one feed on their way out of a reader process: gathered into parcels, and sent by the reading thread itself.

The thread sends as soon as a parcel is full. Where less has come, the process's main thread sends it after a moment, for
nobody else knows that nothing follows. Sending blocks while the daemon leaves the socket alone: then the stream is not
read either, and HTTP/2 holds the server back.
"""

import socket
import threading
import time
from collections.abc import Callable
from typing import Final

from monitor.adapters.grpc.intake import SETTLE_SECONDS
from monitor.adapters.grpc.parcels import of_taken
from monitor.ports import FramesTaken, StreamEnded, StreamOpened

FULL_BYTES: Final = 64 * 1024
"""Frames that fill a parcel."""


class Link:
    """The socket to the daemon, and the sleep of the main thread. Any thread may call."""

    def __init__(self, sock: socket.socket, wake: Callable[[], None]) -> None:
        self._sock = sock
        self._wake = wake
        self._lock = threading.Lock()
        self.asleep = False
        """The main thread waits for a command and for `rouse`."""

    def rouse(self) -> None:
        """Let the main thread look at its outlets soon. Only worth calling while `asleep`."""
        self.asleep = False
        self._wake()

    def send(self, parcel: bytes) -> None:
        """Send all of it. Raises OSError when the daemon is gone."""
        with self._lock:
            self._sock.sendall(parcel)


class Outlet:
    """Receives for one call. Parcels leave in the order of the stream: whoever makes one holds the lock until it is sent."""

    def __init__(self, feed: int, link: Link, stamp: Callable[[], int] = time.monotonic_ns) -> None:
        self.stalled = False
        self.is_over = False
        """The end was told."""
        self._feed = feed
        self._link = link
        self._stamp = stamp
        self._frames: list[tuple[int, bytes]] = []
        self._bytes = 0
        self._opened = False
        self._settled_at: int | None = None
        self._lock = threading.Lock()

    # The reading thread's side

    def put(self, frame: bytes) -> bool:
        """Stamp a frame, and send all that waits when it fills a parcel."""
        self._frames.append((self._stamp(), frame))
        self._bytes += len(frame)
        if self._bytes >= FULL_BYTES:
            self.flush()
        elif self._link.asleep:
            self._link.rouse()
        return True

    def has_room(self) -> bool:
        """There always is: sending blocks instead."""
        return True

    def stall(self) -> None:
        """Never asked for, since there is always room."""

    def open(self) -> None:
        """Headers came; they are told after a moment (see `intake.SETTLE_SECONDS`), or with the first frame."""
        self._settled_at = self._stamp() + int(SETTLE_SECONDS * 1e9)
        self._link.rouse()

    def end(self, code: str, text: str) -> None:
        """Send what waits, and that the stream is over."""
        with self._lock:
            self._settled_at = None
            self._send_frames()
            self._link.send(of_taken(StreamEnded(self._feed, code, text)))
            self.is_over = True

    # The main thread's side

    @property
    def is_settling(self) -> bool:
        """Headers came and were not told yet."""
        return self._settled_at is not None

    def flush(self) -> bool:
        """Send what waits; whether there was anything."""
        with self._lock:
            settled_at = self._settled_at
            if settled_at is not None and self._stamp() >= settled_at:
                self._announce()
            return self._send_frames()

    def _announce(self) -> None:
        self._settled_at = None
        if not self._opened:
            self._opened = True
            self._link.send(of_taken(StreamOpened(self._feed)))

    def _send_frames(self) -> bool:
        batch = self._frames[:]
        if not batch:
            return False
        del self._frames[: len(batch)]
        size = self._bytes
        # The reading thread may add meanwhile: what it adds then is counted again, and a parcel leaves a little early.
        self._bytes = 0
        self._announce()
        self._link.send(of_taken(FramesTaken(self._feed, batch, size)))
        return True

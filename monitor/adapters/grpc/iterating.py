"""What the readers by iterator share: not asking the iterator for a message is not reading from the stream."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Protocol

import grpc

from monitor.adapters.grpc.calls import Receiver


class Stream(Protocol):
    """The part of grpcio's response iterators that both readers use."""

    def __iter__(self) -> Iterator[bytes]: ...
    def initial_metadata(self) -> object: ...
    def code(self) -> grpc.StatusCode: ...
    def details(self) -> str: ...


class Room:
    """Where a reading thread waits until the loop has taken what it put."""

    def __init__(self, intake: Receiver) -> None:
        self._intake = intake
        self._changed = threading.Condition()
        self._closed = False

    def wait(self) -> None:
        """Block until there is room or nobody cares any more."""
        with self._changed:
            self._intake.stall()
            while not self._closed and not self._intake.has_room():
                self._changed.wait()
            self._intake.stalled = False

    def look(self) -> None:
        """Make the waiting thread look again."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """Nobody waits here from now on."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def read_all(stream: Stream, intake: Receiver, room: Room) -> tuple[str, str]:
    """Move every frame to the intake; returns the status code's name and text."""
    with contextlib.suppress(grpc.RpcError):
        stream.initial_metadata()
        intake.open()
        for frame in stream:
            if not intake.put(frame):
                room.wait()
    return stream.code().name, stream.details() or ""

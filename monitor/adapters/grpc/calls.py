"""What every reader of a stream can do, whichever way it takes the frames."""

from collections import deque
from typing import Final, Protocol

import grpc

from monitor.wire.pb import geyser_pb2

CODES: Final = {code.value[0]: code.name for code in grpc.StatusCode}
"""Names of the gRPC status codes by number."""
MAX_PINGS: Final = 8
"""Pings that wait to be sent; older ones are dropped, since only the latest answer tells anything."""


class Receiver(Protocol):
    """Where a reading thread brings what its stream gives."""

    stalled: bool
    """The thread reads no further until its call is resumed."""

    def put(self, frame: bytes) -> bool:
        """Take a frame; False when reading must pause."""

    def has_room(self) -> bool:
        """Whether reading may go on."""

    def stall(self) -> None:
        """Reading pauses."""

    def open(self) -> None:
        """Headers came. A first frame says the same."""


class Call(Protocol):
    """One Subscribe stream. `run` is the reading thread's; the others may be called from any thread."""

    def run(self) -> tuple[str, str]:
        """Read until the end of the stream; returns the status code's name and text."""

    def send(self, request: bytes) -> None:
        """Send as soon as the stream takes it. After the end: nothing."""

    def cancel(self) -> None:
        """End the stream from our side: `run` returns soon."""

    def resume(self) -> None:
        """Read on, if reading paused for want of room and there is room again."""


class Outgoing:
    """Requests that wait for the stream: the latest one, and pings in their order. Not locked."""

    def __init__(self, request: bytes | None = None) -> None:
        self._request = request
        self._pings: deque[bytes] = deque(maxlen=MAX_PINGS)

    def put(self, request: bytes) -> None:
        """Take the place of a request that still waits; pings queue instead, for a request must not unsay them."""
        if is_ping(request):
            self._pings.append(request)
        else:
            self._request = request

    def next(self) -> bytes | None:
        """What to send now: filters before pings."""
        if self._request is not None:
            request, self._request = self._request, None
            return request
        return self._pings.popleft() if self._pings else None


def is_ping(request: bytes) -> bool:
    """Whether a server would answer this request with a pong and ignore the rest of it (PROTOCOL 2.4)."""
    return geyser_pb2.SubscribeRequest.FromString(request).HasField("ping")

"""Reading by grpcio's ordinary iterator: public and complete, at two changes of thread a message (SPEED 2)."""

import threading
from collections.abc import Iterator

import grpc

from monitor.adapters.grpc.calls import Outgoing, Receiver
from monitor.adapters.grpc.channels import SUBSCRIBE, Metadata
from monitor.adapters.grpc.iterating import Room, read_all


class PlainCall:
    """A bidirectional stream; grpcio moves requests in a thread of its own, which ends with the stream."""

    def __init__(
        self,
        channel: grpc.Channel,
        metadata: Metadata,
        request: bytes,
        intake: Receiver,
        path: str = SUBSCRIBE,
    ) -> None:
        self._intake = intake
        self._room = Room(intake)
        self._outgoing = Outgoing(request)
        self._over = False
        self._changed = threading.Condition()
        stream: grpc.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(path)
        self._call = stream(self._requests(), metadata=metadata)

    def run(self) -> tuple[str, str]:
        """Read until the end of the stream."""
        try:
            return read_all(self._call, self._intake, self._room)
        finally:
            self._end_requests()

    def send(self, request: bytes) -> None:
        """Send as soon as the stream takes it."""
        with self._changed:
            self._outgoing.put(request)
            self._changed.notify_all()

    def cancel(self) -> None:
        """End the stream, and whatever waits for room or for requests."""
        self._end_requests()
        self._call.cancel()
        self._room.close()

    def resume(self) -> None:
        """Let the reading thread look for room again."""
        self._room.look()

    def _end_requests(self) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _requests(self) -> Iterator[bytes]:
        while True:
            with self._changed:
                while (request := self._outgoing.next()) is None:
                    if self._over:
                        return
                    self._changed.wait()
            yield request

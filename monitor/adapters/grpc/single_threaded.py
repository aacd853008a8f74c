"""Reading by grpcio's public single-threaded form: no hand-over between threads, but no second request either.

The call is unary on our side, so the request side closes behind the first request. A Yellowstone server keeps such a
stream (PROTOCOL 2.5; older ones than geyser 11.0.1 may end it), yet nothing can be sent on it any more.
"""

import grpc

from monitor.adapters.grpc.calls import Receiver, is_ping
from monitor.adapters.grpc.channels import SUBSCRIBE, Metadata
from monitor.adapters.grpc.iterating import Room, read_all


class SingleThreadedCall:
    """A stream whose reading thread drives grpcio itself. The channel must have been opened for it."""

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
        self._refused = False
        stream: grpc.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(path)
        self._call = stream(request, metadata=metadata)

    def run(self) -> tuple[str, str]:
        """Read until the end of the stream."""
        code, text = read_all(self._call, self._intake, self._room)
        if self._refused:
            return code, "the single-threaded reader cannot send on an open stream"
        return code, text

    def send(self, request: bytes) -> None:
        """End the stream, for who changes a request needs the change: opened anew, the stream has it.

        A ping is dropped: it changes nothing, and no server insists on one.
        """
        if not is_ping(request):
            self._refused = True
            self.cancel()

    def cancel(self) -> None:
        """End the stream, and the wait for room."""
        self._call.cancel()
        self._room.close()

    def resume(self) -> None:
        """Let the reading thread look for room again."""
        self._room.look()

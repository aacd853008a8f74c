"""Whether a reader does on the installed grpcio what a stream asks of it: a short talk with a server of our own.

The talk is what the daemon relies on: frames in order, a send from another thread while the first one reads, a cancel
from another thread, and the code and text of a refusal after the last frame.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import Final, Protocol

import grpc

from monitor.adapters.grpc.alarm import Alarm
from monitor.adapters.grpc.calls import Call, Receiver
from monitor.adapters.grpc.channels import SUBSCRIBE, Metadata, open_channel
from monitor.adapters.grpc.intake import Intake
from monitor.adapters.grpc.settings import GrpcSettings
from monitor.ports import Endpoint, FramesTaken
from monitor.wire.pb import geyser_pb2


class CallFactory(Protocol):
    """Opens a stream, by default a Subscribe."""

    def __call__(
        self,
        channel: grpc.Channel,
        metadata: Metadata,
        request: bytes,
        intake: Receiver,
        path: str = SUBSCRIBE,
        /,
    ) -> Call:
        """Frames go to the intake."""


PATIENCE: Final = 2.0
"""Seconds for each step, at least; a reader that works takes some milliseconds for all."""
_LOOK_SECONDS: Final = 0.001
_HELD_SECONDS: Final = 60.0
"""So long the server holds a stream that nobody ends."""
_LIVE: Final = geyser_pb2.SubscribeRequest(from_slot=1).SerializeToString()
_AMENDED: Final = geyser_pb2.SubscribeRequest(from_slot=2).SerializeToString()
_REFUSED: Final = geyser_pb2.SubscribeRequest(from_slot=3).SerializeToString()
_REFUSAL: Final = "refused as asked"
_FRAMES: Final = (b"one", b"two", b"three")
_BUFFER_BYTES: Final = 1 << 20
_FAILURES: Final = (AttributeError, ImportError, TypeError, ValueError, RuntimeError)
"""What a private form of grpcio may raise in a version that changed it."""


def failure_of(
    open_call: CallFactory, *, single_threaded: bool, segregated: bool = False
) -> str | None:
    """Why the reader cannot be used, or None when it can. Blocks; some tens of milliseconds when all is well."""
    subscribe: grpc.RpcMethodHandler[bytes, bytes] = grpc.stream_stream_rpc_method_handler(_serve)
    handler = grpc.method_handlers_generic_handler("geyser.Geyser", {"Subscribe": subscribe})
    with futures.ThreadPoolExecutor(2) as pool:
        server = grpc.server(pool, [handler])
        try:
            endpoint = Endpoint("self-test", f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}")
            server.start()
            opened = _Opening(open_call, endpoint, single_threaded, segregated)
            return _live_stream(opened, sends=not single_threaded) or _refused_stream(opened)
        except _FAILURES as error:
            return f"{type(error).__name__}: {error}"
        finally:
            server.stop(None).wait(PATIENCE)


def _serve(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
    over = threading.Event()
    if not context.add_callback(over.set):
        return
    first = next(requests)
    yield from _FRAMES
    if first == _REFUSED:
        context.abort(grpc.StatusCode.OUT_OF_RANGE, _REFUSAL)
    yield from requests
    over.wait(_HELD_SECONDS)  # the single-threaded form has closed its side, and the stream goes on


def _live_stream(opened: "_Opening", *, sends: bool) -> str | None:
    stream = opened.stream(_LIVE)
    expected = list(_FRAMES)
    if not stream.delivers(expected):
        return f"of three frames {len(stream.frames)} came"
    if sends:
        stream.call.send(_AMENDED)
        expected.append(_AMENDED)
        if not stream.delivers(expected):
            return "a request sent while reading was not answered"
    stream.call.cancel()
    code, text = stream.ending()
    return None if code == "CANCELLED" else f"a cancelled stream ended with {code} {text}"


def _refused_stream(opened: "_Opening") -> str | None:
    stream = opened.stream(_REFUSED)
    code, text = stream.ending()
    if (code, text) != ("OUT_OF_RANGE", _REFUSAL):
        return f"a refused stream ended with {code} {text}"
    return None if stream.delivers(list(_FRAMES)) else "frames before a refusal were lost"


class _Opening:
    """How streams of the talk are opened."""

    def __init__(
        self, open_call: CallFactory, endpoint: Endpoint, single_threaded: bool, segregated: bool
    ) -> None:
        self._open_call = open_call
        self._endpoint = endpoint
        self._single_threaded = single_threaded
        self._segregated = segregated

    def stream(self, request: bytes) -> "_Stream":
        channel = open_channel(
            self._endpoint,
            GrpcSettings(),
            single_threaded=self._single_threaded,
            segregated=self._segregated,
        )
        intake = Intake(0, _BUFFER_BYTES, Alarm(time.monotonic_ns), time.monotonic_ns)
        return _Stream(channel, self._open_call(channel, (), request, intake), intake)


class _Stream:
    """One stream of the talk, read by a thread of its own while this one acts on it."""

    def __init__(self, channel: grpc.Channel, call: Call, intake: Intake) -> None:
        self.call = call
        self.frames: list[bytes] = []
        self._channel = channel
        self._intake = intake
        self._ending = ("none", "in time")
        self._thread = threading.Thread(target=self._read, name="reader-self-test", daemon=True)
        self._thread.start()

    def delivers(self, expected: list[bytes]) -> bool:
        """Whether exactly these frames have come, or come in time."""

        def has_enough() -> bool:
            for taken in self._intake.take(_BUFFER_BYTES)[0]:
                if isinstance(taken, FramesTaken):
                    self.frames += [frame for _, frame in taken.frames]
            return len(self.frames) >= len(expected)

        return _comes(has_enough) and self.frames == expected

    def ending(self) -> tuple[str, str]:
        """How the stream ended."""
        _comes(lambda: not self._thread.is_alive())
        return self._ending

    def _read(self) -> None:
        try:
            self._ending = self.call.run()
        except _FAILURES as error:
            self._ending = (type(error).__name__, str(error))
        finally:
            self._channel.close()


def _comes(what: Callable[[], bool]) -> bool:
    """Whether it holds in time. Looks are counted, not seconds: a machine that stalls takes one of them."""
    for _ in range(round(PATIENCE / _LOOK_SECONDS)):
        if what():
            return True
        time.sleep(_LOOK_SECONDS)
    return what()

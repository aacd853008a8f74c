"""The gRPC face of one region: carries bytes between sockets and the sans-I/O region, and decides nothing.

How this works. `grpc.aio` on uvloop sends a pre-built frame for about 25 us of CPU, the thread-per-stream server for
about 47 (three streams of 1,300 messages of 1 KB a second, measured on the machine of SPEED.md). Each stream has two
coroutines: one hands requests to the session, one pulls frames out of it, a few at a time. A pull waits for the
client's HTTP/2 window, so what a slow client does not read stays in the session's queue, where "lagged" is decided.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol

import anyio
import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from monitor.core.errors import SimulatorFailed
from monitor.simulator.connections import break_connections
from monitor.simulator.refused import Refused
from monitor.wire.pb import geyser_pb2

GEYSER: Final = "geyser.Geyser"
HEALTH: Final = "grpc.health.v1.Health"
HOST: Final = "127.0.0.1"

UNARY: Final = (
    "SubscribeReplayInfo",
    "Ping",
    "GetLatestBlockhash",
    "GetBlockHeight",
    "GetSlot",
    "IsBlockhashValid",
    "GetVersion",
)

_PULL: Final = 64
"""Frames taken from a session at once: small, so that the backlog stays where it is counted."""

_OPTIONS: Final = (
    ("grpc.so_reuseport", 0),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.keepalive_permit_without_calls", 1),
)
"""The size of requests is judged here, for another answer (PROTOCOL 5.3)."""

_GZIP: Final = (
    ("grpc.default_compression_level", 1),
    ("grpc.compression_enabled_algorithms_bitset", 0b101),
)
"""gzip for a client that names it, identity for the others. An algorithm set by call would be sent to all of them."""

_SERVING: Final = b"\x08\x01"
"""HealthCheckResponse{status: SERVING}."""

_HEALTHY: Final = (b"", GEYSER.encode())

_Context = grpc.aio.ServicerContext[bytes, bytes]


class Session(Protocol):
    """One subscription. Its region's `advance` and the calls below are all that changes it."""

    ending: tuple[str, str] | None
    """Code and text, to be sent once all frames are."""

    def receive(self, request: bytes, now: float) -> None:
        """The client sent a request."""

    def half_close(self, now: float) -> None:
        """The client will send no more requests."""

    def break_request_stream(self, now: float) -> None:
        """A request could not be read."""

    def frames(self, limit: int) -> list[bytes]:
        """The next frames to send, in order; they leave the session's queue."""

    def cancel(self) -> None:
        """The stream is over."""


class Door(Protocol):
    """Where calls of one streaming method come in."""

    def open(self, metadata: Mapping[str, str], now: float) -> Session:
        """Begin a subscription. Raises Refused."""


class Region(Door, Protocol):
    """What answers: it knows no socket. Its own door is for Subscribe."""

    @property
    def deshred(self) -> Door:
        """For SubscribeDeshred."""

    def call(self, method: str, request: bytes, metadata: Mapping[str, str], now: float) -> bytes:
        """Answer a unary call. Raises Refused."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """How a region meets its clients."""

    port: int = 0
    """0: a free one."""
    gzip: bool = True
    """Compress for every client that names gzip (PROTOCOL 5.4)."""
    max_request_bytes: int = 4 * 1024 * 1024
    health: bool = True
    """Serve the health service."""
    least_ping_interval: float | None = None
    """Seconds between a client's HTTP/2 pings, below which a third one ends the connection (GOAWAY); None: any will do."""


class _Stream:
    """One streaming call: its session, and the news that there is something to pull."""

    def __init__(self, session: Session, *, is_feed: bool) -> None:
        self.session = session
        self.is_feed = is_feed
        """A Subscribe, which counts among the feeds once it asked."""
        self.news = asyncio.Event()
        self.asked = False


class RegionServer:
    """A Yellowstone server on one port. Lives in one event loop; `close` and `open` may alternate."""

    def __init__(
        self, region: Region, settings: ServerSettings, clock: Callable[[], float]
    ) -> None:
        self._region = region
        self._settings = settings
        self._clock = clock
        self._streams: set[_Stream] = set()
        self._server: grpc.aio.Server | None = None
        self.port = settings.port

    @property
    def endpoint(self) -> str:
        """The URL that clients dial."""
        return f"http://{HOST}:{self.port}"

    @property
    def is_open(self) -> bool:
        """Whether connections are accepted."""
        return self._server is not None

    @property
    def feeds(self) -> int:
        """Open streams that have asked for something."""
        return sum(stream.asked for stream in self._streams)

    async def open(self) -> None:
        """Listen; on the same port as before. Raises SimulatorFailed when another process has it."""
        if self._server is not None:
            return
        _check_free(self.port)
        settings = self._settings
        compression = _GZIP if settings.gzip else ()
        server = grpc.aio.server(
            options=(*_OPTIONS, *_pings(settings.least_ping_interval), *compression)
        )
        health = (self._health(),) if settings.health else ()
        server.add_generic_rpc_handlers((self._geyser(), *health))
        self.port = server.add_insecure_port(f"{HOST}:{self.port}")
        await server.start()
        self._server = server

    async def close(self) -> None:
        """Refuse new connections and break those there are, as a killed process does."""
        server, self._server = self._server, None
        if server is None:
            return
        break_connections(self.port)
        with anyio.CancelScope(shield=True):
            await server.stop(None)

    def wake(self) -> None:
        """Let every stream pull what its session now holds."""
        for stream in self._streams:
            stream.news.set()

    def _geyser(self) -> grpc.GenericRpcHandler:
        handlers: dict[str, Any] = {name: self._unary(name) for name in UNARY}
        for name, door in (("Subscribe", self._region), ("SubscribeDeshred", self._region.deshred)):
            handlers[name] = grpc.stream_stream_rpc_method_handler(partial(self._subscribe, door))
        return grpc.method_handlers_generic_handler(GEYSER, handlers)

    def _health(self) -> grpc.GenericRpcHandler:
        return grpc.method_handlers_generic_handler(
            HEALTH,
            {
                "Check": grpc.unary_unary_rpc_method_handler(_check),
                "Watch": grpc.unary_stream_rpc_method_handler(_watch),
            },
        )

    def _unary(self, name: str) -> "grpc.RpcMethodHandler[bytes, bytes]":
        async def answer(request: bytes, context: _Context) -> bytes:
            limit = self._settings.max_request_bytes
            if len(request) > limit:
                text = (
                    f"Error, decoded message length too large: found {len(request)} bytes, "
                    f"the limit is: {limit} bytes"
                )
                await context.abort(grpc.StatusCode.OUT_OF_RANGE, text)
            try:
                return self._region.call(name, request, _metadata(context), self._clock())
            except Refused as refused:
                await context.abort(grpc.StatusCode[refused.code], refused.text)

        handler: Any = answer
        return grpc.unary_unary_rpc_method_handler(handler)

    async def _subscribe(
        self, door: Door, _requests: AsyncIterator[bytes], context: _Context
    ) -> None:
        try:
            session = door.open(_metadata(context), self._clock())
        except Refused as refused:
            _end(context, refused.code, refused.text)
            return
        stream = _Stream(session, is_feed=door is self._region)
        self._streams.add(stream)
        reading: asyncio.Task[None] | None = None
        try:
            await context.send_initial_metadata(())
            reading = asyncio.create_task(self._read(stream, context), name="requests")
            await _pull(stream, context)
        finally:
            if reading is not None:
                reading.cancel()
            self._streams.discard(stream)
            session.cancel()

    async def _read(self, stream: _Stream, context: _Context) -> None:
        while True:
            request: Any = await context.read()
            if request is grpc.aio.EOF:
                stream.session.half_close(self._clock())
                return
            if len(request) > self._settings.max_request_bytes:
                stream.session.break_request_stream(self._clock())
            else:
                stream.session.receive(request, self._clock())
                stream.asked = stream.asked or (stream.is_feed and _asks(request))
            stream.news.set()


def _pings(least_interval: float | None) -> tuple[tuple[str, int], ...]:
    """PROTOCOL 0.10: hyper never punishes pings, which C-core does by default."""
    milliseconds = 0 if least_interval is None else int(least_interval * 1000)
    return (
        ("grpc.http2.min_ping_interval_without_data_ms", milliseconds),
        ("grpc.http2.max_ping_strikes", 0 if least_interval is None else 2),
    )


def _check_free(port: int) -> None:
    """grpc says on stderr that a port is taken, so we look first."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as taken:
            raise SimulatorFailed(
                f"port {port} of {HOST} is taken; choose others with --ports"
            ) from taken


async def _pull(stream: _Stream, context: _Context) -> None:
    session = stream.session
    while True:
        frames = session.frames(_PULL)
        for frame in frames:
            await context.write(frame)
        if frames:
            continue
        if session.ending is not None:
            _end(context, *session.ending)
            return
        stream.news.clear()
        await stream.news.wait()


def _asks(request: bytes) -> bool:
    """Whether the request holds a filter."""
    try:
        asked = geyser_pb2.SubscribeRequest.FromString(request)
    except DecodeError:
        return False
    return not asked.HasField("ping") and any(
        (
            asked.accounts,
            asked.slots,
            asked.transactions,
            asked.transactions_status,
            asked.blocks,
            asked.blocks_meta,
            asked.entry,
        )
    )


async def _check(request: bytes, context: _Context) -> bytes:
    if _asked_service(request) not in _HEALTHY:
        await context.abort(grpc.StatusCode.NOT_FOUND, "service not registered")
    return _SERVING


async def _watch(request: bytes, context: _Context) -> None:
    await context.write(await _check(request, context))
    await asyncio.Event().wait()


def _asked_service(request: bytes) -> bytes:
    """HealthCheckRequest has one field: `service = 1`, a short string."""
    return request[2:] if request[:1] == b"\x0a" else b""


def _end(context: _Context, code: str, text: str) -> None:
    context.set_code(grpc.StatusCode[code])
    context.set_details(text)


def _metadata(context: _Context) -> Mapping[str, str]:
    pairs = context.invocation_metadata() or ()
    return {key: value for key, value in pairs if isinstance(value, str)}

"""A scripted region behind a real server, and what tests reach it with."""

import queue
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import anyio.abc
import grpc
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from monitor.simulator.server import HOST, RegionServer, ServerSettings
from tests.patience import PATIENCE
from tests.simulator.scripted_region import ScriptedRegion, ScriptedSession

SUBSCRIBE = "/geyser.Geyser/Subscribe"
SETTINGS, PING, GOAWAY = 4, 6, 7
"""Types of HTTP/2 frames."""


class Served:
    """A scripted region behind a real server in a thread."""

    def __init__(self, portal: BlockingPortal, settings: ServerSettings) -> None:
        self.region = ScriptedRegion()
        self.server = RegionServer(self.region, settings, time.perf_counter)
        self._portal = portal
        self.open()

    def open(self) -> None:
        self._portal.call(self.server.open)

    def close(self) -> None:
        self._portal.call(self.server.close)

    def send(self, *frames: bytes) -> None:
        """Let the first session send these."""

        def put() -> None:
            self.region.sessions[0].queue.extend(frames)
            self.server.wake()

        self._portal.call(put)

    def end(self, code: str, text: str) -> None:
        """Let the first session end after what it holds."""

        def put() -> None:
            self.region.sessions[0].ending = (code, text)
            self.server.wake()

        self._portal.call(put)

    @property
    def session(self) -> ScriptedSession:
        return self.region.sessions[0]


@contextmanager
def served(**settings: Any) -> Iterator[Served]:
    with start_blocking_portal("asyncio", {"use_uvloop": True}) as portal:
        made = Served(portal, ServerSettings(**settings))
        try:
            yield made
        finally:
            made.close()


class Client:
    """One Subscribe call whose requests are put by the test."""

    def __init__(
        self, port: int, options: tuple[tuple[str, int], ...] = (), **metadata: str
    ) -> None:
        self._requests: queue.Queue[bytes | None] = queue.Queue()
        self.channel = grpc.insecure_channel(f"{HOST}:{port}", options=options)
        subscribe: grpc.StreamStreamMultiCallable[bytes, bytes]
        subscribe = self.channel.stream_stream(SUBSCRIBE)
        pairs = tuple((key.replace("_", "-"), value) for key, value in metadata.items())
        self.call: Any = subscribe(iter(self._requests.get, None), metadata=pairs, timeout=PATIENCE)

    def send(self, request: bytes) -> None:
        self._requests.put(request)

    def half_close(self) -> None:
        self._requests.put(None)

    def read(self) -> bytes:
        frame: bytes = next(self.call)
        return frame

    def failure(self) -> tuple[grpc.StatusCode, str]:
        """Read to the end, which is a failure."""
        with pytest.raises(grpc.RpcError) as failed:
            for _ in self.call:
                pass
        ended: Any = failed.value
        return ended.code(), ended.details()

    def close(self) -> None:
        self._requests.put(None)
        self.call.cancel()
        self.channel.close()


@contextmanager
def subscribed(
    port: int, options: tuple[tuple[str, int], ...] = (), **metadata: str
) -> Iterator[Client]:
    client = Client(port, options, **metadata)
    try:
        yield client
    finally:
        client.close()


def until(holds: Callable[[], bool]) -> None:
    """Wait for what another thread is about to do; the test's own timeout is the limit."""
    while not holds():
        time.sleep(0.005)


def unary(port: int, method: str, request: bytes, **metadata: str) -> bytes:
    pairs = tuple((key.replace("_", "-"), value) for key, value in metadata.items())
    with grpc.insecure_channel(f"{HOST}:{port}") as channel:
        ask: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
        return ask(request, metadata=pairs, timeout=PATIENCE)


@contextmanager
def greeted(port: int) -> Iterator[socket.socket]:
    """A connection that has said what an HTTP/2 client says first, and read the answer."""
    with socket.create_connection((HOST, port), timeout=PATIENCE) as raw:
        raw.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, SETTINGS, 0, 0, 0, 0, 0]))
        assert SETTINGS in frame_types(raw.recv(1000))
        yield raw


def frame_types(received: bytes) -> list[int]:
    """The types of the HTTP/2 frames in these bytes."""
    types = []
    while len(received) > 3:
        types.append(received[3])
        received = received[9 + int.from_bytes(received[:3]) :]
    return types


@contextmanager
def counting_proxy(port: int) -> Iterator[tuple[int, Callable[[], int]]]:
    """A port in front of the server's, and how many bytes it has carried to clients."""
    carried = 0

    async def pipe(client: anyio.abc.SocketStream) -> None:
        nonlocal carried
        async with client, await anyio.connect_tcp(HOST, port) as server:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_forward, client, server)
                async for part in server:
                    carried += len(part)
                    await client.send(part)
                tasks.cancel_scope.cancel()

    async def serve(*, task_status: anyio.abc.TaskStatus[int]) -> None:
        async with await anyio.create_tcp_listener(local_host=HOST) as listener:
            task_status.started(listener.extra(anyio.abc.SocketAttribute.local_port))
            await listener.serve(pipe)

    with start_blocking_portal("asyncio") as portal:
        serving, proxy_port = portal.start_task(serve)
        yield proxy_port, lambda: carried
        serving.cancel()


async def _forward(source: anyio.abc.SocketStream, target: anyio.abc.SocketStream) -> None:
    async for part in source:
        await target.send(part)

"""Real streams for traps of the transport: each reader, the request of a plain monitor, and a line that counts bytes."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import anyio
import anyio.abc

from monitor.adapters.grpc.feeds import GrpcFeeds
from monitor.adapters.grpc.settings import GrpcSettings, Reader
from monitor.core.chain import Commitment
from monitor.core.monitors import Monitor, TransactionsFilter
from monitor.ports import Endpoint
from monitor.wire.plan import compile_plan

READERS: Final = (Reader.SEGREGATED, Reader.SINGLE_THREADED, Reader.PLAIN)
EVERY: Final = Monitor("all", transactions=TransactionsFilter())


def wanted() -> bytes:
    """The request that the daemon opens a stream with."""
    return compile_plan((EVERY,), Commitment.CONFIRMED, Endpoint("ams", "http://ams")).request(1)


@asynccontextmanager
async def feeds_of(settings: GrpcSettings) -> AsyncIterator[GrpcFeeds]:
    """Feeds that are stopped in the end."""
    feeds = GrpcFeeds(settings)
    try:
        yield feeds
    finally:
        await feeds.stop()


@asynccontextmanager
async def counted(port: int) -> AsyncIterator[tuple[int, Callable[[], int]]]:
    """A door before a local port, and how many bytes came out of it so far."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    count = 0

    async def carry(client: anyio.abc.SocketStream) -> None:
        async with client, await anyio.connect_tcp("127.0.0.1", port) as server:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_copy, client, server, lambda _: None)
                await _copy(server, client, note)
                tasks.cancel_scope.cancel()

    def note(piece: bytes) -> None:
        nonlocal count
        count += len(piece)

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, carry)
        yield listener.extra(anyio.abc.SocketAttribute.local_port), lambda: count
        tasks.cancel_scope.cancel()


async def _copy(
    source: anyio.abc.SocketStream,
    target: anyio.abc.SocketStream,
    note: Callable[[bytes], None],
) -> None:
    try:
        async for piece in source:
            note(piece)
            await target.send(piece)
    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
        return

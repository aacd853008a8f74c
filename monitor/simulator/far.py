"""A long way between a server and its clients: bytes come through unchanged, and later by a fixed time.

How this works. A door of its own takes the connections and carries each to the server. What is read of either side waits
in a queue with the moment at which it is due, so that any amount may be under way: what a far client then gets in a
second is bounded by the window that it grants, as on a real line (SPEED 7).
"""

from collections import deque
from typing import Final

import anyio
import anyio.abc

_READ: Final = 64 * 1024
"""Bytes taken at once."""


async def serve_far(
    listener: anyio.abc.Listener[anyio.abc.SocketStream], port: int, seconds: float
) -> None:
    """Carry connections to this local port until cancelled, each byte `seconds` late in either direction."""

    async def carry(near: anyio.abc.SocketStream) -> None:
        async with near:
            try:
                server = await anyio.connect_tcp("127.0.0.1", port)
            except OSError:
                return  # as if nobody listened there
            async with server:
                await _carry_both(near, server, seconds)

    await listener.serve(carry)


async def _carry_both(
    near: anyio.abc.SocketStream, server: anyio.abc.SocketStream, seconds: float
) -> None:
    async with anyio.create_task_group() as tasks:

        async def one_way(source: anyio.abc.SocketStream, target: anyio.abc.SocketStream) -> None:
            await _Way(source, target, seconds).run()
            tasks.cancel_scope.cancel()  # one side is gone, so the other has nobody to talk to

        tasks.start_soon(one_way, near, server)
        tasks.start_soon(one_way, server, near)


class _Way:
    """One direction of a connection."""

    def __init__(
        self, source: anyio.abc.SocketStream, target: anyio.abc.SocketStream, seconds: float
    ) -> None:
        self._source = source
        self._target = target
        self._seconds = seconds
        self._under_way: deque[tuple[float, bytes]] = deque()
        """When each piece is due; an empty piece is the end."""
        self._news = anyio.Event()

    async def run(self) -> None:
        """Until either side is gone."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._take)
            await self._give()
            tasks.cancel_scope.cancel()

    async def _take(self) -> None:
        while True:
            try:
                piece = await self._source.receive(_READ)
            except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
                piece = b""
            self._under_way.append((anyio.current_time() + self._seconds, piece))
            self._news.set()
            if not piece:
                return

    async def _give(self) -> None:
        while True:
            while not self._under_way:
                self._news = anyio.Event()
                await self._news.wait()
            due, piece = self._under_way.popleft()
            await anyio.sleep_until(due)
            if not piece:
                return
            try:
                await self._target.send(piece)
            except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                return

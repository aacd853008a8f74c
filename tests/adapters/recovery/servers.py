"""A small JSON-RPC server on a loopback socket, which answers as a test says and keeps what it was asked and when."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import anyio.abc
import orjson


@dataclass
class Reply:
    """One answer, and how it comes."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    """Seconds before anything comes; infinite: nothing ever does."""
    cut_at: int | None = None
    """The connection ends after so many bytes of the body."""
    trickle: float = 0.0
    """Seconds between the header and the body."""


@dataclass
class Asked:
    """One request."""

    at: float
    call: dict[str, Any]
    headers: dict[str, str]


Answer = Callable[[Asked, int], Reply]
"""What to answer to a request that is the n-th, from 0."""


def told(result: Any, **how: Any) -> Reply:
    """A result."""
    return Reply(orjson.dumps({"jsonrpc": "2.0", "result": result, "id": 1}), **how)


def failing(code: int, message: str = "", **how: Any) -> Reply:
    """An error of the node."""
    error = {"code": code, "message": message}
    return Reply(orjson.dumps({"jsonrpc": "2.0", "error": error, "id": 1}), **how)


def always(reply: Reply) -> Answer:
    """The same to everything."""
    return lambda asked, number: reply


def first(*replies: Reply, then: Reply) -> Answer:
    """These in their order, then the same to everything."""
    return lambda asked, number: replies[number] if number < len(replies) else then


class Server:
    """Keeps connections alive; one request at a time on each."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        self.connections = 0
        self.was_asked = anyio.Event()
        self.was_left = anyio.Event()
        """A client went before the answer was out."""
        self.url = ""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Server"]:
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        self.url = f"http://127.0.0.1:{port}/"
        async with listener, anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, self._connected)
            yield self
            tasks.cancel_scope.cancel()

    async def _connected(self, stream: anyio.abc.ByteStream) -> None:
        self.connections += 1
        async with stream:
            try:
                while await self._exchange(stream):
                    pass
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return

    async def _exchange(self, stream: anyio.abc.ByteStream) -> bool:
        asked = await _request(stream)
        number = len(self.asked)
        self.asked.append(asked)
        self.was_asked.set()
        reply = self.answer(asked, number)
        if not await self._is_awaited(stream, reply.delay):
            self.was_left.set()
            return False
        head = {"content-length": str(len(reply.body)), **reply.headers}
        lines = [f"HTTP/1.1 {reply.status} X", *(f"{key}: {value}" for key, value in head.items())]
        await stream.send("\r\n".join([*lines, "", ""]).encode())
        if not await self._is_awaited(stream, reply.trickle):
            self.was_left.set()
            return False
        if reply.body[: reply.cut_at]:
            await stream.send(reply.body[: reply.cut_at])
        return reply.cut_at is None

    @staticmethod
    async def _is_awaited(stream: anyio.abc.ByteStream, seconds: float) -> bool:
        """Wait; False as soon as the client is gone."""
        if seconds == 0:
            return True
        with anyio.move_on_after(seconds):
            try:
                await stream.receive()
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return False
        return True


async def _request(stream: anyio.abc.ByteStream) -> Asked:
    received = bytearray()
    while (end := received.find(b"\r\n\r\n")) < 0:
        received += await stream.receive()
    lines = received[:end].decode().split("\r\n")[1:]
    headers = {key.lower(): value for key, value in (line.split(": ", 1) for line in lines)}
    body = received[end + 4 :]
    while len(body) < int(headers["content-length"]):
        body += await stream.receive()
    return Asked(anyio.current_time(), orjson.loads(body), headers)

"""JSON-RPC over HTTP: the sockets of a node. What it answers is `rpc_node`."""

import socket
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, Final

import anyio
import anyio.abc
import uvicorn
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from monitor.core.errors import SimulatorFailed
from monitor.simulator.rpc_node import LARGEST_BODY, Answer, RpcNode

HOST: Final = "127.0.0.1"

_HANG_UP: Final = "hang_up"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
"""As ASGI has them."""


class _Server(uvicorn.Server):
    """Leaves the signals of the process to whom they belong."""

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Protocol(HttpToolsProtocol):
    """Lets the application hang up."""

    @override
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"][_HANG_UP] = self.transport.close


async def serve_rpc(
    node: RpcNode, listening: socket.socket, clock: Callable[[], float] = anyio.current_time
) -> None:
    """Answer on this socket until cancelled."""
    stopping = anyio.Event()
    config = uvicorn.Config(
        _application(node, clock, stopping),
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_shielded, server, listening)
        try:
            await anyio.sleep_forever()
        finally:
            stopping.set()
            server.should_exit = True


async def _shielded(server: uvicorn.Server, listening: socket.socket) -> None:
    """uvicorn leaves its sockets open when it is cancelled; told to exit, it closes them."""
    with anyio.CancelScope(shield=True):
        await server.serve([listening])


def listen_rpc(port: int) -> socket.socket:
    """A socket that listens on this port (0: a free one). Raises SimulatorFailed when it is taken."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen()
    except OSError as taken:
        listening.close()
        raise SimulatorFailed(
            f"port {port} of {HOST} is taken; choose others with --ports"
        ) from taken
    return listening


def _application(node: RpcNode, clock: Callable[[], float], stopping: anyio.Event) -> Application:
    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if (scope["method"], scope["path"]) == ("GET", "/health"):
            await _send(send, Answer(200, b"ok", {"content-type": "text/plain"}))
        elif scope["path"] != "/":
            await _send(send, Answer(404, b"Not Found"))
        elif scope["method"] != "POST":
            await _send(send, Answer(405, b"Method Not Allowed"))
        else:
            body = await _body(receive)
            answer = node.post(body, clock(), takes_gzip=_takes_gzip(scope))
            with anyio.move_on_after(answer.delay):
                await _end_of(receive, stopping)
                return
            await _send(send, answer)
            if answer.sent is not None:
                scope["state"][_HANG_UP]()
                await receive()

    return application


def _takes_gzip(scope: Scope) -> bool:
    return any(name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"])


async def _end_of(receive: Receive, stopping: anyio.Event) -> None:
    """Wait until the client has left or the server stops."""
    async with anyio.create_task_group() as tasks:

        async def wait_for_client() -> None:
            await receive()
            tasks.cancel_scope.cancel()

        tasks.start_soon(wait_for_client, name="client leaves")
        await stopping.wait()
        tasks.cancel_scope.cancel()


async def _send(send: Send, answer: Answer) -> None:
    if not answer.status:
        return
    headers = [(name.encode(), text.encode()) for name, text in answer.headers.items()]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send(
        {
            "type": "http.response.body",
            "body": answer.body[: answer.sent],
            "more_body": answer.sent is not None,
        }
    )


async def _body(receive: Receive) -> bytes:
    """The body, or its beginning if it is larger than any node takes."""
    body = bytearray()
    while len(body) <= LARGEST_BODY:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return bytes(body)

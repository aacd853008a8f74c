"""JSON-RPC over HTTP: envelopes, batches and their errors. What a method means is `rpc_methods`."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import anyio
import anyio.abc
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from typing_extensions import override

from monitor.core.errors import SimulatorFailed
from monitor.simulator.rpc_methods import RpcError, RpcMethods

LARGEST_BODY: Final = 50 * 1024
"""Bytes, as the real server's (BACKFILL 2); a batch is one body."""

HOST: Final = "127.0.0.1"


class _Server(uvicorn.Server):
    """Leaves the signals of the process to whom they belong."""

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve_rpc(methods: RpcMethods, listening: socket.socket) -> None:
    """Answer on this socket until cancelled."""
    config = uvicorn.Config(
        _application(methods),
        http="httptools",
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


def _application(methods: RpcMethods) -> Starlette:
    async def post(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return Response("Request body is too large", status_code=413)
        return Response(_answer(methods, body), media_type="application/json; charset=utf-8")

    async def health(_request: Request) -> Response:
        return Response("ok", media_type="text/plain")

    return Starlette(
        routes=[Route("/", post, methods=["POST"]), Route("/health", health, methods=["GET"])]
    )


async def _body(request: Request) -> bytes | None:
    """The whole body, or None as soon as it is too large."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            return None
    return bytes(body)


def _answer(methods: RpcMethods, body: bytes) -> bytes:
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError:
        return orjson.dumps(_error(None, RpcError(-32700, "Parse error")))
    if not isinstance(asked, list):
        return _dumped(_call(methods, asked))
    if not asked:
        return orjson.dumps(_error(None, RpcError(-32600, "Invalid request")))
    answers = [_call(methods, call) for call in asked]
    return _dumped([answer for answer in answers if answer is not None])


def _dumped(answer: Any) -> bytes:
    """Nothing at all for notifications, which have no id."""
    return orjson.dumps(answer) if answer else b""


def _call(methods: RpcMethods, call: Any) -> dict[str, Any] | None:
    match call:
        case {"jsonrpc": "2.0", "method": str(method), **rest}:
            call_id, params = rest.get("id"), rest.get("params") or []
        case _:
            call_id = call.get("id") if isinstance(call, dict) else None
            return _error(call_id, RpcError(-32600, "Invalid request"))
    try:
        if not isinstance(params, list):
            raise RpcError(-32602, "`params` should be an array")
        result = methods.answer(method, params)
    except RpcError as refused:
        return _error(call_id, refused) if "id" in rest else None
    return {"jsonrpc": "2.0", "result": result, "id": call_id} if "id" in rest else None


def _error(call_id: Any, refused: RpcError) -> dict[str, Any]:
    error: dict[str, Any] = {"code": refused.code, "message": refused.message}
    if refused.facts is not None:
        error["data"] = refused.facts
    return {"jsonrpc": "2.0", "error": error, "id": call_id}

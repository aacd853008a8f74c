"""Serving in the loop of the daemon: what is started is stopped, and nothing else of the process is touched."""

import signal
import socket

import anyio
import pytest
from starlette.applications import Starlette

from monitor.adapters.http.serving import serve

pytestmark = [pytest.mark.anyio, pytest.mark.real_time]


async def start(tasks: anyio.abc.TaskGroup, listener: socket.socket) -> None:
    up = anyio.Event()
    tasks.start_soon(serve, Starlette(), listener, up.set)
    await up.wait()


async def test_a_cancelled_server_frees_its_port_with_connections_open() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    async with anyio.create_task_group() as tasks:
        await start(tasks, listener)
        idle = await anyio.connect_tcp("127.0.0.1", port)
        tasks.cancel_scope.cancel()

    await idle.aclose()
    with socket.create_server(("127.0.0.1", port)):
        pass


async def test_the_signals_stay_with_the_daemon() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    async with anyio.create_task_group() as tasks:
        await start(tasks, socket.create_server(("127.0.0.1", 0)))
        during = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
        tasks.cancel_scope.cancel()

    assert during == before

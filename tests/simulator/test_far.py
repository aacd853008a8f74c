"""Bytes over a long way: unchanged, later, any amount at once, and the end comes through too."""

import anyio
import anyio.abc
import pytest

from monitor.simulator.far import serve_far

pytestmark = pytest.mark.real_time

WAY = 0.05


async def _local(listener: anyio.abc.Listener[anyio.abc.SocketStream]) -> int:
    port: int = listener.extra(anyio.abc.SocketAttribute.local_port)
    return port


async def _echo(stream: anyio.abc.SocketStream) -> None:
    async with stream:
        async for piece in stream:
            await stream.send(piece)


async def test_an_echo_comes_back_unchanged_after_the_way_there_and_back() -> None:
    server = await anyio.create_tcp_listener(local_host="127.0.0.1")
    door = await anyio.create_tcp_listener(local_host="127.0.0.1")
    sent = bytes(range(256)) * 4096
    async with server, door, anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve, _echo)
        tasks.start_soon(serve_far, door, await _local(server), WAY)
        async with await anyio.connect_tcp("127.0.0.1", await _local(door)) as client:
            began = anyio.current_time()
            tasks.start_soon(client.send, sent)
            came = b""
            while len(came) < len(sent):
                came += await client.receive()
                if anyio.current_time() < began + 2 * WAY:
                    tasks.cancel_scope.cancel()
                    raise AssertionError("it came before its time")
        assert came == sent
        tasks.cancel_scope.cancel()


async def test_the_end_of_either_side_ends_the_other() -> None:
    ended = anyio.Event()

    async def once(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            await stream.receive()
        ended.set()

    server = await anyio.create_tcp_listener(local_host="127.0.0.1")
    door = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with server, door, anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve, once)
        tasks.start_soon(serve_far, door, await _local(server), 0.01)
        async with await anyio.connect_tcp("127.0.0.1", await _local(door)) as client:
            await client.send(b"bye")
            with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
                await client.receive()
        await ended.wait()
        tasks.cancel_scope.cancel()


async def test_where_nobody_listens_the_connection_is_closed() -> None:
    nobody = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = await _local(nobody)
    await nobody.aclose()
    door = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with door, anyio.create_task_group() as tasks:
        tasks.start_soon(serve_far, door, port, 0.01)
        async with await anyio.connect_tcp("127.0.0.1", await _local(door)) as client:
            with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
                await client.receive()
        tasks.cancel_scope.cancel()

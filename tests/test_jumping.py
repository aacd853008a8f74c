"""The clock that jumps: an hour is over at once, and what is on its way comes before it."""

import time

import anyio
import anyio.abc

from tests.jumping import jumps

pytestmark = jumps
HOUR = 3600.0


async def test_an_hour_is_over_at_once() -> None:
    began, really = anyio.current_time(), time.monotonic()
    await anyio.sleep(HOUR)
    assert anyio.current_time() - began >= HOUR
    assert time.monotonic() - really < HOUR


async def test_what_a_socket_brings_comes_before_any_limit() -> None:
    async def echo(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            await anyio.sleep(HOUR)
            await stream.send(await stream.receive())

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, echo)
        async with await anyio.connect_tcp("127.0.0.1", port) as client:
            began = anyio.current_time()
            with anyio.fail_after(2 * HOUR):
                await client.send(b"x")
                assert await client.receive() == b"x"
            assert HOUR <= anyio.current_time() - began < 2 * HOUR
        tasks.cancel_scope.cancel()


async def test_a_machine_that_stalls_takes_no_time() -> None:
    with anyio.fail_after(0.1):
        time.sleep(0.3)  # noqa: ASYNC251 (the stall)
        await anyio.sleep(0.05)

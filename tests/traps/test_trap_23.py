"""Trap 23: the default HTTP/2 window limits a far region, unless it grows with what is under way."""

from collections.abc import Iterator

import anyio
import grpc
import pytest

from monitor.adapters.grpc.settings import GrpcSettings
from monitor.simulator.far import serve_far
from tests.adapters.grpc.servers import REQUEST, endpoint, serving, until_gone
from tests.adapters.grpc.taking import EVERY, frames_of
from tests.patience import PATIENCE
from tests.traps.wires import feeds_of

pytestmark = pytest.mark.real_time

WAY = 0.1
"""Seconds in each direction."""
DEFAULT_WINDOW = 65_535
"""Bytes that HTTP/2 lets be under way to a client that grants no more."""
FRAME = bytes(64 * 1024)
TOTAL = 24 * 2**20


class Flood:
    """A server that sends as much as it is let."""

    def __init__(self) -> None:
        self.sent = 0

    def __call__(self, requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        next(requests)
        for _ in range(TOTAL // len(FRAME)):
            self.sent += len(FRAME)
            yield FRAME
        until_gone(context)


async def test_a_far_region_may_have_many_times_the_default_window_under_way() -> None:
    flood = Flood()
    with serving(flood) as (_, port):
        door = await anyio.create_tcp_listener(local_host="127.0.0.1")
        async with (
            door,
            anyio.create_task_group() as tasks,
            feeds_of(GrpcSettings(feed_buffer_bytes=2 * TOTAL)) as feeds,
        ):
            tasks.start_soon(serve_far, door, port, WAY)
            feeds.open(1, endpoint(door.extra(anyio.abc.SocketAttribute.local_port)), REQUEST)
            came = most = 0
            with anyio.fail_after(PATIENCE):
                while came < TOTAL:
                    await feeds.wait(None)
                    came += sum(map(len, frames_of(feeds.take(EVERY))))
                    most = max(most, flood.sent - came)
            tasks.cancel_scope.cancel()
    assert most > 8 * DEFAULT_WINDOW

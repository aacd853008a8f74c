from collections.abc import Iterator

import grpc
import pytest

from monitor.adapters.grpc.settings import GrpcSettings, Reader
from monitor.ports import StreamEnded
from tests.adapters.grpc.conftest import MakeFeeds
from tests.adapters.grpc.servers import REQUEST, endpoint, ping, request, serving, until_gone
from tests.adapters.grpc.taking import EVERY, until_ended, until_frames

pytestmark = pytest.mark.real_time


async def test_stream_ends_when_its_request_changes_but_not_for_a_ping(
    make_feeds: MakeFeeds,
) -> None:
    def script(_requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        yield b"one"
        until_gone(context)

    feeds = make_feeds(GrpcSettings(reader=Reader.SINGLE_THREADED))
    with serving(script) as (_, port):
        feeds.open(1, endpoint(port), REQUEST)
        await until_frames(feeds, 1)
        feeds.send(1, ping(1))
        await feeds.wait(0.05)
        assert feeds.take(EVERY) == []
        feeds.send(1, request(2))
        taken = (await until_ended(feeds, 1))[1]
    assert taken == [
        StreamEnded(1, "CANCELLED", "the single-threaded reader cannot send on an open stream")
    ]

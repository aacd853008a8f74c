import threading
from collections.abc import Iterator

import grpc
import pytest

from monitor.adapters.grpc.settings import GrpcSettings, Reader
from tests.adapters.grpc.conftest import MakeFeeds
from tests.adapters.grpc.servers import REQUEST, endpoint, serving, until_gone
from tests.adapters.grpc.taking import until_ended, until_frames
from tests.patience import PATIENCE

pytestmark = pytest.mark.real_time


@pytest.mark.parametrize("ends_by_itself", [True, False])
async def test_thread_that_moves_requests_ends_with_the_stream(
    make_feeds: MakeFeeds, ends_by_itself: bool
) -> None:
    def script(_requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        yield b"one"
        if not ends_by_itself:
            until_gone(context)

    before = set(threading.enumerate())
    feeds = make_feeds(GrpcSettings(reader=Reader.PLAIN))
    with serving(script) as (_, port):
        feeds.open(1, endpoint(port), REQUEST)
        started = set(threading.enumerate()) - before
        if not ends_by_itself:
            await until_frames(feeds, 1)
            feeds.close(1)
        await until_ended(feeds, 1)
    for thread in started:
        thread.join(PATIENCE)
    assert not [thread.name for thread in started if thread.is_alive()]

from collections.abc import AsyncIterator, Iterator

import grpc
import pytest

from monitor.adapters.grpc.feeds import GrpcFeeds
from monitor.adapters.grpc.settings import GrpcSettings, Reader
from monitor.ports import Endpoint, FramesTaken, StreamEnded, StreamOpened, Taken
from tests.adapters.grpc.servers import REQUEST, numbered, serving

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(30)]

EVERY = 1 << 30


def endpoint(port: int) -> Endpoint:
    return Endpoint("ams", f"127.0.0.1:{port}")


async def until_ended(feeds: GrpcFeeds, *numbers: int) -> dict[int, list[Taken]]:
    taken: dict[int, list[Taken]] = {number: [] for number in numbers}
    going = set(numbers)
    while going:
        await feeds.wait(None)
        for each in feeds.take(EVERY):
            taken[each.feed].append(each)
            if isinstance(each, StreamEnded):
                going.discard(each.feed)
    return taken


def frames_of(taken: list[Taken]) -> list[bytes]:
    return [frame for each in taken if isinstance(each, FramesTaken) for _, frame in each.frames]


@pytest.fixture(params=[Reader.SEGREGATED, Reader.SINGLE_THREADED, Reader.PLAIN])
async def feeds(request: pytest.FixtureRequest) -> AsyncIterator[GrpcFeeds]:
    made = GrpcFeeds(GrpcSettings(reader=request.param))
    yield made
    await made.stop()


async def test_three_streams_arrive_whole_and_in_order(feeds: GrpcFeeds) -> None:
    def script(_requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        yield from numbered(7_000)

    with serving(script) as (_, port):
        for feed in (1, 2, 3):
            feeds.open(feed, endpoint(port), REQUEST)
        taken = await until_ended(feeds, 1, 2, 3)
    for feed in (1, 2, 3):
        assert taken[feed][0] == StreamOpened(feed)
        assert frames_of(taken[feed]) == numbered(7_000)
        assert taken[feed][-1] == StreamEnded(feed, "OK", "")


async def test_error_end_keeps_its_text_and_comes_last(feeds: GrpcFeeds) -> None:
    def script(_requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        yield from numbered(500)
        context.abort(grpc.StatusCode.OUT_OF_RANGE, "broadcast from 5 is not available")

    with serving(script) as (_, port):
        feeds.open(1, endpoint(port), REQUEST)
        taken = (await until_ended(feeds, 1))[1]
    assert frames_of(taken) == numbered(500)
    assert taken[-1] == StreamEnded(1, "OUT_OF_RANGE", "broadcast from 5 is not available")

from collections.abc import AsyncIterator, Callable

import pytest

from monitor.adapters.grpc.feeds import GrpcFeeds
from monitor.adapters.grpc.settings import GrpcSettings, Reader

MakeFeeds = Callable[[GrpcSettings], GrpcFeeds]


@pytest.fixture(params=[Reader.SEGREGATED, Reader.SINGLE_THREADED, Reader.PLAIN])
def reader(request: pytest.FixtureRequest) -> Reader:
    """Each reader in turn."""
    chosen: Reader = request.param
    return chosen


@pytest.fixture
async def make_feeds() -> AsyncIterator[MakeFeeds]:
    """Makes feeds that the test need not stop."""
    made: list[GrpcFeeds] = []

    def make(settings: GrpcSettings) -> GrpcFeeds:
        made.append(GrpcFeeds(settings))
        return made[-1]

    yield make
    for feeds in made:
        await feeds.stop()


@pytest.fixture
def feeds(reader: Reader, make_feeds: MakeFeeds) -> GrpcFeeds:
    """Feeds with each reader in turn, and otherwise as by default."""
    return make_feeds(GrpcSettings(reader=reader))

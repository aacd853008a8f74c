from collections.abc import AsyncIterator, Callable

import pytest

from monitor.adapters.grpc import making
from monitor.adapters.grpc.making import AnyFeeds
from monitor.adapters.grpc.settings import GrpcSettings, Reader, Workers

MakeFeeds = Callable[[GrpcSettings], AnyFeeds]

KINDS = {
    "segregated": (Workers.THREAD, Reader.SEGREGATED),
    "single_threaded": (Workers.THREAD, Reader.SINGLE_THREADED),
    "plain": (Workers.THREAD, Reader.PLAIN),
    "process": (Workers.PROCESS, Reader.SEGREGATED),
}
"""All ways of reading: each reader in a thread, and the best of them in a process."""


@pytest.fixture(params=[Reader.SEGREGATED, Reader.SINGLE_THREADED, Reader.PLAIN])
def reader(request: pytest.FixtureRequest) -> Reader:
    """Each reader in turn."""
    chosen: Reader = request.param
    return chosen


@pytest.fixture
async def make_feeds() -> AsyncIterator[MakeFeeds]:
    """Makes feeds that the test need not stop."""
    made: list[AnyFeeds] = []

    def make(settings: GrpcSettings) -> AnyFeeds:
        made.append(making.make_feeds(settings))
        return made[-1]

    yield make
    for feeds in made:
        await feeds.stop()


@pytest.fixture(params=KINDS)
def settings(request: pytest.FixtureRequest) -> GrpcSettings:
    """Each way of reading in turn, and otherwise as by default."""
    workers, reader = KINDS[request.param]
    return GrpcSettings(reader=reader, workers=workers)


@pytest.fixture
def feeds(settings: GrpcSettings, make_feeds: MakeFeeds) -> AnyFeeds:
    """Feeds that read each way in turn."""
    return make_feeds(settings)

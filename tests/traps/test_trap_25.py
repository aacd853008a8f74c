"""Trap 25: whoever names gzip gets every message gzipped; pings come often enough for load balancers, and no oftener than servers bear."""

import anyio
import pytest

from monitor.adapters.grpc.channels import options_of
from monitor.adapters.grpc.settings import GrpcSettings, Reader
from monitor.core.endings import EndReason
from monitor.ports import StreamEnded
from monitor.simulator.families import Family
from monitor.wire.pb import geyser_pb2
from monitor.wire.requests import PING
from monitor.wire.status import STREAMING, classify
from tests.adapters.grpc.servers import REQUEST, endpoint
from tests.adapters.grpc.taking import frames_of, until_ended, until_frames
from tests.runtime.test_driver import Stage, slot_of
from tests.simulator.served import served
from tests.simulator.subscriber import make_region, request_all, story, subscribe
from tests.simulator.tiny_chain import plain_chain
from tests.traps.wires import READERS, counted, feeds_of

real_time = pytest.mark.real_time
EASY = bytes(512 * 1024)
"""gzip makes a five-hundredth of it."""
STRICTEST = 20.0
"""Seconds between pings that a strict server wants; guessed from what operators of proxies set (10 to 20 s)."""


async def carried(settings: GrpcSettings) -> int:
    """Bytes on the line for one message that is easy to compress, from a server that offers gzip."""
    with served(gzip=True) as server:
        async with counted(server.server.port) as (door, count), feeds_of(settings) as feeds:
            feeds.open(1, endpoint(door), REQUEST)
            await until_frames(feeds, 1)
            await anyio.to_thread.run_sync(server.send, EASY)
            assert EASY in frames_of(await until_frames(feeds, 1))
            return count()


@real_time
@pytest.mark.parametrize("reader", READERS)
async def test_nothing_is_compressed_for_us_unless_we_want_it(reader: Reader) -> None:
    assert await carried(GrpcSettings(reader=reader)) > len(EASY)


@real_time
async def test_what_we_want_compressed_is() -> None:
    assert await carried(GrpcSettings(gzip=True)) < len(EASY) / 10


def test_our_pings_are_as_rare_as_the_strictest_servers_want() -> None:
    options = dict(options_of(GrpcSettings()))
    assert options["grpc.keepalive_time_ms"] >= STRICTEST * 1000
    assert options["grpc.keepalive_permit_without_calls"] == 0


@real_time
async def test_pings_too_often_end_the_stream_as_anything_that_a_later_try_may_cure() -> None:
    with served(least_ping_interval=STRICTEST) as server:
        async with feeds_of(GrpcSettings(keepalive=0.5)) as feeds:
            feeds.open(1, endpoint(server.server.port), REQUEST)
            *_, end = (await until_ended(feeds, 1))[1]
    assert isinstance(end, StreamEnded)
    assert "too many pings" in end.text.lower()
    assert classify(end.code, end.text, STREAMING).reason is EndReason.TRANSIENT


def pinged() -> bytes:
    return geyser_pb2.SubscribeUpdate(ping=geyser_pb2.SubscribeUpdatePing()).SerializeToString()


async def test_each_ping_of_a_server_is_answered_by_one_of_ours() -> None:
    stage = Stage()
    async with stage.running():
        await stage.opens(1)
        await stage.says(1, *slot_of(5, 0))
        before = len(stage.feeds.requests)
        await stage.says(1, pinged())
        await stage.says(1, *slot_of(6, 0), pinged())
        assert stage.feeds.requests[before:] == [(1, PING), (1, PING)]


@pytest.mark.parametrize("family", list(Family))
def test_a_ping_of_ours_brings_a_pong_and_changes_no_filter(family: Family) -> None:
    region = make_region(plain_chain(4), family=family)
    session = subscribe(region, request_all())
    region.advance(1.5)
    session.receive(PING, 1.5)
    region.advance(9.0)
    lines = story(session)
    assert lines.count("pong 1") == 1
    assert "103 meta" in lines

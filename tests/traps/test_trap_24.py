"""Trap 24: gRPC takes messages of 4 MiB by default, and a block is larger; a limit of our own is told as what it is."""

from collections.abc import Iterator
from dataclasses import replace

import grpc
import pytest

from monitor.adapters.grpc.settings import GrpcSettings, Reader
from monitor.app.scenarios import find_scenario, options_of, read_scenario
from monitor.core.endings import EndReason
from monitor.ports import StreamEnded
from monitor.simulator.families import Family
from monitor.wire.pb import geyser_pb2
from monitor.wire.status import STREAMING, classify
from tests.adapters.grpc.servers import REQUEST, endpoint, serving, until_gone
from tests.adapters.grpc.taking import frames_of, until_ended, until_frames
from tests.simulator.staged import Stage
from tests.simulator.subscriber import make_region, request_all, subscribe
from tests.simulator.tiny_chain import plain_chain
from tests.traps.wires import READERS, feeds_of

DEFAULT_LIMIT = 4 * 2**20
LARGE = bytes(DEFAULT_LIMIT + DEFAULT_LIMIT // 2)
real_time = pytest.mark.real_time


def one_large(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
    next(requests)
    yield LARGE
    until_gone(context)


def test_a_block_of_the_simulated_mainnet_is_larger_than_the_default_limit() -> None:
    options = options_of(read_scenario(find_scenario("large-blocks")))
    stage = Stage(replace(options, regions=("ams",)))
    stage.play(2)
    assert stage.largest > DEFAULT_LIMIT


@real_time
@pytest.mark.parametrize("reader", READERS)
async def test_a_message_over_the_default_limit_is_taken(reader: Reader) -> None:
    with serving(one_large) as (_, port):
        async with feeds_of(GrpcSettings(reader=reader)) as feeds:
            feeds.open(1, endpoint(port), REQUEST)
            assert frames_of(await until_frames(feeds, 1)) == [LARGE]


@real_time
@pytest.mark.parametrize("reader", READERS)
async def test_a_message_over_our_own_limit_is_no_expired_replay(reader: Reader) -> None:
    with serving(one_large) as (_, port):
        async with feeds_of(GrpcSettings(reader=reader, max_message_mb=1.0)) as feeds:
            feeds.open(1, endpoint(port), REQUEST)
            *_, end = (await until_ended(feeds, 1))[1]
    assert isinstance(end, StreamEnded)
    assert classify(end.code, end.text, STREAMING).reason is EndReason.TOO_LARGE


@pytest.mark.parametrize("family", list(Family))
def test_a_request_that_a_server_finds_too_large_ends_the_stream_cleanly(family: Family) -> None:
    region = make_region(plain_chain(3), family=family, max_decoding_message_size=200)
    request = request_all()
    request.transactions["many"].account_include.extend("1" * 32 for _ in range(20))
    session = subscribe(region, request)
    assert session.ending == ("OK", "")
    assert classify(*session.ending, STREAMING).reason is EndReason.END
    small = geyser_pb2.SubscribeRequest()
    small.slots["s"].SetInParent()
    assert subscribe(region, small).ending is None

"""Requests on open streams, for the readers whose request side stays open."""

from collections.abc import Iterator
from dataclasses import replace

import grpc
import pytest

from monitor.adapters.grpc.settings import GrpcSettings
from monitor.ports import StreamEnded
from tests.adapters.grpc.conftest import MakeFeeds
from tests.adapters.grpc.servers import (
    REQUEST,
    endpoint,
    numbered,
    ping,
    request,
    serving,
)
from tests.adapters.grpc.taking import frames_of, until_ended, until_frames

pytestmark = pytest.mark.real_time

both_ways = pytest.mark.parametrize("settings", ["segregated", "plain", "process"], indirect=True)


def echo(requests: Iterator[bytes], _context: grpc.ServicerContext) -> Iterator[bytes]:
    yield from requests


def echo_among_others(requests: Iterator[bytes], _context: grpc.ServicerContext) -> Iterator[bytes]:
    for each in requests:
        yield each
        yield from numbered(300)


@both_ways
async def test_every_request_sent_in_turn_arrives(
    settings: GrpcSettings, make_feeds: MakeFeeds
) -> None:
    feeds = make_feeds(settings)
    seen = []
    with serving(echo) as (_, port):
        feeds.open(1, endpoint(port), REQUEST)
        for slot in range(2, 12):
            seen += frames_of(await until_frames(feeds, 1))
            feeds.send(1, request(slot))
        seen += frames_of(await until_frames(feeds, 1))
        feeds.close(1)
        await until_ended(feeds, 1)
    assert seen == [request(slot) for slot in range(1, 12)]


@both_ways
async def test_of_requests_sent_at_once_the_last_arrives_and_none_after_it(
    settings: GrpcSettings, make_feeds: MakeFeeds
) -> None:
    feeds = make_feeds(settings)
    known = [request(slot) for slot in range(1, 200)]
    seen: list[bytes] = []
    with serving(echo_among_others) as (_, port):
        feeds.open(1, endpoint(port), known[0])
        for each in known[1:]:
            feeds.send(1, each)
        while known[-1] not in seen:
            seen += frames_of(await until_frames(feeds, 1))
        feeds.close(1)
        await until_ended(feeds, 1)
    arrived = [known.index(each) for each in seen if each in known]
    assert arrived == sorted(set(arrived))


@both_ways
async def test_pings_arrive_beside_a_request(settings: GrpcSettings, make_feeds: MakeFeeds) -> None:
    feeds = make_feeds(settings)
    wanted = {ping(1), ping(2), ping(3), request(9)}
    seen: list[bytes] = []
    with serving(echo) as (_, port):
        feeds.open(1, endpoint(port), REQUEST)
        await until_frames(feeds, 1)
        for each in (ping(1), ping(2), request(9), ping(3)):
            feeds.send(1, each)
        while not wanted <= set(seen):
            seen += frames_of(await until_frames(feeds, 1))
        feeds.close(1)
        await until_ended(feeds, 1)
    assert len(seen) == len(wanted)


@both_ways
async def test_request_goes_out_while_reading_is_stalled(
    settings: GrpcSettings, make_feeds: MakeFeeds
) -> None:
    got: list[bytes] = []

    def script(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        yield from numbered(10)
        next(requests)
        got.append(next(requests))
        context.abort(grpc.StatusCode.INTERNAL, "seen")

    feeds = make_feeds(replace(settings, feed_buffer_bytes=1))
    with serving(script) as (_, port):
        feeds.open(1, endpoint(port), REQUEST)
        await feeds.wait(None)
        feeds.send(1, request(2))
        taken = (await until_ended(feeds, 1))[1]
    assert got == [request(2)]
    assert frames_of(taken) == numbered(10)
    assert taken[-1] == StreamEnded(1, "INTERNAL", "seen")

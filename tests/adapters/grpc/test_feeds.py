import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace

import grpc
import pytest

from monitor.adapters.grpc.channels import SUBSCRIBE_DESHRED
from monitor.adapters.grpc.feeds import GrpcFeeds
from monitor.adapters.grpc.making import AnyFeeds
from monitor.adapters.grpc.settings import GrpcSettings, Reader
from monitor.ports import FramesTaken, StreamEnded, StreamOpened
from tests.adapters.grpc.conftest import MakeFeeds
from tests.adapters.grpc.servers import (
    REQUEST,
    answering,
    endpoint,
    numbered,
    serving,
    until_gone,
    unused_port,
)
from tests.adapters.grpc.taking import EVERY, frames_of, until_ended, until_frames, until_opened

pytestmark = pytest.mark.real_time


def quiet(_requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
    context.send_initial_metadata(())
    until_gone(context)
    yield from ()


async def test_three_streams_arrive_whole_and_in_order(feeds: AnyFeeds) -> None:
    def script(_requests: Iterator[bytes], _context: grpc.ServicerContext) -> Iterator[bytes]:
        yield from numbered(7_000)

    with serving(script) as (_, port):
        for feed in (1, 2, 3):
            feeds.open(feed, endpoint(port), REQUEST)
        taken = await until_ended(feeds, 1, 2, 3)
    for feed in (1, 2, 3):
        assert taken[feed][0] == StreamOpened(feed)
        assert frames_of(taken[feed]) == numbered(7_000)
        assert taken[feed][-1] == StreamEnded(feed, "OK", "")


async def test_request_and_token_reach_the_server(feeds: AnyFeeds) -> None:
    def script(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        yield next(requests)
        yield str(dict(context.invocation_metadata())["x-token"]).encode()

    with serving(script) as (_, port):
        feeds.open(1, endpoint(port, token="open sesame"), REQUEST)
        taken = (await until_ended(feeds, 1))[1]
    assert frames_of(taken) == [REQUEST, b"open sesame"]


async def test_streams_of_another_method_are_read_too(reader: Reader) -> None:
    def script(requests: Iterator[bytes], _context: grpc.ServicerContext) -> Iterator[bytes]:
        yield next(requests)

    feeds = GrpcFeeds(GrpcSettings(reader=reader), path=SUBSCRIBE_DESHRED)
    with serving(script, method="SubscribeDeshred") as (_, port):
        feeds.open(1, endpoint(port), REQUEST)
        taken = (await until_ended(feeds, 1))[1]
    await feeds.stop()
    assert frames_of(taken) == [REQUEST]


async def test_a_method_that_the_server_lacks_ends_unimplemented(reader: Reader) -> None:
    feeds = GrpcFeeds(GrpcSettings(reader=reader), path=SUBSCRIBE_DESHRED)
    with serving(quiet) as (_, port):
        feeds.open(1, endpoint(port), REQUEST)
        (ended,) = (await until_ended(feeds, 1))[1]
    await feeds.stop()
    assert isinstance(ended, StreamEnded)
    assert ended.code == "UNIMPLEMENTED"


async def test_frames_are_stamped_when_they_arrive(reader: Reader) -> None:
    stamps = iter(range(1_000_000))
    feeds = GrpcFeeds(GrpcSettings(reader=reader), stamp=lambda: next(stamps))

    def script(_requests: Iterator[bytes], _context: grpc.ServicerContext) -> Iterator[bytes]:
        yield from numbered(10)

    with serving(script) as (_, port):
        feeds.open(1, endpoint(port), REQUEST)
        taken = (await until_ended(feeds, 1))[1]
    seen = [stamp for each in taken if isinstance(each, FramesTaken) for stamp, _ in each.frames]
    assert len(seen) == 10
    assert seen == sorted(set(seen))


async def test_error_end_keeps_its_text_and_comes_after_the_last_frame(feeds: AnyFeeds) -> None:
    text = "broadcast from 5 is not available, last available: 9"

    def script(_requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        yield from numbered(500)
        context.abort(grpc.StatusCode.OUT_OF_RANGE, text)

    with serving(script) as (_, port):
        feeds.open(1, endpoint(port), REQUEST)
        taken = (await until_ended(feeds, 1))[1]
    assert frames_of(taken) == numbered(500)
    assert taken[-1] == StreamEnded(1, "OUT_OF_RANGE", text)


async def test_death_of_the_server_ends_the_feed_unavailable(feeds: AnyFeeds) -> None:
    with serving(quiet) as (server, port):
        feeds.open(1, endpoint(port), REQUEST)
        await until_opened(feeds)
        server.stop(None)
        taken = (await until_ended(feeds, 1))[1]
    assert [(type(each), each.feed) for each in taken] == [(StreamEnded, 1)]
    assert isinstance(taken[0], StreamEnded)
    assert taken[0].code == "UNAVAILABLE"


async def test_unreachable_host_ends_unavailable_and_never_opens(feeds: AnyFeeds) -> None:
    feeds.open(1, endpoint(unused_port()), REQUEST)
    taken = (await until_ended(feeds, 1))[1]
    assert [type(each) for each in taken] == [StreamEnded]
    assert isinstance(taken[0], StreamEnded)
    assert taken[0].code == "UNAVAILABLE"
    assert "Connection refused" in taken[0].text


async def test_wrong_token_ends_unauthenticated_and_never_opens(feeds: AnyFeeds) -> None:
    def script(_requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        context.abort(grpc.StatusCode.UNAUTHENTICATED, "No valid auth token")
        yield b""

    with serving(script) as (_, port):
        feeds.open(1, endpoint(port, token="wrong"), REQUEST)
        taken = (await until_ended(feeds, 1))[1]
    assert taken == [StreamEnded(1, "UNAUTHENTICATED", "No valid auth token")]


async def test_token_that_no_header_carries_ends_unauthenticated(feeds: AnyFeeds) -> None:
    feeds.open(1, endpoint(unused_port(), token="copied with its newline\n"), REQUEST)
    taken = (await until_ended(feeds, 1))[1]
    assert taken == [
        StreamEnded(1, "UNAUTHENTICATED", "the token holds characters that no header may carry")
    ]


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n", b"SSH-2.0-x\r\n", b"", None],
)
async def test_what_speaks_something_else_ends_unavailable(
    settings: GrpcSettings, make_feeds: MakeFeeds, answer: bytes | None
) -> None:
    feeds = make_feeds(replace(settings, connect_timeout=0.3))
    with answering(answer) as port:
        feeds.open(1, endpoint(port), REQUEST)
        taken = (await until_ended(feeds, 1))[1]
    assert [type(each) for each in taken] == [StreamEnded]
    assert isinstance(taken[0], StreamEnded)
    assert taken[0].code == "UNAVAILABLE"


async def test_message_over_the_limit_ends_resource_exhausted(
    settings: GrpcSettings, make_feeds: MakeFeeds
) -> None:
    def script(_requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        yield b"x" * 1_000
        yield b"x" * 1_001
        until_gone(context)

    feeds = make_feeds(replace(settings, max_message_mb=0.001))
    with serving(script) as (_, port):
        feeds.open(1, endpoint(port), REQUEST)
        taken = (await until_ended(feeds, 1))[1]
    assert frames_of(taken) == [b"x" * 1_000]
    assert isinstance(taken[-1], StreamEnded)
    assert taken[-1].code == "RESOURCE_EXHAUSTED"


async def test_block_over_grpcio_s_own_limit_arrives(feeds: AnyFeeds) -> None:
    def script(_requests: Iterator[bytes], _context: grpc.ServicerContext) -> Iterator[bytes]:
        yield b"x" * 5_000_000

    with serving(script) as (_, port):
        feeds.open(1, endpoint(port), REQUEST)
        taken = (await until_ended(feeds, 1))[1]
    assert frames_of(taken) == [b"x" * 5_000_000]


async def test_closed_feed_ends_cancelled_and_spares_the_others(feeds: AnyFeeds) -> None:
    def script(_requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        yield b"one"
        until_gone(context)

    with serving(script) as (_, port):
        feeds.open(1, endpoint(port), REQUEST)
        feeds.open(2, endpoint(port), REQUEST)
        await until_frames(feeds, 2)
        feeds.close(1)
        first = (await until_ended(feeds, 1))[1]
        feeds.close(2)
        second = (await until_ended(feeds, 2))[2]
    assert isinstance(first[-1], StreamEnded)
    assert first[-1].code == "CANCELLED"
    assert isinstance(second[-1], StreamEnded)
    assert second[-1].code == "CANCELLED"


async def test_feed_that_ended_ignores_requests_and_closing(feeds: AnyFeeds) -> None:
    def script(_requests: Iterator[bytes], _context: grpc.ServicerContext) -> Iterator[bytes]:
        yield b"one"

    with serving(script) as (_, port):
        feeds.open(1, endpoint(port), REQUEST)
        await until_ended(feeds, 1)
        feeds.send(1, REQUEST)
        feeds.close(1)
    assert feeds.take(EVERY) == []


async def test_full_feed_stalls_the_server_and_loses_nothing(
    settings: GrpcSettings, make_feeds: MakeFeeds
) -> None:
    frame = b"x" * 10_000
    sent: list[int] = []
    stuck = threading.Event()

    def script(_requests: Iterator[bytes], _context: grpc.ServicerContext) -> Iterator[bytes]:
        for number in range(20_000):
            sent.append(number)
            yield frame

    def watch() -> None:
        before = -1
        while before != len(sent):
            before = len(sent)
            stuck.wait(0.2)
        stuck.set()

    feeds = make_feeds(replace(settings, feed_buffer_bytes=50_000))
    with serving(script) as (server, port):
        feeds.open(1, endpoint(port), REQUEST)
        taken = await until_frames(feeds, 1)
        watcher = threading.Thread(target=watch)
        watcher.start()
        watcher.join()
        stalled_at = len(sent)
        taken += await until_frames(feeds, 3_000)
        server.stop(None)
    # Windows of HTTP/2 and socket buffers lie between, which grow to some megabytes on loopback.
    assert stalled_at < 3_000
    assert frames_of(taken) == [frame] * len(frames_of(taken))


async def test_taking_stops_at_the_limit_and_goes_on_where_it_stopped(feeds: AnyFeeds) -> None:
    frames = [b"%d" % number + b"x" * 100_000 for number in range(20)]

    def script(_requests: Iterator[bytes], _context: grpc.ServicerContext) -> Iterator[bytes]:
        yield from frames

    with serving(script) as (_, port):
        feeds.open(1, endpoint(port), REQUEST)
        batches: list[list[bytes]] = []
        ended = False
        while not ended:
            await feeds.wait(None)
            for each in feeds.take(150_000):
                if isinstance(each, FramesTaken):
                    batches.append([frame for _, frame in each.frames])
                ended |= isinstance(each, StreamEnded)
    assert [frame for batch in batches for frame in batch] == frames
    assert max(len(batch) for batch in batches) <= 2


async def test_wait_ends_when_woken_before_or_meanwhile(feeds: AnyFeeds) -> None:
    with serving(quiet) as (_, port):
        feeds.open(1, endpoint(port), REQUEST)
        await until_opened(feeds)
        feeds.wake()
        await feeds.wait(None)
        asyncio.get_running_loop().call_later(0.01, feeds.wake)
        await feeds.wait(None)
        assert feeds.take(EVERY) == []


async def test_wait_ends_by_time(feeds: AnyFeeds) -> None:
    with serving(quiet) as (_, port):
        feeds.open(1, endpoint(port), REQUEST)
        await until_opened(feeds)
        await feeds.wait(0.01)
        await feeds.wait(0)
        assert feeds.take(EVERY) == []


async def test_stop_leaves_no_thread_even_of_a_stalled_feed(reader: Reader) -> None:
    def script(_requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        yield b"one"
        until_gone(context)

    feeds = GrpcFeeds(GrpcSettings(reader=reader, feed_buffer_bytes=1))
    with serving(script) as (_, port):
        feeds.open(1, endpoint(port), REQUEST)
        feeds.open(2, endpoint(unused_port()), REQUEST)
        await feeds.wait(None)
        assert "feed-1-ams" in {thread.name for thread in threading.enumerate()}
        await feeds.stop()
    assert not [each for each in threading.enumerate() if each.name.startswith("feed-")]

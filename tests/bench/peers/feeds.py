"""What the adapter delivers to the loop: `GrpcFeeds` on uvloop, lazy parse and key there; no kernel, no sink."""

import time
from typing import Final

import uvloop

from monitor.adapters.grpc.environment import EventEngine, prepare
from tests.bench.peers.reading import key_of, parser, report, request
from tests.bench.stamps import sent_ns
from tests.bench.window import Figures, Window, delays, pin

LIMIT_BYTES: Final = 4 * 1024 * 1024


async def read(
    port: int, streams: int, reader: str, window: Window, *, takes_delays: bool
) -> Figures:
    """Read until the window is full."""
    from monitor.adapters.grpc.feeds import GrpcFeeds
    from monitor.adapters.grpc.settings import GrpcSettings, Reader
    from monitor.ports import Endpoint, FramesTaken, StreamEnded
    from monitor.wire.pb.geyser_lazy_pb2 import SubscribeUpdate

    feeds = GrpcFeeds(GrpcSettings(reader=Reader(reader)))
    for feed in range(streams):
        endpoint = Endpoint("bench", f"http://127.0.0.1:{port}")
        feeds.open(feed, endpoint, request().SerializeToString())
    messages = 0
    taken_at_reader, taken_at_loop = delays(), delays()
    now, parse = time.monotonic_ns, SubscribeUpdate.FromString
    while not window.is_over(messages):
        await feeds.wait(1.0)
        for each in feeds.take(LIMIT_BYTES):
            if isinstance(each, StreamEnded):
                raise ConnectionError(f"the stream ended before the window did: {each}")
            if not isinstance(each, FramesTaken):
                continue
            messages += len(each.frames)
            measures = takes_delays and window.is_open
            for stamp, frame in each.frames:
                key_of(parse(frame))
                if measures:
                    sent = sent_ns(frame)
                    taken_at_reader.append(stamp - sent)
                    taken_at_loop.append(now() - sent)
    figures = window.figures(messages, thread=taken_at_reader, loop=taken_at_loop)
    await feeds.stop()
    return figures


def main() -> None:
    """One run, as its own process."""
    arguments = parser(__doc__)
    arguments.add_argument("--reader", default="auto")
    arguments.add_argument("--streams", type=int, default=1)
    arguments.add_argument("--event-engine", type=EventEngine, default=EventEngine.DEFAULT)
    given = arguments.parse_args()
    pin(given.core)
    prepare(given.event_engine)
    window = Window(given.seconds)
    report(
        uvloop.run(
            read(given.port[0], given.streams, given.reader, window, takes_delays=given.delays)
        )
    )


if __name__ == "__main__":
    main()

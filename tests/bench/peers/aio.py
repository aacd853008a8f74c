"""The baseline: grpc.aio on uvloop, every update fully decoded, its key taken."""

import time

import grpc
import uvloop
from grpc.aio import insecure_channel

from monitor.wire.pb import geyser_pb2
from tests.bench.peers.reading import SUBSCRIBE, UNBOUNDED, key_of, parser, report, request
from tests.bench.window import NS, Figures, Window, delays, pin


async def read(port: int, window: Window, *, takes_delays: bool) -> Figures:
    """Read until the window is full."""
    channel = insecure_channel(
        f"127.0.0.1:{port}", options=UNBOUNDED, compression=grpc.Compression.NoCompression
    )
    call = channel.stream_stream(
        SUBSCRIBE,
        request_serializer=geyser_pb2.SubscribeRequest.SerializeToString,
        response_deserializer=geyser_pb2.SubscribeUpdate.FromString,
    )()
    await call.write(request())
    messages, last, taken = 0, None, delays()
    async for update in call:
        last = key_of(update)
        messages += 1
        if takes_delays and window.is_open:
            sent = update.created_at
            taken.append(time.monotonic_ns() - sent.seconds * NS - sent.nanos)
        if messages % 64 == 0 and window.is_over(messages):
            break
    assert last is not None
    figures = window.figures(messages, handler=taken)
    call.cancel()
    await channel.close()
    return figures


def main() -> None:
    """One run, as its own process."""
    given = parser(__doc__).parse_args()
    pin(given.core)
    report(uvloop.run(read(given.port[0], Window(given.seconds), takes_delays=given.delays)))


if __name__ == "__main__":
    main()

"""The baseline: grpc.aio on uvloop, every update fully decoded, its key taken."""

import argparse
import time
from collections import Counter

import grpc
import uvloop
from grpc.aio import insecure_channel

from monitor.wire.pb import geyser_pb2
from tests.bench.peers.reading import (
    SUBSCRIBE,
    UNBOUNDED,
    counted,
    key_of,
    parser,
    report,
    request,
    window,
)
from tests.bench.window import NS, Figures, delays, pin


async def read(given: argparse.Namespace) -> Figures:
    """Read until the window is full."""
    measured, takes_delays, counts = window(given), given.delays, given.messages is not None
    channel = insecure_channel(
        f"127.0.0.1:{given.port[0]}", options=UNBOUNDED, compression=grpc.Compression.NoCompression
    )
    call = channel.stream_stream(
        SUBSCRIBE,
        request_serializer=geyser_pb2.SubscribeRequest.SerializeToString,
        response_deserializer=geyser_pb2.SubscribeUpdate.FromString,
    )()
    await call.write(request(blocks=given.blocks))
    messages, step, taken, kinds = 0, measured.step, delays(), Counter[int]()
    async for update in call:
        key = key_of(update)
        messages += 1
        if counts:
            kinds[key[0]] += 1
        if takes_delays and measured.is_open:
            sent = update.created_at
            taken.append(time.monotonic_ns() - sent.seconds * NS - sent.nanos)
        if messages % step == 0 and measured.is_over(messages):
            break
    figures = counted(measured.figures(messages, handler=taken), kinds)
    call.cancel()
    await channel.close()
    return figures


def main() -> None:
    """One run, as its own process."""
    given = parser(__doc__).parse_args()
    pin(given.core)
    report(uvloop.run(read(given)))


if __name__ == "__main__":
    main()

"""A client of the simulator in a test: one Subscribe call over grpcio, its updates decoded."""

import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc

from monitor.wire.pb import geyser_pb2
from tests.patience import PATIENCE

OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.compression_enabled_algorithms_bitset", 1),
    ("grpc.enable_retries", 0),
)


class YellowstoneClient:
    """Requests are sent when the test says so; `updates` blocks for what comes."""

    def __init__(self, url: str, **metadata: str) -> None:
        self._requests: queue.Queue[bytes | None] = queue.Queue()
        self.channel = grpc.insecure_channel(url.removeprefix("http://"), options=OPTIONS)
        subscribe: grpc.StreamStreamMultiCallable[bytes, bytes]
        subscribe = self.channel.stream_stream("/geyser.Geyser/Subscribe")
        pairs = tuple((key.replace("_", "-"), value) for key, value in metadata.items())
        self.call: Any = subscribe(iter(self._requests.get, None), metadata=pairs, timeout=PATIENCE)

    def send(self, request: geyser_pb2.SubscribeRequest) -> None:
        self._requests.put(request.SerializeToString())

    def updates(self) -> Iterator[geyser_pb2.SubscribeUpdate]:
        for frame in self.call:
            yield geyser_pb2.SubscribeUpdate.FromString(frame)

    def first(
        self, holds: Callable[[geyser_pb2.SubscribeUpdate], bool]
    ) -> geyser_pb2.SubscribeUpdate:
        """Read until an update of which this holds."""
        return next(update for update in self.updates() if holds(update))

    def ending(self) -> tuple[str, str]:
        """Read to the end: the name of its code, and its text."""
        try:
            for _ in self.call:
                pass
        except grpc.RpcError:
            pass
        return self.call.code().name, self.call.details()

    def close(self) -> None:
        self._requests.put(None)
        self.call.cancel()
        self.channel.close()


@contextmanager
def connected(url: str, **metadata: str) -> Iterator[YellowstoneClient]:
    client = YellowstoneClient(url, **metadata)
    try:
        yield client
    finally:
        client.close()


def request(*kinds: str, commitment: int | None = None) -> geyser_pb2.SubscribeRequest:
    """Everything of these kinds, under the name `all`."""
    made = geyser_pb2.SubscribeRequest()
    for kind in kinds:
        getattr(made, kind)["all"].SetInParent()
    if "slots" in kinds:
        made.slots["all"].interslot_updates = True
    if commitment is not None:
        made.commitment = geyser_pb2.CommitmentLevel.ValueType(commitment)
    return made

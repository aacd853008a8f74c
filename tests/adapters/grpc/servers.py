"""Loopback servers that speak raw bytes under the path of Subscribe, and do as the test's script says."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent import futures

import grpc

Script = Callable[[Iterator[bytes], grpc.ServicerContext], Iterator[bytes]]

REQUEST = b"X\x01"
"""A SubscribeRequest with from_slot 1."""


@contextlib.contextmanager
def serving(script: Script) -> Iterator[tuple[grpc.Server, int]]:
    """A server on a free port."""
    subscribe: grpc.RpcMethodHandler[bytes, bytes] = grpc.stream_stream_rpc_method_handler(script)
    handler = grpc.method_handlers_generic_handler("geyser.Geyser", {"Subscribe": subscribe})
    with futures.ThreadPoolExecutor(8) as pool:
        server = grpc.server(pool, [handler])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield server, port
        finally:
            server.stop(None).wait()


def numbered(count: int) -> list[bytes]:
    return [b"frame %d" % number for number in range(count)]


def wait_for_end(context: grpc.ServicerContext) -> None:
    """Hold a stream open until the client is gone."""
    over = threading.Event()
    if context.add_callback(over.set):
        over.wait(10)

"""Loopback servers that speak raw bytes under the path of Subscribe, or another, and do as the test's script says."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent import futures

import grpc

from monitor.ports import Endpoint
from monitor.wire.pb import geyser_pb2
from tests.patience import PATIENCE

Script = Callable[[Iterator[bytes], grpc.ServicerContext], Iterator[bytes]]


def request(slot: int) -> bytes:
    return geyser_pb2.SubscribeRequest(from_slot=slot).SerializeToString()


def ping(number: int) -> bytes:
    wanted = geyser_pb2.SubscribeRequest(ping=geyser_pb2.SubscribeRequestPing(id=number))
    return wanted.SerializeToString()


REQUEST = request(1)
_TAKEN: list[socket.socket] = []
"""Sockets that keep their port from everybody."""


def endpoint(port: int, **more: str) -> Endpoint:
    return Endpoint("ams", f"127.0.0.1:{port}", **more)  # type: ignore[arg-type]


def numbered(count: int) -> list[bytes]:
    return [b"frame %d" % number for number in range(count)]


def until_gone(context: grpc.ServicerContext) -> None:
    """Hold a stream open until the client is gone."""
    over = threading.Event()
    if context.add_callback(over.set):
        over.wait(PATIENCE)


@contextlib.contextmanager
def serving(
    script: Script,
    credentials: grpc.ServerCredentials | None = None,
    method: str = "Subscribe",
) -> Iterator[tuple[grpc.Server, int]]:
    """A server on a free port."""
    subscribe: grpc.RpcMethodHandler[bytes, bytes] = grpc.stream_stream_rpc_method_handler(script)
    handler = grpc.method_handlers_generic_handler("geyser.Geyser", {method: subscribe})
    with futures.ThreadPoolExecutor(8) as pool:
        server = grpc.server(pool, [handler])
        if credentials is None:
            port = server.add_insecure_port("127.0.0.1:0")
        else:
            port = server.add_secure_port("127.0.0.1:0", credentials)
        server.start()
        try:
            yield server, port
        finally:
            server.stop(None).wait()


@contextlib.contextmanager
def answering(answer: bytes | None) -> Iterator[int]:
    """A port where something else listens: it says this to whoever connects and hangs up, or stays mute."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                accepted, _ = listener.accept()
                with accepted:
                    if over.is_set():
                        return
                    if answer is None:
                        over.wait(PATIENCE)
                    else:
                        accepted.sendall(answer)

        thread = threading.Thread(target=serve, name="answering")
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            socket.create_connection(listener.getsockname()).close()
            thread.join()


def unused_port() -> int:
    """Where nobody listens, nor will as long as this process runs: the port is taken, and no connection is."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    _TAKEN.append(taken)
    port: int = taken.getsockname()[1]
    return port

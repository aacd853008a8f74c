"""Servers that are no Yellowstone servers, or bad ones: what a wrong URL or a wrong plan leads to."""

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass

import grpc
from typing_extensions import override

from monitor.wire.pb import geyser_pb2
from tests.adapters.grpc.servers import until_gone

Talk = Callable[[socket.socket], None]
"""What is said to one connection, until it is closed."""


@dataclass
class Stranger:
    """Something that listens, and how often it was met."""

    port: int = 0
    met: int = 0
    """Connections, or calls of Subscribe."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def http1(accepted: socket.socket) -> None:
    """A web server: it reads a request and refuses it."""
    accepted.recv(4096)
    accepted.sendall(
        b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nno\n"
    )


def garbage(accepted: socket.socket) -> None:
    """Bytes of no protocol at all."""
    accepted.sendall(bytes(range(256)) * 16)
    accepted.recv(4096)


@contextmanager
def listening(talk: Talk | None) -> Iterator[Stranger]:
    """A TCP server that talks to each connection and hangs up; None: it holds each one and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stranger = Stranger(listener.getsockname()[1])
        over = threading.Event()
        kept: list[socket.socket] = []

        def serve() -> None:
            while True:
                accepted, _ = listener.accept()
                if over.is_set():
                    accepted.close()
                    return
                stranger.met += 1
                if talk is None:
                    kept.append(accepted)
                    continue
                with accepted:
                    try:
                        talk(accepted)
                    except OSError:
                        continue  # the client was faster

        thread = threading.Thread(target=serve, name="stranger")
        thread.start()
        try:
            yield stranger
        finally:
            over.set()
            socket.create_connection(listener.getsockname()).close()
            thread.join()
            for accepted in kept:
                accepted.close()


@contextmanager
def grpc_without_geyser() -> Iterator[Stranger]:
    """A gRPC server of another kind."""
    stranger = Stranger()

    class Elsewhere(grpc.GenericRpcHandler):
        @override
        def service(self, details: grpc.HandlerCallDetails) -> None:
            stranger.met += details.method == "/geyser.Geyser/Subscribe"

    with _grpc_server(stranger, Elsewhere()):
        yield stranger


@contextmanager
def sending(frame_bytes: int) -> Iterator[Stranger]:
    """A Yellowstone server whose first update has this size; it would go on for ever."""
    stranger = Stranger()
    account = geyser_pb2.SubscribeUpdateAccountInfo(pubkey=bytes(32), data=bytes(frame_bytes))
    update = geyser_pb2.SubscribeUpdateAccount(account=account, slot=1)
    frame = geyser_pb2.SubscribeUpdate(account=update).SerializeToString()

    def subscribe(_: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        stranger.met += 1
        yield frame
        until_gone(context)

    method: grpc.RpcMethodHandler[bytes, bytes] = grpc.stream_stream_rpc_method_handler(subscribe)
    handler = grpc.method_handlers_generic_handler("geyser.Geyser", {"Subscribe": method})
    with _grpc_server(stranger, handler):
        yield stranger


@contextmanager
def _grpc_server(stranger: Stranger, handler: grpc.GenericRpcHandler) -> Iterator[None]:
    with futures.ThreadPoolExecutor(8) as pool:
        server = grpc.server(pool, [handler])
        stranger.port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield
        finally:
            server.stop(None).wait()

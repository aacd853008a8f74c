"""The server's carrying, over real sockets with grpcio clients; the region behind it is scripted."""

import socket
import time
from typing import Any

import grpc
import pytest

from monitor.core.errors import SimulatorFailed
from monitor.simulator.server import HOST, UNARY
from monitor.wire.pb import geyser_pb2
from tests.patience import PATIENCE
from tests.simulator.served import (
    GOAWAY,
    PING,
    counting_proxy,
    frame_types,
    greeted,
    served,
    subscribed,
    unary,
    until,
)

pytestmark = pytest.mark.real_time

NO_GZIP = (("grpc.compression_enabled_algorithms_bitset", 1),)
LARGE = (("grpc.max_receive_message_length", -1),)


def test_headers_come_before_any_request() -> None:
    with served() as made, subscribed(made.server.port) as client:
        assert client.call.initial_metadata() == ()
        assert client.call.is_active()
        assert made.session.taken == 0


def test_requests_and_frames_pass_unchanged_in_order() -> None:
    frames = [bytes([number]) * 300 for number in range(200)]
    with served() as made, subscribed(made.server.port) as client:
        client.send(b"one")
        client.send(b"two")
        echoes = [client.read(), client.read()]
        made.send(*frames)

        assert echoes == [b"echo one", b"echo two"]
        assert [client.read() for _ in frames] == frames


def test_metadata_reaches_the_region() -> None:
    with served() as made, subscribed(made.server.port, x_token="secret") as client:
        client.call.initial_metadata()

        assert made.session.metadata["x-token"] == "secret"


def test_a_refused_stream_ends_with_the_region_s_words() -> None:
    with served() as made, subscribed(made.server.port, x_token="wrong") as client:
        assert client.failure() == (grpc.StatusCode.UNAUTHENTICATED, "No valid auth token")


def test_an_ending_comes_after_all_frames() -> None:
    text = "broadcast from 1 is not available, last available: 2"
    with served() as made, subscribed(made.server.port) as client:
        client.send(b"one")
        client.send(b"bye")

        assert client.read() == b"echo one"
        assert client.failure() == (grpc.StatusCode.OUT_OF_RANGE, text)


def test_the_stream_lives_on_after_half_close() -> None:
    with served() as made, subscribed(made.server.port) as client:
        client.send(b"one")
        client.half_close()
        assert client.read() == b"echo one"
        assert made.session.half_closed.wait(PATIENCE)

        made.send(b"still here")

        assert client.read() == b"still here"


def test_an_oversize_request_ends_the_stream_without_a_word() -> None:
    with (
        served(max_request_bytes=1000) as made,
        subscribed(made.server.port) as client,
    ):
        client.send(b"x" * 1001)

        assert list(client.call) == []
        assert (client.call.code(), client.call.details()) == (grpc.StatusCode.OK, "")
        assert made.session.broken.is_set()


def test_a_cancelled_stream_frees_its_session() -> None:
    with served() as made:
        with subscribed(made.server.port) as client:
            client.send(b"one")
            client.read()

        assert made.session.over.wait(PATIENCE)
        until(lambda: made.server.feeds == 0)


def test_a_client_that_does_not_read_stalls_its_session() -> None:
    frame = b"x" * 10_000
    with served(gzip=False) as made, subscribed(made.server.port) as client:
        client.send(b"one")
        client.read()
        made.send(*[frame] * 2_000)
        until(lambda: made.session.taken > 1)
        taken = -1
        while taken != made.session.taken:
            taken = made.session.taken
            time.sleep(0.2)

        assert 1 < taken < 1_500
        assert sum(client.read() == frame for _ in range(2_000)) == 2_000


def test_messages_may_be_large() -> None:
    frame = bytes(20 * 1024 * 1024)
    with served(gzip=False) as made, subscribed(made.server.port, LARGE) as client:
        client.send(b"one")
        client.read()
        made.send(frame)

        assert len(client.read()) == len(frame)


@pytest.mark.parametrize(
    ("offered", "options", "compressed"),
    [(True, (), True), (True, NO_GZIP, False), (False, (), False)],
)
def test_gzip_is_for_clients_that_name_it(
    offered: bool, options: tuple[tuple[str, int], ...], compressed: bool
) -> None:
    frame = b"x" * 100_000
    with (
        served(gzip=offered) as made,
        counting_proxy(made.server.port) as (port, count),
        subscribed(port, options) as client,
    ):
        client.send(b"one")
        client.read()
        made.send(frame)

        assert client.read() == frame
        assert (count() < 50_000) == compressed


def test_killing_breaks_connections_and_refuses_new_ones() -> None:
    with served() as made, subscribed(made.server.port) as client:
        client.send(b"one")
        client.read()

        made.close()

        assert client.failure()[0] is grpc.StatusCode.UNAVAILABLE
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((HOST, made.server.port), timeout=PATIENCE)
        assert not made.server.is_open


def test_a_killed_server_says_no_goodbye() -> None:
    with served() as made, greeted(made.server.port) as raw:
        made.close()

        received = b""
        while part := raw.recv(1000):
            received += part

    assert GOAWAY not in frame_types(received)


def test_it_opens_again_on_the_same_port() -> None:
    with served() as made:
        port = made.server.port
        made.close()

        made.open()

        assert made.server.port == port
        with subscribed(port) as client:
            client.send(b"again")
            assert client.read() == b"echo again"


def test_closing_twice_and_opening_twice_is_once() -> None:
    with served() as made:
        made.open()
        made.close()
        made.close()

        assert not made.server.is_open


def test_a_taken_port_is_refused() -> None:
    with served() as made, pytest.raises(SimulatorFailed, match="is taken; choose others"):
        with served(port=made.server.port):
            pass


@pytest.mark.parametrize("name", UNARY)
def test_unary_calls_are_answered_by_the_region(name: str) -> None:
    with served() as made:
        answer = unary(made.server.port, f"/geyser.Geyser/{name}", b"asked")

    assert answer == f"{name} asked".encode()


def test_a_refused_unary_call_ends_with_the_region_s_words() -> None:
    with served() as made, pytest.raises(grpc.RpcError) as failed:
        unary(made.server.port, "/geyser.Geyser/GetSlot", b"", x_token="wrong")

    refused: Any = failed.value
    assert (refused.code(), refused.details()) == (
        grpc.StatusCode.UNAUTHENTICATED,
        "No valid auth token",
    )


def test_an_oversize_unary_request_is_out_of_range() -> None:
    with served(max_request_bytes=1000) as made, pytest.raises(grpc.RpcError) as failed:
        unary(made.server.port, "/geyser.Geyser/Ping", b"x" * 1001)

    refused: Any = failed.value
    assert (refused.code(), refused.details()) == (
        grpc.StatusCode.OUT_OF_RANGE,
        "Error, decoded message length too large: found 1001 bytes, the limit is: 1000 bytes",
    )


@pytest.mark.parametrize("name", ["SubscribeGossip", "Dance"])
def test_what_is_not_there_is_unimplemented(name: str) -> None:
    with served() as made, pytest.raises(grpc.RpcError) as failed:
        unary(made.server.port, f"/geyser.Geyser/{name}", b"")

    refused: Any = failed.value
    assert refused.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("service", ["", "geyser.Geyser"])
def test_health_is_serving_without_a_token(service: str) -> None:
    request = b"\x0a" + bytes([len(service)]) + service.encode() if service else b""
    with served() as made:
        port = made.server.port
        checked = unary(port, "/grpc.health.v1.Health/Check", request, x_token="wrong")
        with grpc.insecure_channel(f"{HOST}:{port}") as channel:
            watch: grpc.UnaryStreamMultiCallable[bytes, bytes]
            watch = channel.unary_stream("/grpc.health.v1.Health/Watch")
            watching: Any = watch(request, timeout=PATIENCE)
            watched = next(watching)
            watching.cancel()

    assert (checked, watched) == (b"\x08\x01", b"\x08\x01")


@pytest.mark.parametrize("method", ["Check", "Watch"])
def test_health_of_another_service_is_not_found(method: str) -> None:
    with (
        served() as made,
        grpc.insecure_channel(f"{HOST}:{made.server.port}") as channel,
        pytest.raises(grpc.RpcError) as failed,
    ):
        ask: grpc.UnaryStreamMultiCallable[bytes, bytes]
        ask = channel.unary_stream(f"/grpc.health.v1.Health/{method}")
        next(ask(b"\x0a\x01x", timeout=PATIENCE))

    refused: Any = failed.value
    assert refused.code() is grpc.StatusCode.NOT_FOUND


def test_feeds_are_streams_that_asked_for_something() -> None:
    ping = geyser_pb2.SubscribeRequest(ping=geyser_pb2.SubscribeRequestPing(id=1))
    wanted = geyser_pb2.SubscribeRequest()
    wanted.slots["all"].SetInParent()
    with served() as made, subscribed(made.server.port) as client:
        client.send(ping.SerializeToString())
        client.read()
        before = made.server.feeds

        client.send(wanted.SerializeToString())
        client.read()

        assert before == 0
        until(lambda: made.server.feeds == 1)


def test_pings_of_clients_are_never_punished() -> None:
    ping = bytes([0, 0, 8, PING, 0, 0, 0, 0, 0]) + b"are you?"
    with served() as made, greeted(made.server.port) as raw:
        raw.sendall(ping * 50)

        received = b""
        while frame_types(received).count(PING) < 50:
            part = raw.recv(1000)
            assert part, "the server hung up"
            received += part

    assert GOAWAY not in frame_types(received)


def test_pings_are_punished_by_a_server_that_is_told_to() -> None:
    ping = bytes([0, 0, 8, PING, 0, 0, 0, 0, 0]) + b"are you?"
    with served(least_ping_interval=20.0) as made, greeted(made.server.port) as raw:
        raw.sendall(ping * 50)

        received = b""
        while part := raw.recv(1000):
            received += part

    assert received.endswith(b"too_many_pings")
    assert GOAWAY in frame_types(received)

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import grpc
import pytest

from monitor.adapters.grpc.parcels import (
    Unpacking,
    of_closing,
    of_opening,
    of_request,
    taken_of,
)
from monitor.adapters.grpc.settings import GrpcSettings, Reader, Workers
from monitor.ports import FramesTaken, StreamEnded, StreamOpened, Taken
from tests.adapters.grpc.servers import REQUEST, endpoint, request, serving, unused_port
from tests.patience import PATIENCE

pytestmark = pytest.mark.real_time

SETTINGS = GrpcSettings(reader=Reader.SEGREGATED, workers=Workers.PROCESS)


class Child:
    """A reader process at the other end of a socket that blocks."""

    def __init__(self) -> None:
        self.link, theirs = socket.socketpair()
        self.link.settimeout(PATIENCE)
        number = str(theirs.fileno())
        command = [sys.executable, "-m", "monitor.adapters.grpc.reader_process", number]
        with theirs:
            self.process = subprocess.Popen(command, pass_fds=(theirs.fileno(),))
        self._unpacking = Unpacking()

    def taken(self, kind: type) -> list[Taken]:
        """What comes, up to and with the first of this kind."""
        found: list[Taken] = []
        while not any(isinstance(each, kind) for each in found):
            chunk = self.link.recv(65_536)
            assert chunk, "the process has ended"
            found += [taken_of(parcel)[0] for parcel in self._unpacking.add(chunk)]
        return found


@pytest.fixture
def child() -> Iterator[Child]:
    made = Child()
    yield made
    made.link.close()
    assert made.process.wait(PATIENCE) == 0  # whatever it did, it ends with its socket, and well


def echo(requests: Iterator[bytes], _context: grpc.ServicerContext) -> Iterator[bytes]:
    yield from requests


def frames(taken: list[Taken]) -> list[bytes]:
    return [frame for each in taken if isinstance(each, FramesTaken) for _, frame in each.frames]


def test_opens_sends_and_closes_as_it_is_told(child: Child) -> None:
    with serving(echo) as (_, port):
        child.link.sendall(of_opening(1, endpoint(port), SETTINGS, REQUEST))
        taken = child.taken(FramesTaken)
        assert isinstance(taken[0], StreamOpened)
        assert frames(taken) == [REQUEST]
        child.link.sendall(of_request(1, request(2)))
        assert frames(child.taken(FramesTaken)) == [request(2)]
        child.link.sendall(of_closing(1))
        ended = child.taken(StreamEnded)[-1]
        assert isinstance(ended, StreamEnded)
        assert ended.code == "CANCELLED"


def test_what_concerns_a_feed_that_is_not_there_is_passed_over(child: Child) -> None:
    child.link.sendall(of_request(5, REQUEST) + of_closing(6))
    child.link.sendall(of_opening(1, endpoint(unused_port()), SETTINGS, REQUEST))
    ended = child.taken(StreamEnded)[-1]
    assert isinstance(ended, StreamEnded)
    assert (ended.feed, ended.code) == (1, "UNAVAILABLE")


def test_token_that_no_header_carries_ends_the_feed_alone(child: Child) -> None:
    child.link.sendall(of_opening(1, endpoint(unused_port(), token="x\n"), SETTINGS, REQUEST))
    text = "the token holds characters that no header may carry"
    assert child.taken(StreamEnded) == [StreamEnded(1, "UNAUTHENTICATED", text)]
    assert child.process.poll() is None


def test_signals_to_stop_are_for_the_daemon_alone(child: Child) -> None:
    with serving(echo) as (_, port):
        child.link.sendall(of_opening(1, endpoint(port), SETTINGS, REQUEST))
        child.taken(FramesTaken)
        child.process.send_signal(signal.SIGINT)
        child.process.send_signal(signal.SIGTERM)
        child.link.sendall(of_request(1, request(2)))
        assert frames(child.taken(FramesTaken)) == [request(2)]


def test_it_ends_with_its_socket_though_nobody_takes_what_it_reads(child: Child) -> None:
    def script(_requests: Iterator[bytes], _context: grpc.ServicerContext) -> Iterator[bytes]:
        for _ in range(20_000):
            yield b"x" * 10_000

    with serving(script) as (server, port):
        child.link.sendall(of_opening(1, endpoint(port), SETTINGS, REQUEST))
        child.taken(FramesTaken)
        child.link.close()
        assert child.process.wait(PATIENCE) == 0
        server.stop(None)

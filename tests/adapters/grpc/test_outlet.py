import socket
from collections.abc import Iterator

import pytest

from monitor.adapters.grpc.intake import SETTLE_SECONDS
from monitor.adapters.grpc.outlet import FULL_BYTES, Link, Outlet
from monitor.adapters.grpc.parcels import Unpacking, taken_of
from monitor.ports import FramesTaken, StreamEnded, StreamOpened, Taken

SETTLED_NS = int(SETTLE_SECONDS * 1e9)


class Bench:
    """An outlet, the daemon's end of its socket, and a clock that is moved by hand."""

    def __init__(self, ours: socket.socket, theirs: socket.socket) -> None:
        self.now = 100
        self.roused = 0
        self.link = Link(theirs, self._rouse)
        self.outlet = Outlet(7, self.link, lambda: self.now)
        self._ours = ours
        self._unpacking = Unpacking()

    def _rouse(self) -> None:
        self.roused += 1

    def arrived(self) -> list[Taken]:
        """What the daemon would take."""
        try:
            chunk = self._ours.recv(1 << 20)
        except BlockingIOError:
            return []
        return [taken_of(parcel)[0] for parcel in self._unpacking.add(chunk)]


@pytest.fixture
def bench() -> Iterator[Bench]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        yield Bench(ours, theirs)


def test_few_frames_wait_for_the_main_thread_which_is_woken_once(bench: Bench) -> None:
    bench.link.asleep = True
    assert bench.outlet.put(b"one")
    bench.now = 101
    assert bench.outlet.put(b"two")
    assert bench.roused == 1
    assert bench.arrived() == []
    assert bench.outlet.flush()
    assert bench.arrived() == [StreamOpened(7), FramesTaken(7, [(100, b"one"), (101, b"two")], 6)]
    assert not bench.outlet.flush()
    assert bench.arrived() == []


def test_full_parcel_leaves_at_once(bench: Bench) -> None:
    frame = b"x" * (FULL_BYTES // 2)
    bench.outlet.put(frame)
    assert bench.arrived() == []
    bench.outlet.put(frame)
    assert bench.arrived() == [
        StreamOpened(7),
        FramesTaken(7, [(100, frame), (100, frame)], 2 * len(frame)),
    ]
    bench.outlet.put(frame)
    assert bench.arrived() == []


def test_end_comes_behind_the_last_frame(bench: Bench) -> None:
    bench.outlet.put(b"one")
    bench.outlet.end("OK", "done")
    assert bench.outlet.is_over
    assert bench.arrived() == [
        StreamOpened(7),
        FramesTaken(7, [(100, b"one")], 3),
        StreamEnded(7, "OK", "done"),
    ]


def test_headers_alone_open_after_a_moment(bench: Bench) -> None:
    bench.outlet.open()
    assert bench.roused == 1
    bench.now += SETTLED_NS - 1
    assert not bench.outlet.flush()
    assert bench.outlet.is_settling
    assert bench.arrived() == []
    bench.now += 1
    bench.outlet.flush()
    assert not bench.outlet.is_settling
    assert bench.arrived() == [StreamOpened(7)]


def test_headers_with_a_refusal_behind_them_never_open(bench: Bench) -> None:
    bench.outlet.open()
    bench.outlet.end("UNAUTHENTICATED", "No valid auth token")
    bench.now += SETTLED_NS
    bench.outlet.flush()
    assert bench.arrived() == [StreamEnded(7, "UNAUTHENTICATED", "No valid auth token")]


def test_sending_to_a_daemon_that_is_gone_says_so(bench: Bench) -> None:
    bench._ours.close()
    with pytest.raises(BrokenPipeError):
        bench.outlet.end("OK", "")

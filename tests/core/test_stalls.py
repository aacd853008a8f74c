"""A stream that is open and brings pings alone is opened anew, one at a time, and ever more seldom where that is in vain."""

from itertools import pairwise

from monitor.core.chain import Kind
from monitor.core.commands import CloseFeed, OpenFeed
from monitor.core.endings import EndReason
from monitor.core.endpoint_health import Circuit
from tests.core.play import ALL, Play
from tests.core.test_slow_replays import BEHIND, Servers
from tests.core.test_steering import Stream

PING = (Kind.PING, 0, 0, 0, None, 5, b"p")


class Hanging:
    """Some servers hang: their streams bring pings, and new ones are accepted and bring pings too."""

    def __init__(self, play: Play, *, hung: set[int]) -> None:
        self.play, self.stream = play, Stream(play)
        self.stream.goes_on(10)
        self.hung = self.stream.mute = hung
        self.seen = len(play.commands)
        self.closed: list[tuple[float, int]] = []
        """When streams of which endpoint were closed, in seconds from the beginning of the hanging."""
        self.began = play.now

    def goes_on(self, seconds: float) -> None:
        """Time passes; whoever does not hang tells slots."""
        ends = self.play.now + seconds
        while self.play.now < ends:
            self.stream.goes_on(1)
            for command in self.play.commands[self.seen :]:
                self.seen += 1
                if isinstance(command, CloseFeed):
                    endpoint = self.play.kernel.connections.by_feed[command.feed].endpoint
                    self.closed.append((self.play.now - self.began, endpoint))
                    self.play.ends(command.feed, EndReason.TRANSIENT, jitter=0.5)
                elif isinstance(command, OpenFeed):
                    self.play.accepts(command.feed)
            for connection in self.play.kernel.connections.all:
                if connection.feed is not None and connection.endpoint in self.hung:
                    self.play.says(connection.feed, PING)


def test_the_only_stream_is_opened_anew_when_it_brings_nothing_but_pings() -> None:
    hanging = Hanging(Play(ALL, feeds=1), hung={0})
    hanging.goes_on(21.0)
    assert [endpoint for _, endpoint in hanging.closed] == [0]
    hanging.stream.mute = set()
    hanging.hung = set()
    hanging.goes_on(20.0)
    assert len(hanging.closed) == 1
    assert hanging.play.kernel.health.snapshot(hanging.play.now)[0].silent_for < 1


def test_in_vain_it_is_closed_ever_more_seldom() -> None:
    hanging = Hanging(Play(ALL, feeds=1), hung={0})
    hanging.goes_on(3600.0)
    times = [at for at, _ in hanging.closed]
    waits = [later - at for at, later in pairwise(times)]
    assert waits[:4] == sorted(waits[:4])
    assert 15 <= len(times) <= 25
    assert 240 <= max(waits) < 260


def test_where_all_hang_one_is_closed_at_a_time() -> None:
    hanging = Hanging(Play(ALL, feeds=3), hung={0, 1, 2})
    hanging.goes_on(75.0)
    assert {endpoint for _, endpoint in hanging.closed} == {0, 1, 2}
    times = [at for at, _ in hanging.closed]
    assert min(later - at for at, later in pairwise(times)) >= 19.5


def test_one_that_hangs_while_others_do_not_is_opened_anew_until_its_circuit_opens() -> None:
    hanging = Hanging(Play(ALL, feeds=3), hung={2})
    hanging.goes_on(600.0)
    assert {endpoint for _, endpoint in hanging.closed} == {2}
    assert hanging.play.kernel.connections.all[2].breaker.state is not Circuit.CLOSED


def test_whoever_was_left_alone_is_tried_soon_when_the_open_ones_bring_nothing() -> None:
    play = Play(ALL, feeds=2)
    stream = Stream(play)
    stream.goes_on(10)
    stream.mute = {0}
    for _ in range(9):
        while (feed := play.kernel.connections.all[0].feed) is None:
            stream.goes_on(1)
        play.ends(feed, EndReason.UNREACHABLE, jitter=0.5)
    left_at = play.now
    assert (play.kernel.connections.all[0].reopen_at or 0.0) > left_at + 200
    while play.kernel.connections.all[0].feed is None:
        play.at(play.now + 1).says(2, PING)
    assert play.now - left_at < 25


def test_one_that_replays_is_not_closed() -> None:
    play = Play(ALL, feeds=1, resume_slot=100)
    Servers(play, 100 + BEHIND).go_on(40.0)
    assert play.of(CloseFeed) == []

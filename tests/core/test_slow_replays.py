"""A stream that replays for minutes tells nothing live meanwhile: that is neither silence nor lag, and nobody takes over."""

from dataclasses import dataclass, field

import pytest

from monitor.core.commands import AmendFeed
from monitor.core.connection import Connection
from monitor.core.events import ReadingResumed
from monitor.core.failover import FailoverPolicy, Strategy, What
from monitor.core.headway import SLOW_WINDOW
from monitor.core.scope import Scope
from tests.core.play import Play, confirmed, finalized, meta, processed, tx
from tests.core.test_steering import begun, play_of

BEHIND = 600
"""Slots between the last one that was settled and the tip."""
STEP = 0.1
SLOT_STEPS = 4
"""Steps that a slot takes."""


@dataclass
class Servers:
    """They replay before anything live, a slot a step, and send what they have to send of the tip afterwards."""

    play: Play
    tip: int
    replays: dict[int, int] = field(default_factory=dict)
    """By feed: the slot that it replays next."""
    seen: int = 0
    pace: int = 1
    """Steps that each of them takes for a slot that it replays."""

    def go_on(self, seconds: float) -> None:
        """All endpoints tell what they have."""
        for step in range(int(seconds / STEP)):
            self.play.at(self.play.now + STEP)
            is_new = step % SLOT_STEPS == 0
            self.tip += is_new
            for request in self.play.commands[self.seen :]:
                if isinstance(request, AmendFeed) and request.from_slot is not None:
                    self.replays[request.feed] = request.from_slot
            self.seen = len(self.play.commands)
            for connection in self.play.kernel.connections.all:
                if connection.feed in self.replays:
                    if step % self.pace == 0:
                        self._replay(connection.feed)
                elif is_new:
                    self._tell(connection)

    def _replay(self, feed: int) -> None:
        slot = self.replays[feed]
        self.play.says(feed, tx(slot, 0, f"t{slot}"), meta(slot), processed(slot))
        self.replays[feed] += 1
        if slot == self.tip:
            del self.replays[feed]

    def _tell(self, connection: Connection) -> None:
        slot = self.tip
        rows = [begun(slot, connection.generation)]
        if connection.scope is Scope.EVERYTHING:
            rows.append(tx(slot, 0, f"t{slot}"))
        rows += [meta(slot), processed(slot), confirmed(slot - 1), finalized(slot - 32)]
        assert connection.feed is not None
        self.play.says(connection.feed, *rows)


@pytest.mark.parametrize(
    ("policy", "feeds", "chosen"),
    [
        (FailoverPolicy(Strategy.STANDBY), 2, 1),
        (FailoverPolicy(hot=2), 4, 2),
        (FailoverPolicy(hot=3), 3, 3),
    ],
    ids=["standby", "race", "all"],
)
def test_a_restart_far_behind_moves_nobody(policy: FailoverPolicy, feeds: int, chosen: int) -> None:
    play = play_of(policy, feeds=feeds, resume_slot=100)
    servers = Servers(play, 100 + BEHIND)
    servers.go_on(90.0)
    assert servers.replays == {}
    told = play.kernel.decisions.told(["a", "b", "c", "d"])
    words = [(each.at, each.what, each.why) for each in told if each.what != What.CHOSEN]
    assert words == []
    assert len(play.of(AmendFeed)) <= chosen


def test_a_replay_that_stops_is_silence() -> None:
    play = play_of(FailoverPolicy(Strategy.STANDBY), feeds=2, resume_slot=100)
    servers = Servers(play, 100 + BEHIND)
    servers.go_on(20.0)
    replaying = play.kernel.health.snapshot(play.now)[0]
    assert (replaying.is_replaying, replaying.lag) == (True, None)
    assert replaying.silent_for < 1.0
    play.at(play.now + 4.0)
    assert play.kernel.health.snapshot(play.now)[0].silent_for == pytest.approx(4.0)


def trickling(seconds: float) -> Servers:
    """The one hot endpoint of two replays a slot in four seconds, so long."""
    play = play_of(FailoverPolicy(Strategy.STANDBY), feeds=2, resume_slot=100)
    servers = Servers(play, 100 + BEHIND, pace=40)
    servers.go_on(seconds)
    return servers


def test_a_replay_that_trickles_is_waited_for_no_longer_and_another_endpoint_takes_over() -> None:
    servers = trickling(SLOW_WINDOW - 1)
    play = servers.play
    assert play.kernel.health.snapshot(play.now)[0].is_replaying
    servers.go_on(10.0)
    assert "a replay was too slow and is waited for no longer" in play.sentences()
    assert not play.kernel.health.snapshot(play.now)[0].is_replaying
    told = play.kernel.decisions.told(["a", "b"])
    assert [each.target for each in told if each.what == What.REPLACED] == ["b"]
    servers.pace = 1
    servers.go_on(10.0)
    assert play.of(AmendFeed)[-1].from_slot is not None


def test_a_live_replay_was_not_slow_while_nothing_was_read() -> None:
    servers = trickling(SLOW_WINDOW - 1)
    play = servers.play
    play.now += SLOW_WINDOW
    play.kernel.handle(ReadingResumed(SLOW_WINDOW), play.now)
    play.at(play.now + 0.5)
    assert play.kernel.connections.replaying_from() is not None

"""Trap 14: from_slot = last + 1 ends the stream of a server that is not past it: the last slot met is asked for, inclusive."""

from monitor.core.commands import AmendFeed, OpenFeed
from monitor.core.endings import EndReason
from monitor.core.repair import RecoveryPolicy
from monitor.core.rungs import Rung
from tests.core.play import ALL, Play, confirmed, finalized, tx
from tests.core.test_repair import a_gap
from tests.simulator.subscriber import make_region, request_all, subscribe
from tests.simulator.tiny_chain import plain_chain

BOTH = RecoveryPolicy(rungs=(Rung.REPLAY, Rung.RPC), workers={Rung.REPLAY: 2, Rung.RPC: 8})


def test_a_server_that_is_not_past_the_slot_ends_the_stream() -> None:
    region = make_region(plain_chain(3))
    region.advance(1.9)
    first = plain_chain(3).first_slot
    ahead = subscribe(region, request_all(from_slot=first + 2), 1.9)
    last = subscribe(region, request_all(from_slot=first), 1.9)
    region.advance(2.5)
    ahead.frames(1)
    assert ahead.ending is not None
    last.frames(1)
    assert last.ending is None


def test_a_stream_that_begins_with_a_replay_asks_for_the_last_slot_met() -> None:
    play = Play(ALL, can_amend=False)
    play.block(1, 4, tx(4, 0)).block(1, 5, tx(5, 0)).says(1, confirmed(5), finalized(5))
    play.ends(1).at(1)
    assert play.of(OpenFeed)[-1].from_slot == 5


def test_a_replay_on_an_open_stream_is_asked_for_when_its_server_is_past_it() -> None:
    play = Play(ALL)
    play.block(1, 4, tx(4, 0)).says(1, confirmed(4)).ends(1).at(1)
    back = play.opened()[-1]
    play.accepts(back)
    assert play.of(OpenFeed)[-1].from_slot is None
    assert play.of(AmendFeed) == []
    play.block(back, 8, tx(8, 0), parent=7, parent_block="B7")
    assert play.of(AmendFeed)[-1].from_slot <= 5


def test_a_server_that_is_behind_the_gap_is_no_server_without_replay() -> None:
    play = a_gap(recovery=BOTH)
    feed = play.asked(OpenFeed)[-1].feed
    play.accepts(feed).ends(feed, EndReason.REPLAY_AHEAD)
    connection = play.kernel.connections.all[0]
    assert not connection.replay_off
    assert connection.floor is None

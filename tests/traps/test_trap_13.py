"""Trap 13: servers refuse a replay under five codes, and one of them is also what is said of a message too large."""

import pytest

from monitor.core.commands import AmendFeed, Fetch, OpenFeed
from monitor.core.events import FeedEnded
from monitor.core.reach import may_replay
from monitor.core.repair import RecoveryPolicy
from monitor.core.rungs import Rung
from monitor.wire.status import STREAMING, classify
from tests.core.play import ALL, confirmed, finalized, tx
from tests.core.test_repair import Recovery, a_gap

BOTH = RecoveryPolicy(rungs=(Rung.REPLAY, Rung.RPC), workers={Rung.REPLAY: 2, Rung.RPC: 8})
EXPIRED = [
    ("OUT_OF_RANGE", "broadcast from 6 is not available, last available: 7"),
    ("INTERNAL", "broadcast from 6 is not available, last available: 7"),
    ("INVALID_ARGUMENT", "failed to get replay position for slot 6"),
    ("DATA_LOSS", "requested slot is no longer stored"),
]
OFF = [
    ("INTERNAL", "from_slot is not supported"),
    ("INVALID_ARGUMENT", "replay `from_slot` available only for `processed` commitment"),
    ("INVALID_ARGUMENT", "blocks are not possible to replay"),
]
AHEAD = [("INTERNAL", "failed to get replay response")]
TOO_LARGE = (
    "OUT_OF_RANGE",
    "Error, decoded message length too large: found 5000000 bytes, the limit is: 4194304 bytes",
)


def ended(play: Recovery, feed: int, code: str, text: str) -> Recovery:
    """The server ends the stream so; the daemon reads it as it does."""
    return play.hears(FeedEnded(feed, classify(code, text, STREAMING), 0.0))


def replaying() -> tuple[Recovery, int]:
    """A gap at slot 6, and the feed that is to replay it."""
    play = a_gap(recovery=BOTH)
    feed = play.asked(OpenFeed)[-1].feed
    play.accepts(feed)
    return play, feed


@pytest.mark.parametrize(("code", "text"), EXPIRED + OFF)
def test_each_refusal_sends_the_gap_to_the_next_rung_at_once(code: str, text: str) -> None:
    play, feed = replaying()
    ended(play, feed, code, text)
    assert [each.slot for each in play.asked(Fetch)] == [6]


@pytest.mark.parametrize(("code", "text"), AHEAD)
def test_a_server_that_is_not_that_far_yet_is_asked_again(code: str, text: str) -> None:
    play, feed = replaying()
    ended(play, feed, code, text).at(play.now + 2)
    assert play.asked(Fetch) == []
    assert [each.from_slot for each in play.asked(OpenFeed) if each.is_replay] == [6]


@pytest.mark.parametrize(("code", "text"), EXPIRED + OFF)
def test_what_a_server_refused_it_is_not_asked_for_again(code: str, text: str) -> None:
    play, feed = replaying()
    ended(play, feed, code, text)
    connection = play.kernel.connections.all[0]
    assert not may_replay(connection, 6, 100.0)


@pytest.mark.parametrize(("code", "text"), EXPIRED)
def test_what_is_expired_says_nothing_of_later_slots(code: str, text: str) -> None:
    play, feed = replaying()
    ended(play, feed, code, text)
    connection = play.kernel.connections.all[0]
    assert may_replay(connection, 50, 100.0)


@pytest.mark.parametrize(("code", "text"), OFF)
def test_a_server_without_replay_is_asked_for_none(code: str, text: str) -> None:
    play, feed = replaying()
    ended(play, feed, code, text)
    connection = play.kernel.connections.all[0]
    assert not may_replay(connection, 50, 100.0)


def test_a_message_too_large_is_no_expired_replay() -> None:
    play, feed = replaying()
    ended(play, feed, *TOO_LARGE)
    assert play.asked(Fetch) == []
    connection = play.kernel.connections.all[0]
    assert (connection.floor, connection.replayed_below) == (None, 0)
    play.at(play.now + 20)
    assert play.asked(OpenFeed)[-1].from_slot == 6


def test_a_refusal_on_the_live_stream_is_no_failure_of_its_endpoint() -> None:
    play = Recovery(ALL)
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5), finalized(5)).ends(1).at(1)
    (_, back) = play.opened()
    play.accepts(back).block(back, 8, tx(8, 0), parent=7, parent_block="B7")
    assert play.of(AmendFeed)[-1].from_slot in (5, 6)
    failures = play.kernel.connections.all[0].breaker.failures
    ended(play, back, *EXPIRED[0])
    assert play.kernel.connections.all[0].breaker.failures == failures
    play.at(play.now + 1)
    assert len(play.opened()) == 3

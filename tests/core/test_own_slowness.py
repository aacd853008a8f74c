"""Streams that end since we read too slowly, again and again: no endpoint pays for it, and no quorum is lost by it."""

import pytest

from monitor.core.chain import Commitment
from monitor.core.circuit import OURS_LONGEST, CircuitBreaker
from monitor.core.deliberation import FORGIVEN
from monitor.core.endings import Ending, EndReason
from monitor.core.failover import FailoverPolicy, Load, ShedLoad, Strategy, What
from monitor.core.health import Placement
from monitor.core.quorum import QuorumPolicy
from monitor.core.scope import Scope
from tests.core.looks import Looks
from tests.core.test_overload import lag
from tests.core.test_steering import STANDBY, Stream, play_of, scopes, told


@pytest.mark.parametrize("jitter", [0.5, 0.99])
def test_no_number_of_such_endings_moves_the_hot_feed(jitter: float) -> None:
    play = play_of(STANDBY, feeds=3)
    stream = Stream(play)
    stream.goes_on(100)
    connection = play.kernel.connections.all[0]
    for _ in range(12):
        assert connection.feed is not None
        play.ends(connection.feed, EndReason.LAGGED, jitter=jitter)
        while connection.feed is None:
            stream.mute = {0}
            stream.goes_on(1)
        stream.goes_on(2)  # it takes its time to open
        play.accepts(connection.feed)
        stream.mute = set()
        stream.goes_on(5)
    assert What.REPLACED not in told(play)
    assert scopes(play)[0] is Scope.EVERYTHING


def test_it_is_tried_again_before_its_place_is_in_danger() -> None:
    breaker = CircuitBreaker()
    ending = Ending(EndReason.LAGGED, "", "")
    waits = [breaker.ended(ending, 0.999, refuses=False) for _ in range(20)]
    assert max(waits) <= OURS_LONGEST < FORGIVEN
    assert waits[0] < waits[-1]


def test_who_is_back_is_given_time_to_catch_up() -> None:
    looks = Looks(2, Strategy.STANDBY)
    looks.settle()
    lag(looks, 0)
    looks.figures(0, is_open=False, lag=6.0)
    looks.at(10.0)
    looks.figures(0, is_open=True)
    looks.at(19.0)
    assert looks.at(19.0 + FORGIVEN - 0.1) == []
    assert looks.at(19.0 + FORGIVEN) == [(What.REPLACED, 0, 1)]


def test_an_end_that_is_not_ours_is_not_forgiven_for_one_that_was() -> None:
    looks = Looks(2, Strategy.STANDBY)
    looks.settle()
    lag(looks, 0)
    looks.figures(0, is_open=False)
    assert [what for what, _, _ in looks.at(10.0)] == [What.SHED]
    looks.figures(0, is_open=True)
    looks.at(15.0)
    looks.figures(0, is_open=False)
    assert looks.at(16.0) == [(What.REPLACED, 0, 1)]


def test_who_is_cut_off_while_it_is_drained_stays_drained() -> None:
    looks = Looks(2, Strategy.STANDBY)
    looks.settle()
    lag(looks, 0)
    looks.figures(0, is_drained=True, lag=6.0)
    assert (What.REPLACED, 0, 1) in looks.at(10.0)


@pytest.mark.parametrize("needed", [2, 3])
def test_as_many_providers_as_a_quorum_needs_name_blocks_still(needed: int) -> None:
    providers = ("one", "one", "two", "three")
    play = play_of(
        STANDBY,
        feeds=4,
        quorum=QuorumPolicy(needed, 30.0, is_strict=True),
        placements=tuple(Placement(each) for each in providers),
    )
    stream = Stream(play)
    stream.goes_on(100)
    play.ends(1, EndReason.LAGGED)
    kept = [Scope.EVERYTHING, Scope.SLOTS, Scope.CHAIN, Scope.SLOTS]
    if needed == 3:
        kept[3] = Scope.CHAIN
    assert scopes(play) == kept
    play.at(play.now + 1)
    feed = play.kernel.connections.all[0].feed
    assert feed is not None
    play.accepts(feed)
    stream.goes_on(50)
    frontier = play.kernel.frontier(Commitment.CONFIRMED)
    assert frontier is not None
    assert stream.slot - frontier < 5


def test_a_failing_provider_is_no_witness_but_stays_ready_to_be_one() -> None:
    play = play_of(
        STANDBY,
        feeds=3,
        quorum=QuorumPolicy(2, 30.0),
        placements=(Placement("one"), Placement("two"), Placement("three")),
    )
    stream = Stream(play)
    stream.goes_on(100)
    stream.mute = {1}
    stream.goes_on(20)
    play.ends(1, EndReason.LAGGED)
    assert scopes(play) == [Scope.EVERYTHING, Scope.SLOTS, Scope.CHAIN]


def test_nothing_is_narrowed_where_no_feed_is_warm() -> None:
    looks = Looks(3, hot=3)
    looks.settle()
    lag(looks, 0)
    assert looks.at(100.0) == [(What.SHED, None, None)]
    assert looks.why().endswith(": there is nothing to leave out")
    assert looks.state.load is Load.FULL
    divided = Looks(3, hot=3, units=(1, 2, 4))
    divided.settle()
    lag(divided, 0)
    assert [what for what, _, _ in divided.at(100.0)] == [What.SHED, What.DIVIDED]
    assert divided.actions(ShedLoad) == [ShedLoad(Load.SPREAD)]


def test_a_policy_needs_no_quorum_unless_it_is_told() -> None:
    assert FailoverPolicy().quorum == 1

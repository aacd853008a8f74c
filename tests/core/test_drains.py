"""Who is drained, or late, goes when another one covers, and not before."""

from dataclasses import replace
from random import Random

import pytest

from monitor.core.certificates import SlotEnd
from monitor.core.failover import FailoverPolicy, Leaving, Load, Strategy, What
from monitor.core.hand_over import LONGEST
from monitor.core.scope import Scope
from monitor.core.wishes import Want
from tests.core.looks import Looks
from tests.core.spreading import Spread
from tests.core.test_steering import Stream, play_of, scopes, wished


def test_a_drain_waits_until_the_stream_that_is_left_is_back_and_covers() -> None:
    play = play_of(FailoverPolicy(hot=2), feeds=2)
    stream = Stream(play)
    stream.goes_on(100)
    play.ends(2, jitter=0.9)
    wished(play, Want.DRAIN, 0)
    assert scopes(play) == [Scope.EVERYTHING] * 2
    play.at(play.now + 0.5).accepts(3)
    stream.goes_on(1)
    assert scopes(play) == [Scope.EVERYTHING] * 2
    stream.goes_on(4)
    assert scopes(play) == [None, Scope.EVERYTHING]
    told = play.kernel.decisions.told(["a", "b"])
    assert [each.what for each in told[-3:]] == [What.DRAINED, What.KEPT, What.DEMOTED]
    assert told[-2].why == "an operator drained it; no other one covers two slots yet"


@pytest.mark.parametrize("figures", [{"is_open": False}, {"covered": 1}])
def test_who_lags_keeps_its_place_until_another_one_covers(figures: dict[str, object]) -> None:
    looks = Looks(2, hot=2)
    looks.settle()
    looks.figures(1, **figures)
    looks.figures(0, lag=9.0)
    assert looks.at(10.0) == [(What.KEPT, None, 0)]
    assert looks.at(11.0) == []
    assert looks.hot() == [0, 1]
    looks.figures(1, is_open=True, covered=2)
    assert looks.at(12.0) == [(What.DEMOTED, 0, None)]
    assert looks.hot() == [1]


def test_who_lags_gives_way_to_one_who_is_new_where_nobody_else_is_open() -> None:
    looks = Looks(3, hot=2)
    looks.figures(2, silent_for=9.0)
    looks.settle()
    looks.figures(2, silent_for=0.0, covered=0)
    looks.at(10.0)
    looks.figures(0, lag=9.0)
    looks.figures(1, is_open=False)
    assert looks.at(11.0) == [(What.REPLACED, 0, 2)]
    assert looks.hot() == [0, 1, 2]  # until the new one covers


def test_who_is_drained_and_brings_nothing_goes_at_once() -> None:
    looks = Looks(2, hot=2)
    looks.settle()
    looks.figures(0, is_open=False)
    looks.figures(1, covered=0)
    looks.at(10.0)
    looks.at(11.0, (Want.DRAIN, 0))
    assert looks.hot() == [1]


def test_of_several_who_lag_the_one_without_a_successor_stays_until_somebody_covers() -> None:
    looks = Looks(4, hot=3)
    looks.settle()
    for i in range(3):
        looks.figures(i, lag=9.0)
    assert looks.at(10.0) == [(What.REPLACED, 0, 3), (What.KEPT, None, 1), (What.KEPT, None, 2)]
    looks.figures(3, covered=1)
    assert looks.at(11.0) == []
    assert looks.hot() == [0, 1, 2, 3]
    looks.figures(3, covered=2)
    looks.at(12.0)
    assert looks.hot() == [3]


def test_no_slot_is_partial_where_the_other_carrier_of_the_drained_one_is_just_away() -> None:
    spread = Spread(Random(1), endpoints=3, loss=0.0)
    spread.dice = Random(5)
    spread.goes_on(120)
    away = spread.servers[1]
    feed, away.feed = away.feed, None
    assert feed is not None
    spread.play.ends(feed, jitter=0.99)
    spread._obey()
    spread.wishes(Want.DRAIN, 0)
    connections = spread.play.kernel.connections.all
    assert connections[0].feed is not None
    spread.goes_on(40)
    assert connections[0].feed is None
    assert {each.end for each in spread.play.certificates().values()} == {SlotEnd.COMPLETE}


def spread_over(count: int, hot: int) -> Looks:
    looks = Looks(count, Strategy.SPREAD, hot=hot, units=tuple(1 << i for i in range(6)))
    looks.settle()
    return looks


def test_two_of_three_that_are_drained_go_when_the_third_covers_all() -> None:
    looks = spread_over(3, hot=3)
    told = looks.at(10.0, (Want.DRAIN, 0), (Want.DRAIN, 1))
    assert told[2:] == [
        (What.DEMOTED, 0, None),
        (What.DEMOTED, 1, None),
        (What.DIVIDED, None, None),
    ]
    assert "it stays until others cover what it alone carries" in looks.why()
    looks.figures(2, covered=1)
    looks.at(11.0)
    assert looks.hot() == [0, 1, 2]
    looks.figures(2, covered=2)
    assert looks.at(12.0) == [(What.HANDED_OVER, 0, 2), (What.HANDED_OVER, 1, 2)]
    assert looks.hot() == [2]


def test_where_another_one_covers_all_that_the_drained_one_carries_it_goes_at_once() -> None:
    looks = spread_over(3, hot=3)
    looks.at(10.0, (Want.DRAIN, 0))
    assert looks.hot() == [1, 2]
    assert looks.state.leaving == ()


@pytest.mark.parametrize("covered", [0, 2])
def test_a_successor_that_covers_is_not_enough_where_another_feed_gains_too(covered: int) -> None:
    looks = spread_over(4, hot=3)
    looks.figures(3, provider="p1")
    looks.at(10.0, (Want.PROMOTE, 3))
    looks.figures(0, covered=0)
    looks.figures(1, covered=0)
    assert looks.state.leaving == (Leaving(2, 3, 10.0, is_planned=True),)
    assert looks.at(11.0) == []
    looks.figures(0, covered=covered)
    now = 12.0 if covered else 10.0 + LONGEST
    assert looks.at(now) == [(What.HANDED_OVER, 2, 3)]


@pytest.mark.parametrize("load", [Load.FULL, Load.NARROW])
def test_who_leaves_waits_for_another_feed_that_gains_and_replays_but_where_load_is_shed(
    load: Load,
) -> None:
    looks = spread_over(4, hot=3)
    looks.figures(3, provider="p1")
    looks.at(10.0, (Want.PROMOTE, 3))
    for gaining in (0, 1):
        looks.figures(gaining, covered=0, is_replaying=True)
    looks.at(11.0)
    looks.state = replace(looks.state, load=load, load_at=11.0)
    looks.at(11.0 + LONGEST / 2)
    assert (looks.at(11.0 + LONGEST) == []) is (load is Load.FULL)
    for gaining in (0, 1):
        looks.figures(gaining, covered=2, is_replaying=False)
    looks.at(12.0 + LONGEST)
    assert looks.state.leaving == ()

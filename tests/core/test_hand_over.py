"""Make before break: the old feed goes when the new one covers two slots, and not before."""

from typing import Any

import pytest

from monitor.core.endpoint_health import Circuit, Delay, Role
from monitor.core.failover import Leaving, SetRole, Strategy, What
from monitor.core.hand_over import BARRED, LONGEST
from monitor.core.wishes import Want
from tests.core.looks import Looks


def exchanged(strategy: Strategy = Strategy.STANDBY, count: int = 2, hot: int = 1) -> Looks:
    """Endpoint 0 gives way to the better endpoint 1 at second 130, which has covered nothing yet."""
    looks = Looks(count, strategy, hot=hot)
    looks.figures(0, delay=Delay(p50=0.2))
    for i in range(1, count - hot + 1):
        looks.figures(i, delay=Delay(p50=0.25))
    looks.settle()
    looks.figures(1, delay=Delay(p50=0.001))
    looks.at(100.0)
    assert looks.at(130.0) == [(What.EXCHANGED, 0, 1)]
    looks.figures(1, covered=0)
    return looks


def test_the_old_feed_stays_hot_until_the_new_one_covers_two_slots() -> None:
    looks = exchanged()
    assert looks.hot() == [0, 1]
    looks.figures(1, covered=1)
    assert looks.at(131.0) == []
    assert looks.hot() == [0, 1]
    looks.figures(1, covered=2)
    assert looks.at(132.0) == [(What.HANDED_OVER, 0, 1)]
    assert looks.why() == "the new one covered 2 slots"
    assert looks.actions(SetRole) == [SetRole(0, Role.WARM)]


def test_what_a_closed_stream_covered_once_does_not_count() -> None:
    looks = exchanged()
    looks.figures(1, covered=9, is_open=False)
    assert looks.at(131.0) == []
    assert looks.hot() == [0, 1]


def test_a_planned_hand_over_that_takes_too_long_is_taken_back_and_not_tried_again_soon() -> None:
    looks = exchanged()
    assert looks.at(130.0 + LONGEST - 1) == []
    back = 130.0 + LONGEST
    assert looks.at(back) == [(What.GIVEN_BACK, 1, 0)]
    assert looks.why() == "the new one covered 0 slots in 30 s"
    assert looks.hot() == [0]
    looks.figures(1, covered=9)
    for now in range(int(back) + 10, int(back + BARRED), 10):
        assert looks.at(float(now)) == []
    looks.at(back + BARRED)
    assert looks.at(back + BARRED + 30) == [(What.EXCHANGED, 0, 1)]


def test_a_promotion_that_does_not_cover_is_taken_back_for_good() -> None:
    looks = Looks(2, Strategy.STANDBY)
    looks.settle()
    looks.at(10.0, (Want.PROMOTE, 1))
    looks.figures(1, covered=0)
    assert looks.at(10.0 + LONGEST) == [(What.GIVEN_BACK, 1, 0)]
    assert looks.at(50.0) == []
    assert looks.state.wishes.promoted == ()


def test_the_time_of_a_hand_over_does_not_run_while_the_new_one_replays() -> None:
    looks = Looks(2, Strategy.STANDBY)
    looks.settle()
    looks.at(10.0, (Want.PROMOTE, 1))
    looks.figures(1, covered=0, is_replaying=True)
    assert [looks.at(10.0 + second) for second in range(0, 100, 5)] == [[]] * 20
    looks.figures(1, is_replaying=False)
    assert looks.at(105.0 + LONGEST - 1) == []
    assert looks.at(105.0 + LONGEST) == [(What.GIVEN_BACK, 1, 0)]


def test_a_drained_endpoint_goes_in_the_end_even_if_nobody_covers() -> None:
    looks = Looks(2, Strategy.STANDBY)
    looks.settle()
    looks.at(10.0, (Want.DRAIN, 0))
    assert looks.hot() == [0, 1]
    looks.figures(1, covered=0)
    assert looks.at(11.0) == []
    assert looks.at(10.0 + LONGEST) == [(What.HANDED_OVER, 0, 1)]
    assert looks.of_role(Role.OFF) == [0]


def test_a_drained_endpoint_that_lies_goes_at_once() -> None:
    looks = Looks(2, Strategy.STANDBY)
    looks.settle()
    looks.figures(0, trust=0.1)
    assert looks.at(10.0, (Want.DRAIN, 0)) == [(What.DRAINED, 0, None), (What.REPLACED, 0, 1)]
    assert looks.hot() == [1]
    assert looks.of_role(Role.OFF) == [0]


def test_a_drained_endpoint_that_lags_stays_until_its_successor_covers() -> None:
    looks = Looks(2, Strategy.STANDBY)
    looks.settle()
    looks.figures(0, lag=9.0)
    looks.at(10.0, (Want.DRAIN, 0))
    assert looks.hot() == [0, 1]


def test_one_that_lags_stays_until_its_successor_covers() -> None:
    looks = Looks(2, Strategy.STANDBY)
    looks.settle()
    looks.figures(0, lag=9.0)
    assert looks.at(10.0) == [(What.REPLACED, 0, 1)]
    assert looks.hot() == [0, 1]


@pytest.mark.parametrize(
    "figures",
    [
        {"silent_for": 9.0},
        {"circuit": Circuit.OPEN, "is_open": False},
        {"trust": 0.1},
        {"needs_person": True},
        {"is_open": False},
    ],
)
def test_who_brings_nothing_to_rely_on_goes_at_once(figures: dict[str, Any]) -> None:
    looks = Looks(2, Strategy.STANDBY)
    looks.settle()
    looks.figures(0, **figures)
    assert looks.at(10.0) == [(What.REPLACED, 0, 1)]
    assert looks.hot() == [1]
    assert looks.last.actions[:2] == (SetRole(1, Role.HOT), SetRole(0, Role.WARM))


def test_who_fails_while_it_leaves_goes_at_once() -> None:
    looks = exchanged()
    looks.figures(0, silent_for=9.0)
    assert looks.at(131.0) == [(What.HANDED_OVER, 0, 1)]
    assert looks.why() == "it is silent for 9.0 s"
    assert looks.hot() == [1]


def test_who_still_leaves_gets_its_place_back_when_the_new_one_fails() -> None:
    looks = exchanged(count=3)
    looks.figures(1, silent_for=9.0)
    assert looks.at(131.0) == [(What.REPLACED, 1, 0)]
    assert looks.hot() == [0]


def test_one_that_lags_waits_for_the_successor_of_its_successor() -> None:
    looks = Looks(4, hot=2)
    looks.settle()
    looks.figures(0, lag=9.0)
    looks.at(10.0)
    looks.figures(2, covered=0, silent_for=9.0)
    looks.figures(3, covered=0)
    assert looks.at(11.0) == [(What.REPLACED, 2, 3)]
    assert looks.state.leaving == (Leaving(0, 3, 10.0, is_planned=False),)
    assert looks.hot() == [0, 1, 3]


def test_there_are_never_more_hand_overs_than_places() -> None:
    looks = Looks(3, Strategy.STANDBY)
    looks.settle()
    looks.at(10.0, (Want.DRAIN, 0))
    looks.figures(1, covered=0, lag=9.0)
    assert looks.at(11.0) == [(What.HANDED_OVER, 0, 2), (What.REPLACED, 1, 2)]
    assert looks.hot() == [1, 2]


def test_no_place_is_given_back_that_was_lost_meanwhile() -> None:
    looks = exchanged(Strategy.RACE, count=3, hot=2)
    assert looks.hot() == [0, 1, 2]
    looks.figures(0, lag=9.0)
    looks.at(131.0)
    looks.figures(1, silent_for=9.0)
    assert looks.at(132.0) == [(What.DEMOTED, 1, None)]
    looks.figures(0, lag=0.1)
    assert looks.at(130.0 + LONGEST) == [(What.HANDED_OVER, 0, 1)]
    assert looks.hot() == [2]

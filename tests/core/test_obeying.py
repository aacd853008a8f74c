"""Wishes are remembered as long as they hold, and no longer; each is explained."""

import pytest

from monitor.core.deciding import Decision, decide
from monitor.core.endpoint_health import Role
from monitor.core.failover import What, Wishes
from monitor.core.wishes import Want, Wish
from tests.core.looks import Looks

MINUTE = 60.0


def drained_for(looks: Looks, now: float, endpoint: int, lease: float | None) -> Decision:
    """A drain, perhaps for so many seconds."""
    return wished(looks, now, Wish(Want.DRAIN, endpoint, lease))


def promoted_for(looks: Looks, now: float, endpoint: int, lease: float | None) -> Decision:
    """A promotion, perhaps for so many seconds."""
    return wished(looks, now, Wish(Want.PROMOTE, endpoint, lease))


def wished(looks: Looks, now: float, wish: Wish) -> Decision:
    looks.last = decide(now, looks.health, looks.policy, looks.state, [wish])
    looks.state = looks.last.state
    return looks.last


@pytest.fixture
def looks() -> Looks:
    looks = Looks(3, hot=2)
    looks.settle()
    return looks


def test_a_release_ends_a_drain_and_leaves_the_endpoint_to_its_figures(looks: Looks) -> None:
    looks.at(10.0, (Want.DRAIN, 0))
    looks.at(11.0)
    assert looks.at(20.0, (Want.RELEASE, 0)) == [(What.RELEASED, None, 0)]
    assert looks.why() == "an operator asked for it"
    assert looks.of_role(Role.WARM) == [0]
    assert looks.state.wishes == Wishes()


def test_a_release_ends_a_promotion_so_that_a_better_one_takes_the_place(looks: Looks) -> None:
    looks.figures(2, miss_rate=0.2)
    looks.at(10.0, (Want.PROMOTE, 2))
    looks.at(11.0)
    assert looks.at(600.0) == []
    assert looks.hot() == [0, 2]
    assert looks.at(601.0, (Want.RELEASE, 2)) == [(What.RELEASED, None, 2)]
    assert looks.hot() == [0, 2]
    assert looks.at(640.0) == [(What.EXCHANGED, 2, 1)]


def test_a_release_of_one_that_nothing_was_asked_of_says_so(looks: Looks) -> None:
    assert looks.at(10.0, (Want.RELEASE, 0)) == [(What.RELEASED, None, 0)]
    assert looks.why() == "nothing else was asked of it"


@pytest.mark.parametrize("want", [Want.PROMOTE, Want.RELEASE])
def test_the_last_wish_counts(looks: Looks, want: Want) -> None:
    drained_for(looks, 10.0, 0, MINUTE)
    looks.at(20.0, (want, 0))
    assert (looks.state.wishes.drained, looks.state.wishes.ends_at) == (frozenset(), {})
    looks.at(30.0, (Want.DRAIN, 0))
    assert looks.state.wishes == Wishes(frozenset({0}))


def test_a_drain_for_a_while_ends_by_itself(looks: Looks) -> None:
    drained_for(looks, 10.0, 0, MINUTE)
    assert looks.last.words[0].why == "an operator asked for it for 60 s"
    assert looks.at(11.0) == [(What.HANDED_OVER, 0, 2)]
    assert looks.at(69.9) == []
    assert looks.of_role(Role.OFF) == [0]
    assert looks.at(70.0) == [(What.RELEASED, None, 0)]
    assert looks.why() == "the time of its drain was over"
    assert looks.of_role(Role.WARM) == [0]


def test_a_drain_for_a_while_is_prolonged_by_the_next_one(looks: Looks) -> None:
    drained_for(looks, 10.0, 0, MINUTE)
    drained_for(looks, 60.0, 0, MINUTE)
    looks.at(119.0)
    assert looks.of_role(Role.OFF) == [0]
    looks.at(120.0)
    assert looks.of_role(Role.OFF) == []


def test_a_drain_that_lasts_is_not_shortened_and_one_for_a_while_can_be_made_to_last(
    looks: Looks,
) -> None:
    drained_for(looks, 10.0, 0, None)
    drained_for(looks, 20.0, 0, MINUTE)
    assert looks.state.wishes.ends_at == {}
    drained_for(looks, 30.0, 1, MINUTE)
    drained_for(looks, 40.0, 1, None)
    assert looks.state.wishes == Wishes(frozenset({0, 1}))


def test_drains_end_each_at_its_time(looks: Looks) -> None:
    drained_for(looks, 10.0, 0, MINUTE)
    drained_for(looks, 20.0, 1, 3 * MINUTE)
    looks.at(100.0)
    assert looks.state.wishes.drained == {1}


def test_a_promotion_for_a_while_ends_by_itself(looks: Looks) -> None:
    looks.figures(2, miss_rate=0.2)
    promoted_for(looks, 10.0, 2, MINUTE)
    looks.at(11.0)
    assert looks.at(69.9) == []
    assert looks.hot() == [0, 2]
    assert looks.at(70.0) == [(What.RELEASED, None, 2)]
    assert looks.why() == "the time of its promotion was over"
    assert looks.state.wishes == Wishes()
    assert looks.at(110.0) == [(What.EXCHANGED, 2, 1)]


def test_a_promotion_that_lasts_is_not_shortened_and_one_for_a_while_can_be_made_to_last(
    looks: Looks,
) -> None:
    promoted_for(looks, 10.0, 0, None)
    promoted_for(looks, 20.0, 0, MINUTE)
    assert looks.state.wishes == Wishes(promoted=(0,))
    promoted_for(looks, 30.0, 1, MINUTE)
    promoted_for(looks, 40.0, 1, None)
    assert looks.state.wishes == Wishes(promoted=(1, 0))


def test_a_drain_for_a_while_that_becomes_a_promotion_for_a_while_ends_when_that_does(
    looks: Looks,
) -> None:
    drained_for(looks, 10.0, 0, MINUTE)
    promoted_for(looks, 40.0, 0, MINUTE)
    assert (What.RELEASED, None, 0) not in looks.at(70.0)
    assert (What.RELEASED, None, 0) in looks.at(100.0)


def test_a_promotion_that_others_took_the_place_of_ends_without_a_word(looks: Looks) -> None:
    promoted_for(looks, 10.0, 0, MINUTE)
    promoted_for(looks, 20.0, 1, None)
    promoted_for(looks, 30.0, 2, None)
    assert (What.RELEASED, None, 0) not in looks.at(70.0)
    assert looks.state.wishes == Wishes(promoted=(2, 1))


def test_the_log_calls_a_drained_endpoint_drained_and_a_failing_one_failing() -> None:
    looks = Looks(4, hot=2)
    looks.settle()
    looks.at(40.0, (Want.DRAIN, 0))
    told = [each.report() for each in looks.last.words]
    assert [each.sentence for each in told] == [
        "an endpoint was drained",
        "a drained endpoint was replaced",
    ]
    looks.figures(1, silent_for=9.0)
    looks.at(41.0, (Want.DRAIN, 1))
    assert [each.report().sentence for each in looks.last.words][-1] == (
        "a failing endpoint was replaced"
    )

"""Monitors over feeds: each on two, on different providers, evenly, and moved as little as can be."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.dividing import carried_by, everything_of, shares_of
from monitor.core.endings import EndReason
from monitor.core.failover import Load, Strategy, What
from monitor.core.scope import EVERY_MONITOR
from tests.core.looks import Looks

APART = ("one", "two", "three", "four")


def singly(monitors: int) -> tuple[int, ...]:
    """So many monitors, each a unit of its own."""
    return tuple(1 << number for number in range(monitors))


def carriers(shares: list[int], number: int) -> list[int]:
    """Feeds that carry a monitor."""
    return [i for i, share in enumerate(shares) if share >> number & 1]


def test_each_monitor_is_on_two_feeds_and_each_feed_has_its_part() -> None:
    shares = shares_of([0] * 3, (0, 1, 2), APART[:3], singly(6))
    assert [len(carriers(shares, number)) for number in range(6)] == [2] * 6
    assert [share.bit_count() for share in shares] == [4, 4, 4]


def test_two_feeds_of_a_monitor_are_of_different_providers_where_there_are_such() -> None:
    shares = shares_of([0] * 4, (0, 1, 2, 3), ("one", "one", "one", "two"), singly(6))
    for number in range(6):
        assert 3 in carriers(shares, number)


def test_one_feed_carries_all_and_none_carries_nothing() -> None:
    assert shares_of([0] * 2, (1,), APART[:2], singly(3)) == [0, 0b111]
    assert shares_of([0] * 2, (), APART[:2], singly(3)) == [0, 0]


def test_few_monitors_move_when_a_feed_is_lost() -> None:
    before = shares_of([0] * 4, (0, 1, 2, 3), APART, singly(8))
    after = shares_of(before, (0, 1, 2), APART, singly(8))
    assert sum((before[i] & ~after[i]).bit_count() for i in range(3)) <= 1
    assert sorted(share.bit_count() for share in after) == [0, 5, 5, 6]


def test_a_feed_more_takes_its_part_and_no_more() -> None:
    before = shares_of([0] * 4, (0, 1, 2), APART, singly(6))
    after = shares_of(before, (0, 1, 2, 3), APART, singly(6))
    assert after[3].bit_count() == 3
    assert sum((before[i] & ~after[i]).bit_count() for i in range(3)) == 3


def test_a_monitor_that_would_end_on_one_provider_is_not_moved() -> None:
    before = [0b1111, 0b1111, 0]
    assert shares_of(before, (0, 1, 2), ("one", "two", "one"), singly(4)) == [
        0b1100,
        0b1111,
        0b0011,
    ]
    assert shares_of([0b1111, 0b0000, 0b1111], (0, 1), ("one", "one"), singly(4)) == [
        0b1111,
        0b1111,
    ]


@given(
    st.lists(st.sampled_from(APART), min_size=1, max_size=6),
    st.lists(st.integers(0, 4), max_size=9),
    st.lists(st.sets(st.integers(0, 5)), min_size=1, max_size=6),
)
def test_every_monitor_is_carried_twice_and_with_its_unit_whoever_comes_and_goes(
    providers: list[str], unit_of: list[int], changes: list[set[int]]
) -> None:
    masks = [sum(1 << i for i, own in enumerate(unit_of) if own == unit) for unit in range(5)]
    units = tuple(filter(None, masks))
    shares = [0] * len(providers)
    for change in changes:
        over = tuple(sorted(i for i in change if i < len(providers)))
        shares = shares_of(shares, over, providers, units)
        assert shares_of(shares, over, providers, units) == shares
        assert all(share & unit in (0, unit) for share in shares for unit in units)
        for number in range(len(unit_of)):
            on = carriers(shares, number)
            assert len(on) == min(2, len(over))
            known = {providers[i] for i in over}
            assert len({providers[i] for i in on}) == min(len(on), len(known)) or len(over) > 2


def divided(count: int, hot: int = 3) -> Looks:
    """Endpoints that monitors are spread over since second 0."""
    looks = Looks(count, Strategy.SPREAD, hot=hot, units=singly(6))
    assert looks.at(0.0)[-1] == (What.DIVIDED, None, None)
    return looks


def carried(looks: Looks) -> tuple[int, ...]:
    """What each endpoint carries now."""
    division = looks.state.division
    assert division is not None
    return division.carried


def test_one_feed_and_one_monitor_are_told_as_one() -> None:
    looks = Looks(1, Strategy.SPREAD, hot=1, units=singly(1))
    looks.settle()
    assert looks.why().endswith("; 1 monitor over 1 feed")


def test_a_spread_gives_each_hot_feed_its_part_from_the_first_look_on() -> None:
    looks = divided(4)
    assert looks.why().endswith("6 monitors over 3 feeds, at most 4 on one")
    assert carried(looks) == (0b011011, 0b101101, 0b110110, 0)
    assert [carried_by(looks.state.division, i) for i in (0, 1)] == [0b011011, 0b101101]
    assert looks.at(1.0) == []
    assert carried(looks) == (0b011011, 0b101101, 0b110110, 0)


def test_who_gives_monitors_away_carries_them_until_they_are_covered() -> None:
    looks = divided(4, hot=4)
    looks.figures(3, silent_for=9.0)
    looks.at(10.0)
    for i in range(3):
        looks.figures(i, covered=2)
    looks.at(11.0)
    before = looks.state.division
    assert before is not None
    looks.figures(3, silent_for=0.0)
    looks.at(20.0)
    assert [what for what, _, _ in looks.at(80.0)] == [What.FILLED, What.DIVIDED]
    during = looks.state.division
    assert during is not None
    assert during.carried == (*before.carried[:3], during.shares[3])
    looks.figures(3, covered=1)
    assert looks.at(81.0) == []
    assert looks.state.division is during
    looks.figures(3, covered=2)
    looks.at(82.0)
    after = looks.state.division
    assert after is not None
    assert after.carried == during.shares


@pytest.mark.parametrize("is_open", [True, False])
def test_a_feed_that_does_not_cover_is_not_waited_for_for_ever(is_open: bool) -> None:
    looks = divided(3, hot=3)
    for i in range(3):
        looks.figures(i, covered=2)
    looks.at(1.0)
    looks.figures(2, silent_for=9.0)
    looks.at(10.0)
    looks.figures(0, covered=9 if not is_open else 0, is_open=is_open)
    looks.at(12.0)
    division = looks.state.division
    assert division is not None
    assert division.carried == division.shares
    looks.figures(2, silent_for=0.0, is_open=True)
    looks.figures(0, is_open=True)
    looks.at(20.0)
    looks.at(80.0)
    looks.figures(2, covered=0)
    looks.at(109.0)
    assert looks.state.division is not None
    assert looks.state.division.carried != looks.state.division.shares
    looks.at(110.0)
    assert looks.state.division.carried == looks.state.division.shares


def test_who_leaves_carries_its_part_until_it_is_gone() -> None:
    looks = divided(4)
    before = looks.state.division
    assert before is not None
    looks.figures(0, lag=9.0)
    assert [what for what, _, _ in looks.at(10.0)] == [What.REPLACED, What.DIVIDED]
    looks.figures(3, covered=0)
    during = looks.state.division
    assert during is not None
    assert during.carried[0] == before.carried[0]
    assert during.shares[0] == 0
    assert during.carried[3] == before.carried[0]
    looks.figures(3, covered=2)
    assert looks.at(11.0) == [(What.HANDED_OVER, 0, 3)]
    after = looks.state.division
    assert after is not None
    assert after.carried[0] == 0


def test_who_gains_by_two_changes_is_waited_for_after_the_second() -> None:
    looks = divided(4, hot=3)
    looks.figures(0, silent_for=9.0)
    looks.at(10.0)
    looks.figures(3, covered=0)
    looks.figures(1, silent_for=9.0)
    looks.at(11.0)
    division = looks.state.division
    assert division is not None
    assert division.gaining == (2, 3)


def test_a_race_that_sheds_load_divides_and_carries_all_again_afterwards() -> None:
    looks = Looks(3, units=singly(6))
    looks.settle()
    for count, now in enumerate((100.0, 200.0), 1):
        looks.figures(0, errors={EndReason.LAGGED: count})
        looks.at(now)
    assert [mask.bit_count() for mask in carried(looks)] == [4, 4, 4]
    looks.at(600.0)
    assert looks.state.division is None
    assert carried_by(None, 0) == EVERY_MONITOR


@pytest.mark.parametrize("figures", [{"is_open": False}, {"covered": 1}])
def test_nobody_leaves_monitors_to_feeds_that_do_not_cover(figures: dict[str, Any]) -> None:
    looks = Looks(3, units=singly(6))
    looks.settle()
    looks.figures(0, errors={EndReason.LAGGED: 1}, **figures)
    looks.at(111.0)
    assert carried(looks) == (0b111111,) * 3
    looks.figures(0, is_open=True, covered=2)
    looks.at(112.0)
    assert [mask.bit_count() for mask in carried(looks)] == [4, 4, 4]


def test_other_units_are_divided_anew() -> None:
    looks = divided(3)
    looks.policy = type(looks.policy)(Strategy.SPREAD, 3, (*singly(6), 0b11000000))
    assert looks.at(1.0) == [(What.DIVIDED, None, None)]
    assert looks.why() == "8 monitors over 3 feeds, at most 6 on one"


def test_monitors_of_a_unit_stay_together_and_weigh_as_many_as_they_are() -> None:
    shares = shares_of([0] * 3, (0, 1, 2), APART[:3], (0b1111, 0b10000, 0b100000))
    assert shares == [0b011111, 0b101111, 0b110000]
    assert shares_of([0b1, 0b1111, 0], (0, 1, 2), APART[:3], (0b1111,)) == [0b1111, 0b1111, 0]


def test_who_carries_all_there_are_is_asked_for_everything() -> None:
    looks = Looks(2, Strategy.SPREAD, units=singly(3))
    looks.settle()
    assert carried(looks) == (everything_of(singly(3)),) * 2
    assert carried_by(looks.state.division, 1) == EVERY_MONITOR


def test_nothing_is_divided_where_there_is_nothing_to_divide() -> None:
    looks = Looks(3, Strategy.SPREAD)
    looks.settle()
    assert looks.state.division is None


@pytest.mark.parametrize("load", [Load.FULL, Load.NARROW])
def test_nobody_lets_go_while_one_that_is_to_gain_replays_but_where_load_is_shed(
    load: Load,
) -> None:
    looks = divided(4, hot=4)
    looks.figures(3, silent_for=9.0)
    looks.at(10.0)
    looks.figures(3, silent_for=0.0, covered=0, is_replaying=True)
    looks.at(20.0)
    assert [what for what, _, _ in looks.at(80.0)] == [What.FILLED, What.DIVIDED]
    looks.state = replace(looks.state, load=load, load_at=80.0)
    during = carried(looks)
    for now in (100.0, 110.0, 130.0):
        looks.at(now)
    assert (carried(looks) == during) is (load is Load.FULL)
    looks.figures(3, covered=2, is_replaying=False)
    looks.at(131.0)
    assert looks.state.division is not None
    assert carried(looks) == looks.state.division.shares

"""Streams that we read too slowly: less is asked for, step by step, and no endpoint pays for it."""

import pytest

from monitor.core.endings import EndReason
from monitor.core.endpoint_health import Circuit
from monitor.core.failover import Load, ShedLoad, Strategy, What
from monitor.core.overload import CALM, STEP_PAUSE
from tests.core.looks import Looks


def lag(looks: Looks, endpoint: int) -> None:
    """A server ends a stream that we read too slowly."""
    errors = looks.health[endpoint].errors
    looks.figures(endpoint, errors={EndReason.LAGGED: errors.get(EndReason.LAGGED, 0) + 1})


def test_load_is_shed_step_by_step_and_nobody_is_demoted() -> None:
    looks = Looks(4, units=(1, 2, 4))
    looks.settle()
    lag(looks, 0)
    assert looks.at(100.0) == [(What.SHED, None, None)]
    assert looks.actions(ShedLoad) == [ShedLoad(Load.NARROW)]
    assert looks.why() == "1 streams ended since they were read too slowly: narrow"
    lag(looks, 1)
    assert looks.at(100.0 + STEP_PAUSE - 0.1) == [(What.SHED, None, None)]
    assert looks.actions(ShedLoad) == []
    lag(looks, 2)
    assert [what for what, _, _ in looks.at(100.0 + STEP_PAUSE)] == [What.SHED, What.DIVIDED]
    assert looks.actions(ShedLoad) == [ShedLoad(Load.SPREAD)]
    assert looks.hot() == [0, 1, 2]


@pytest.mark.parametrize(
    ("strategy", "hot"), [(Strategy.RACE, 2), (Strategy.STANDBY, 3), (Strategy.SPREAD, 3)]
)
def test_nothing_is_divided_where_that_would_not_make_it_less(strategy: Strategy, hot: int) -> None:
    looks = Looks(4, strategy, hot=hot, units=(1, 2, 4))
    looks.settle()
    for now in (100.0, 200.0, 300.0):
        lag(looks, 0)
        assert looks.at(now)[0] == (What.SHED, None, None)
        assert looks.state.load is Load.NARROW
    assert looks.why().endswith("load stays narrow")


def test_nothing_is_divided_where_nothing_can_be() -> None:
    looks = Looks(4, hot=3)
    looks.settle()
    for now in (100.0, 200.0):
        lag(looks, 0)
        looks.at(now)
    assert looks.state.load is Load.NARROW


def test_load_is_taken_on_again_step_by_step_after_a_calm_while() -> None:
    looks = Looks(4, units=(1, 2, 4))
    looks.settle()
    for now in (100.0, 200.0, 300.0):
        lag(looks, 0)
        looks.at(now)
    assert looks.state.load is Load.SPREAD
    assert looks.at(300.0 + CALM - 1) == []
    assert looks.at(300.0 + CALM) == [(What.RESTORED, None, None)]
    assert looks.actions(ShedLoad) == [ShedLoad(Load.NARROW)]
    assert looks.at(300.0 + CALM + CALM - 1) == []
    looks.at(300.0 + CALM + CALM)
    assert looks.actions(ShedLoad) == [ShedLoad(Load.FULL)]
    assert looks.at(9000.0) == []


def test_load_is_not_taken_on_again_in_the_minute_of_another_planned_move() -> None:
    looks = Looks(4, units=(1, 2, 4))
    looks.figures(3, silent_for=9.0)
    looks.settle()
    lag(looks, 0)
    looks.at(100.0)
    looks.figures(1, circuit=Circuit.OPEN)
    looks.at(300.0)
    looks.figures(1, circuit=Circuit.CLOSED)
    looks.at(360.0)
    assert looks.at(395.0) == [(What.FILLED, None, 1)]
    assert looks.at(100.0 + CALM) == []
    assert looks.at(455.0) == [(What.RESTORED, None, None)]


def test_what_was_too_slow_before_the_first_look_is_no_news() -> None:
    looks = Looks(3)
    lag(looks, 0)
    looks.settle()
    assert looks.state.load is Load.FULL
    assert looks.at(1.0) == []

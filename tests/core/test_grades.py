"""Grades: figures in steps that noise does not cross."""

from typing import Any

import pytest

from monitor.core.endpoint_health import Delay
from monitor.core.failover import FailoverPolicy
from monitor.core.grades import MOST_STEPS, UNGRADED, Grade, graded, told
from tests.core.looks import sound

POLICY = FailoverPolicy()


@pytest.mark.parametrize(
    ("delay", "steps"), [(0.0, 0), (0.019, 0), (0.021, 1), (0.105, 5), (1e9, MOST_STEPS - 1)]
)
def test_delay_is_told_in_steps(delay: float, steps: int) -> None:
    assert graded(UNGRADED, sound(0, delay=Delay(p50=delay)), POLICY).delay == steps


def test_noise_around_the_edge_of_a_step_changes_nothing() -> None:
    grade = Grade(delay=1)
    for delay in (0.011, 0.049, 0.02, 0.04):
        assert graded(grade, sound(0, delay=Delay(p50=delay)), POLICY) is grade
    assert graded(grade, sound(0, delay=Delay(p50=0.051)), POLICY).delay == 2
    assert graded(grade, sound(0, delay=Delay(p50=0.009)), POLICY).delay == 0


def test_a_delay_that_is_not_known_any_more_stays_as_it_was() -> None:
    assert graded(Grade(delay=7), sound(0, delay=Delay()), POLICY).delay == 7


@pytest.mark.parametrize(
    ("figures", "enters", "stays"),
    [
        ({"miss_rate": 0.004}, False, False),
        ({"miss_rate": 0.006}, False, True),
        ({"miss_rate": 0.01}, True, True),
        ({"trust": 0.95}, False, False),
        ({"trust": 0.85}, False, True),
        ({"trust": 0.79}, True, True),
        ({"lag": None}, False, False),
        ({"lag": 1.2}, False, False),
        ({"lag": 1.3}, False, True),
        ({"lag": 2.5}, True, True),
    ],
)
def test_an_endpoint_becomes_poor_later_than_it_stays_so(
    figures: dict[str, Any], enters: bool, stays: bool
) -> None:
    health = sound(0, **figures)
    assert (graded(UNGRADED, health, POLICY).rank[0] > 0) is enters
    sign = next(iter(figures))
    was = Grade(misses=sign == "miss_rate", is_doubted=sign == "trust", lags=sign == "lag", delay=0)
    assert (graded(was, health, POLICY).rank[0] > 0) is stays


def test_health_is_worth_more_than_latency_and_the_unknown_is_late() -> None:
    assert Grade(delay=50).rank < Grade(misses=True, delay=0).rank
    assert Grade(misses=True, delay=50).rank < Grade(misses=True, lags=True, delay=0).rank
    assert Grade(delay=MOST_STEPS - 1).rank < UNGRADED.rank


def test_the_figures_are_told() -> None:
    health = sound(0, miss_rate=0.0123, trust=0.9, lag=1.25, delay=Delay(p50=0.043))
    assert told(health) == "misses 1.23%, trust 0.90, lag 1.2 s, delay 43 ms, priority 0"
    assert told(sound(0, lag=None, delay=Delay())) == "misses 0.00%, trust 1.00, priority 0"

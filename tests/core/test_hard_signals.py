"""What costs an endpoint its place: the worst first, and each with its figure."""

from typing import Any

import pytest

from monitor.core.endpoint_health import Circuit
from monitor.core.failover import FailoverPolicy, Strategy
from monitor.core.hard_signals import CLOSED_PATIENCE, Fault, closed_patience, fault_of, told
from tests.core.looks import sound

POLICY = FailoverPolicy()


@pytest.mark.parametrize(
    ("figures", "fault"),
    [
        ({}, None),
        ({"lag": None}, None),
        ({"lag": 5.0}, None),
        ({"lag": 5.1}, Fault.LAGGING),
        ({"silent_for": 5.0}, None),
        ({"silent_for": 5.1, "lag": 9.0}, Fault.SILENT),
        ({"silent_for": 5.1, "is_open": False}, None),
        ({"circuit": Circuit.OPEN, "lag": 9.0}, Fault.BROKEN),
        ({"circuit": Circuit.HALF_OPEN}, Fault.BROKEN),
        ({"needs_person": True, "circuit": Circuit.OPEN}, Fault.NEEDS_PERSON),
        ({"trust": 0.5}, None),
        ({"trust": 0.49, "needs_person": True}, Fault.DISTRUSTED),
    ],
)
def test_the_worst_signal_is_told(figures: dict[str, Any], fault: Fault | None) -> None:
    assert fault_of(sound(0, **figures), POLICY, None) is fault


@pytest.mark.parametrize(
    ("was", "figures", "fault"),
    [
        (Fault.LAGGING, {"lag": 2.6}, Fault.LAGGING),
        (Fault.LAGGING, {"lag": 2.5}, None),
        (None, {"lag": 2.6}, None),
        (Fault.DISTRUSTED, {"trust": 0.59}, Fault.DISTRUSTED),
        (Fault.DISTRUSTED, {"trust": 0.6}, None),
        (None, {"trust": 0.59}, None),
    ],
)
def test_a_fault_ends_well_below_where_it_began(
    was: Fault | None, figures: dict[str, Any], fault: Fault | None
) -> None:
    assert fault_of(sound(0, **figures), POLICY, was) is fault


@pytest.mark.parametrize(
    ("strategy", "opened_before", "in_role_for", "patience"),
    [
        (Strategy.RACE, True, 100.0, CLOSED_PATIENCE),
        (Strategy.SPREAD, True, 100.0, CLOSED_PATIENCE),
        (Strategy.STANDBY, True, 100.0, 0.0),
        (Strategy.STANDBY, False, 100.0, CLOSED_PATIENCE),
        (Strategy.STANDBY, True, 4.9, CLOSED_PATIENCE),
        (Strategy.STANDBY, True, 5.0, 0.0),
    ],
)
def test_a_closed_stream_is_waited_for_unless_nobody_else_is_hot(
    strategy: Strategy, opened_before: bool, in_role_for: float, patience: float
) -> None:
    policy = FailoverPolicy(strategy)
    assert closed_patience(policy, opened_before, in_role_for) == patience


def test_nor_is_one_whose_stream_no_role_opens() -> None:
    policy = FailoverPolicy(Strategy.STANDBY, settled=0.0)
    assert closed_patience(policy, True, 0.0) == 0.0
    assert closed_patience(policy, False, 0.0) == CLOSED_PATIENCE


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.LAGGING, "it lags 6.0 s behind the tip"),
        (Fault.SILENT, "it is silent for 7.5 s"),
        (Fault.CLOSED, "its stream is closed for 12.0 s"),
        (Fault.BROKEN, "its circuit is half_open"),
        (Fault.NEEDS_PERSON, "it refuses us until somebody cures that"),
        (Fault.DISTRUSTED, "its trust is 0.31"),
        (Fault.DRAINED, "an operator drained it"),
    ],
)
def test_each_fault_is_told_with_its_figure(fault: Fault, words: str) -> None:
    health = sound(0, lag=6.0, silent_for=7.5, trust=0.31, circuit=Circuit.HALF_OPEN)
    assert told(fault, health, 12.0) == words

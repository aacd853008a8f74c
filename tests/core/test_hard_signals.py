"""What costs an endpoint its place: the worst first, and each with its figure."""

from typing import Any

import pytest

from monitor.core.endings import EndReason
from monitor.core.endpoint_health import Circuit
from monitor.core.failover import FailoverPolicy
from monitor.core.hard_signals import Fault, brings, fault_of, is_opening, told
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
        ({"circuit": Circuit.OPEN, "is_open": False, "lag": 9.0}, Fault.BROKEN),
        ({"circuit": Circuit.HALF_OPEN}, Fault.PROVING),
        ({"circuit": Circuit.HALF_OPEN, "silent_for": 5.1}, Fault.BROKEN),
        ({"circuit": Circuit.HALF_OPEN, "is_open": False}, Fault.BROKEN),
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
    ("endings", "opened_before", "in_role_for", "opening"),
    [
        (0, False, 100.0, True),
        (1, False, 100.0, False),
        (0, True, 100.0, False),
        (1, True, 4.9, True),
        (1, True, 5.0, False),
    ],
)
def test_a_stream_is_being_opened_the_first_time_or_for_a_role(
    endings: int, opened_before: bool, in_role_for: float, opening: bool
) -> None:
    health = sound(0, is_open=False, errors={EndReason.UNREACHABLE: endings})
    assert is_opening(health, POLICY, opened_before, in_role_for) is opening


def test_no_role_opens_a_stream_where_requests_can_be_amended() -> None:
    assert not is_opening(sound(0), FailoverPolicy(settled=0.0), True, 0.0)


@pytest.mark.parametrize(
    ("figures", "brought"),
    [({}, True), ({"is_open": False}, False), ({"silent_for": 5.1}, False), ({"trust": 0.1}, True)],
)
def test_who_is_open_and_not_silent_brings_something(
    figures: dict[str, Any], brought: bool
) -> None:
    assert brings(sound(0, **figures), POLICY) is brought


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.LAGGING, "it lags 6.0 s behind the tip"),
        (Fault.SILENT, "it is silent for 7.5 s"),
        (Fault.CLOSED, "its stream is closed for 12.0 s"),
        (Fault.BROKEN, "its circuit is half_open"),
        (Fault.PROVING, "its circuit is half_open, and its stream is on trial"),
        (Fault.NEEDS_PERSON, "it refuses us until somebody cures that"),
        (Fault.DISTRUSTED, "its trust is 0.31"),
        (Fault.DRAINED, "an operator drained it"),
    ],
)
def test_each_fault_is_told_with_its_figure(fault: Fault, words: str) -> None:
    health = sound(0, lag=6.0, silent_for=7.5, trust=0.31, circuit=Circuit.HALF_OPEN)
    assert told(fault, health, 12.0) == words

"""What is wrong with the chain, by its figures: where each cause begins, where it ends, and how bad it is."""

from dataclasses import replace
from typing import Any

import pytest

from monitor.core.conditions import Conditions, RecentDelay
from monitor.core.strain import Cause, Signals, Strain, measures

CALM = Conditions(
    slots=200,
    fork_rate=0.01,
    dead_rate=0.005,
    disagreements=0,
    equivocations=0,
    confirmation_delay=RecentDelay(0.6, 0.9, 0.6),
    finalization_delay=RecentDelay(12.8, 13.1, 12.8),
    tip_age=0.3,
    confirmed_age=0.5,
    finalized_age=0.5,
    slot_lag=0.4,
    slot_time=0.4,
    latency=0.7,
    throughput=500.0,
)
NONE: tuple[Any, ...] = ()
UNSTEADY, STORMY = Strain.UNSTEADY, Strain.STORMY


def confirmation(p50: float, usual: float = 0.6) -> dict[str, RecentDelay]:
    return {"confirmation_delay": RecentDelay(p50, p50, usual)}


def finalization(p50: float, usual: float = 12.8) -> dict[str, RecentDelay]:
    return {"finalization_delay": RecentDelay(p50, p50, usual)}


TABLE: list[tuple[dict[str, Any], tuple[Cause, Strain] | None, str]] = [
    # Forks: five of a hundred, until three.
    ({"fork_rate": 0.049}, None, ""),
    ({"fork_rate": 0.05}, (Cause.FORKS, UNSTEADY), "5.0 % of 200 slots were forks in 60 s"),
    ({"fork_rate": 0.031}, (Cause.FORKS, UNSTEADY), "3.1 % of 200 slots were forks in 60 s"),
    ({"fork_rate": None}, (Cause.FORKS, UNSTEADY), "3.1 % of 200 slots were forks in 60 s"),
    ({"fork_rate": 0.03}, None, ""),
    ({"fork_rate": 0.15}, (Cause.FORKS, STORMY), "15.0 % of 200 slots were forks in 60 s"),
    ({"fork_rate": 0.11}, (Cause.FORKS, STORMY), "11.0 % of 200 slots were forks in 60 s"),
    ({"fork_rate": 0.10}, (Cause.FORKS, UNSTEADY), "10.0 % of 200 slots were forks in 60 s"),
    ({"fork_rate": 0.2, "slots": 10}, None, ""),  # two are chance
    ({"fork_rate": 0.2, "slots": 15}, (Cause.FORKS, STORMY), "20.0 % of 15 slots were forks in 60 s"),
    ({}, None, ""),
    # Dead slots: three of a hundred, until one and a half.
    ({"dead_rate": 0.03}, (Cause.DEAD, UNSTEADY), "3.0 % of 200 slots died in 60 s"),
    ({"dead_rate": 0.016}, (Cause.DEAD, UNSTEADY), "1.6 % of 200 slots died in 60 s"),
    ({"dead_rate": 0.015}, None, ""),
    ({"dead_rate": 0.1}, (Cause.DEAD, STORMY), "10.0 % of 200 slots died in 60 s"),
    ({}, None, ""),
    # One endpoint that contradicts is enough to doubt what is confirmed, until none did for the window.
    ({"disagreements": 1}, (Cause.DISAGREEMENT, STORMY), "1 disagreement of endpoints about confirmed blocks in 60 s"),
    ({"disagreements": 0}, None, ""),
    # One slot with two blocks is an accident; three are none.
    ({"equivocations": 1}, (Cause.EQUIVOCATION, UNSTEADY), "1 slot with two blocks in 60 s"),
    ({"equivocations": 3}, (Cause.EQUIVOCATION, STORMY), "3 slots with two blocks in 60 s"),
    ({"equivocations": 2}, (Cause.EQUIVOCATION, STORMY), "2 slots with two blocks in 60 s"),
    ({"equivocations": 1}, (Cause.EQUIVOCATION, UNSTEADY), "1 slot with two blocks in 60 s"),
    ({"equivocations": 0}, None, ""),
    # Confirmation: thrice the usual delay, until twice.
    (confirmation(1.79), None, ""),
    (confirmation(1.8), (Cause.SLOW_CONFIRMATION, UNSTEADY), "a confirmation took 1.8 s and usually 0.6 s"),
    (confirmation(1.3), (Cause.SLOW_CONFIRMATION, UNSTEADY), "a confirmation took 1.3 s and usually 0.6 s"),
    ({"confirmation_delay": None}, (Cause.SLOW_CONFIRMATION, UNSTEADY), "a confirmation took 1.3 s and usually 0.6 s"),
    (confirmation(1.2), None, ""),
    (confirmation(1.1, usual=0.15), None, ""),  # a second more than usual, where that is very short
    (confirmation(1.15, usual=0.15), (Cause.SLOW_CONFIRMATION, UNSTEADY), "a confirmation took 1.1 s and usually 0.1 s"),
    ({}, None, ""),
    ({"confirmation_delay": RecentDelay(9.0, 9.0)}, None, ""),  # what is usual is not known yet
    # Finality: twice the usual delay, until one and a half.
    (finalization(25.5), None, ""),
    (finalization(25.6), (Cause.SLOW_FINALITY, UNSTEADY), "finality took 25.6 s and usually 12.8 s"),
    (finalization(19.3), (Cause.SLOW_FINALITY, UNSTEADY), "finality took 19.3 s and usually 12.8 s"),
    (finalization(19.2), None, ""),
    # Nothing comes to a commitment for one and a half times as long as it usually takes, and for some seconds.
    ({"finalized_age": 19.1}, None, ""),
    ({"finalized_age": 19.3}, (Cause.FINALITY_STALL, STORMY), "no block became final for 19 s"),
    ({"finalized_age": 9.7}, (Cause.FINALITY_STALL, STORMY), "no block became final for 10 s"),
    ({"finalized_age": 9.6}, None, ""),
    ({"finalized_age": 9.9, **finalization(0.15, usual=0.15)}, None, ""),
    ({"finalized_age": 10.0, **finalization(0.15, usual=0.15)}, (Cause.FINALITY_STALL, STORMY), "no block became final for 10 s"),
    ({}, None, ""),
    ({"confirmed_age": 4.9}, None, ""),
    ({"confirmed_age": 5.0}, (Cause.CONFIRMATION_STALL, UNSTEADY), "no block was confirmed for 5 s"),
    ({"confirmed_age": 2.4}, None, ""),
    # No slot at all: ten seconds, or 25 slots where they are slow.
    ({"tip_age": 9.9}, None, ""),
    ({"tip_age": 10.0}, (Cause.HALT, STORMY), "no slot advanced for 10 s"),
    ({"tip_age": 0.1}, None, ""),
    ({"tip_age": 99.0, "slot_time": 4.0}, None, ""),
    ({"tip_age": 100.0, "slot_time": 4.0}, (Cause.HALT, STORMY), "no slot advanced for 100 s"),
    ({}, None, ""),
    ({"slot_lag": 5.0}, (Cause.LAG, UNSTEADY), "we are behind the tip by 5 s"),
    ({"slot_lag": 2.5}, None, ""),
]  # fmt: skip
"""Look after look: what differs from a calm chain, and the worst that is said of it."""


def test_each_cause_begins_at_its_bound_and_ends_at_a_lower_one() -> None:
    signals = Signals()
    told = []
    for figures, _, _ in TABLE:
        troubles = signals.look(replace(CALM, **figures))
        worst = (troubles[0].cause, troubles[0].strain) if troubles else None
        told.append((figures, worst, troubles[0].words if troubles else ""))
    assert told == TABLE


@pytest.mark.parametrize("conditions", [Conditions(), CALM], ids=["unknown", "calm"])
def test_nothing_is_wrong_with_what_is_calm_or_unknown(conditions: Conditions) -> None:
    assert Signals().look(conditions) == ()


def test_every_cause_ends_below_where_it_begins() -> None:
    told = list(measures(CALM))
    assert {each.cause for each in told} == set(Cause)
    assert all(each.ends < each.begins for each in told)
    assert all((each.figure or 0.0) <= each.ends for each in told)


def test_the_worst_comes_first_and_a_halt_before_what_follows_from_it() -> None:
    troubles = Signals().look(
        replace(CALM, tip_age=60.0, confirmed_age=60.0, finalized_age=60.0, fork_rate=0.06)
    )
    assert [each.cause for each in troubles] == [
        Cause.HALT,
        Cause.FINALITY_STALL,
        Cause.FORKS,
        Cause.CONFIRMATION_STALL,
    ]

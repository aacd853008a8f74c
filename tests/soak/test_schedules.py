"""Schedules of faults keep their promise, whatever the seed."""

from collections.abc import Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from monitor.simulator.faults import WORDS
from tests.scenarios.run import REGIONS, Fault
from tests.soak.schedules import ENDURED, draw_faults

SEEDS = st.integers(0, 2**32 - 1)


def _ailing(faults: Sequence[Fault]) -> Iterator[set[str]]:
    """The regions that are not up after each fault."""
    down: set[str] = set()
    for fault in faults:
        if fault.name in ENDURED:
            down.add(fault.region)
        elif fault.name == "heal":
            down.discard(fault.region)
        yield set(down)


@given(SEEDS)
def test_two_of_three_regions_are_up_at_every_moment(seed: int) -> None:
    assert max(len(down) for down in _ailing(draw_faults(seed, 300))) == 1


@given(SEEDS)
def test_faults_come_in_the_order_of_time_and_are_known_to_the_simulator(seed: int) -> None:
    faults = draw_faults(seed, 300)
    assert [fault.at_slot for fault in faults] == sorted(fault.at_slot for fault in faults)
    assert {fault.name for fault in faults} <= set(WORDS)
    assert {fault.region for fault in faults} <= set(REGIONS)


@given(SEEDS)
def test_nothing_is_dropped_silently(seed: int) -> None:
    assert not {fault.name for fault in draw_faults(seed, 300)} & {"drop-tx", "drop-slot"}


@given(SEEDS)
def test_the_same_seed_gives_the_same_faults(seed: int) -> None:
    assert draw_faults(seed, 300) == draw_faults(seed, 300)


def test_every_kind_of_fault_is_drawn_sooner_or_later() -> None:
    drawn = {fault.name for seed in range(20) for fault in draw_faults(seed, 300)}
    assert drawn == {*ENDURED, "heal", "cut", "duplicate"}

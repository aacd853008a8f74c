"""Storms keep their promise, whatever the seed."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from monitor.simulator import faults
from tests.scenarios.run import REGIONS, Fault
from tests.scenarios.storms import REST, WORDS, draw_storm

SEEDS = st.integers(0, 2**32 - 1)


@given(SEEDS)
def test_one_region_at_a_time_is_ailing(seed: int) -> None:
    episodes = draw_storm(seed, 600).episodes
    for before, after in pairwise(episodes):
        assert before.at_slot <= before.healed_at < before.well_at < after.at_slot


@given(SEEDS)
def test_a_region_rests_between_its_episodes(seed: int) -> None:
    episodes = draw_storm(seed, 600).episodes
    for region in REGIONS:
        own = [each for each in episodes if each.region == region]
        assert all(after.at_slot >= before.well_at + REST for before, after in pairwise(own))


@given(SEEDS)
def test_every_region_meets_every_word_within_600_slots(seed: int) -> None:
    met = Counter((each.region, each.name) for each in draw_storm(seed, 600).episodes)
    assert set(met) == {(region, word) for region in REGIONS for word in WORDS}


@given(SEEDS)
def test_all_is_over_before_the_end(seed: int) -> None:
    storm = draw_storm(seed, 200)
    assert storm.episodes
    assert all(each.well_at <= 200 for each in storm.episodes)


@given(SEEDS)
def test_drops_hold_all_along_in_every_region(seed: int) -> None:
    on: dict[str, set[str]] = {region: set() for region in REGIONS}
    drops = {"drop-tx", "drop-account", "drop-slot"}
    healed: Fault | None = None
    for fault in draw_storm(seed, 600).faults():
        if healed is not None and not healed.at_slot < fault.at_slot <= healed.at_slot + 0.01:
            assert on == dict.fromkeys(REGIONS, drops)
        if fault.name == "heal":
            on[fault.region].clear()
            healed = fault
        elif fault.name in drops:
            on[fault.region].add(fault.name)
    assert on == dict.fromkeys(REGIONS, drops)


@given(SEEDS)
def test_faults_come_in_the_order_of_time_and_are_known_to_the_simulator(seed: int) -> None:
    found = draw_storm(seed, 600).faults()
    assert [fault.at_slot for fault in found] == sorted(fault.at_slot for fault in found)
    assert {fault.name for fault in found} <= set(faults.WORDS)


@given(SEEDS)
def test_the_same_seed_gives_the_same_storm(seed: int) -> None:
    assert draw_storm(seed, 300) == draw_storm(seed, 300)


def test_another_seed_gives_another_storm() -> None:
    assert draw_storm(1, 300) != draw_storm(2, 300)

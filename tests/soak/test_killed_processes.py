"""A run that was killed is judged by its file, its certificates and its kills."""

from dataclasses import replace
from pathlib import Path

import pytest

from monitor.core.certificates import SlotEnd
from monitor.simulator.chain import GeneratedChain
from monitor.stored import StoredSlot
from tests.scenarios.test_stitched import CHAIN, true_end
from tests.soak.killed_processes import Run, judge, storm_faults

CHAIN_OF_SEED = GeneratedChain(1, CHAIN)
SLOTS = range(CHAIN.first_slot, CHAIN.first_slot + 12)


def stored(slot: int, end: SlotEnd) -> StoredSlot:
    return StoredSlot(slot, end, "proof", None, None, None, (), (), (), None, 0)


def good_run() -> Run:
    """Two events, a certificate for every slot, and one kill in slot 5."""
    events = [
        {"id": f"{slot}:slot:confirmed", "slot": slot, "kind": "slot"}
        for slot in (SLOTS[0], SLOTS[5])
    ]
    return Run(
        Path("nowhere"),
        SLOTS.start,
        SLOTS,
        outages=[(5.5, 7.0)],
        certificates={slot: stored(slot, true_end(CHAIN_OF_SEED.slot(slot))) for slot in SLOTS},
        events=events,
        wanted={str(event["id"]): event for event in events},
    )


def test_a_run_of_which_nothing_is_wrong_held() -> None:
    assert judge(good_run(), CHAIN_OF_SEED) is None


def test_a_lost_event_is_told() -> None:
    run = good_run()
    del run.events[0]
    assert "were lost" in (judge(run, CHAIN_OF_SEED) or "")


def test_an_event_of_a_partial_slot_in_flight_may_be_missing_or_differ() -> None:
    run = good_run()
    run.certificates[SLOTS[5]] = stored(SLOTS[5], SlotEnd.PARTIAL)
    assert judge(replace(run, events=run.events[:1]), CHAIN_OF_SEED) is None
    run.events[1] = {**run.events[1], "kind": "other"}
    assert judge(run, CHAIN_OF_SEED) is None


@pytest.mark.parametrize("place", [0, 11])
def test_a_partial_slot_that_was_not_in_flight_is_told(place: int) -> None:
    run = good_run()
    run.certificates[SLOTS[place]] = stored(SLOTS[place], SlotEnd.PARTIAL)
    assert "not in flight at a kill" in (judge(run, CHAIN_OF_SEED) or "")


def test_an_event_that_came_twice_one_too_many_and_one_that_differs_are_told() -> None:
    run = good_run()
    other = {"id": "1:slot:confirmed", "slot": SLOTS[0], "kind": "slot"}
    run.events += [run.events[0], other]
    run.wanted[run.events[1]["id"]] = {**run.events[1], "kind": "other"}
    told = judge(run, CHAIN_OF_SEED) or ""
    assert "came twice" in told
    assert "are not in the truth" in told
    assert "differ" in told


def test_a_slot_without_a_certificate_and_one_of_the_wrong_end_are_told() -> None:
    run = good_run()
    del run.certificates[SLOTS[1]]
    run.certificates[SLOTS[2]] = stored(SLOTS[2], SlotEnd.LOST)
    told = judge(run, CHAIN_OF_SEED) or ""
    assert "1 have no certificate" in told
    assert "1 ended otherwise" in told


@pytest.mark.parametrize("seed", range(5))
def test_one_region_at_most_loses_what_it_could_replay(seed: int) -> None:
    faults = list(storm_faults(seed, 600))
    assert len({fault.region for fault in faults if fault.name in ("kill", "mute")}) == 1
    assert {fault.name for fault in faults} >= {"refuse", "cut", "lag", "drop-tx", "drop-slot"}
    assert "drop-account" not in {fault.name for fault in faults}

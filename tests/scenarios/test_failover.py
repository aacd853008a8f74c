"""Hot and warm endpoints that fail in every way, in virtual time: the file equals the truth, and nothing moves without need."""

from dataclasses import replace
from pathlib import Path

import pytest

from monitor.core.failover import FailoverPolicy, Strategy, What
from monitor.core.monitors import Monitor, TransactionsFilter
from tests.scenarios.handovers import (
    DELAYS,
    SILENCE,
    SLOT_TIME,
    Fleet,
    Trouble,
    asked_for_everything,
    assert_calm,
    at_slot,
    decisions,
    draw_troubles,
    hush,
    watch_handovers,
)
from tests.scenarios.run import START, Fault, Outcome, Rpcs, watch

RACE = Fleet(4, FailoverPolicy(Strategy.RACE, hot=2))
STANDBY = Fleet(3, FailoverPolicy(Strategy.STANDBY))


async def under_storm(directory: Path, fleet: Fleet, seed: int) -> Outcome:
    """Troubles drawn from the seed."""
    troubles = draw_troubles(seed, 260, fleet.regions)
    outcome = await watch_handovers(directory, fleet, troubles, seed=seed, slots=260)
    assert_calm(outcome)
    return outcome


async def test_two_of_four_race_and_whoever_fails_is_replaced(tmp_path: Path) -> None:
    outcome = await under_storm(tmp_path, RACE, seed=1)
    assert sum(each.what == What.REPLACED for each in decisions(outcome)) > 2


async def test_one_of_three_brings_everything_and_the_others_are_ready(tmp_path: Path) -> None:
    outcome = await under_storm(tmp_path, STANDBY, seed=2)
    assert sum(each.what == What.REPLACED for each in decisions(outcome)) > 2


async def test_where_nothing_happens_nothing_moves_and_one_alone_is_asked_for_everything(
    tmp_path: Path,
) -> None:
    outcome = await watch_handovers(tmp_path, STANDBY, [], seed=3, slots=100)
    assert [each.what for each in decisions(outcome)] == [What.CHOSEN]
    assert asked_for_everything(outcome) == {"nyc": 1, "tyo": 0, "fra": 0}
    assert {each.missed_by for each in outcome.certificates().values()} == {()}


@pytest.mark.parametrize("fleet", [RACE, STANDBY])
async def test_silence_is_found_within_twelve_slots(tmp_path: Path, fleet: Fleet) -> None:
    troubles = [Trouble("nyc", "mute", 50.0, 90.0)]
    outcome = await watch_handovers(tmp_path, fleet, troubles, seed=4, slots=100)
    first = next(each for each in decisions(outcome) if each.what == What.REPLACED)
    assert first.source == "nyc"
    assert "silent" in first.why
    assert 50.0 < at_slot(first) <= 50.0 + SILENCE / SLOT_TIME


@pytest.mark.parametrize("fleet", [RACE, STANDBY])
async def test_where_all_are_silent_at_once_nobody_is_replaced(
    tmp_path: Path, fleet: Fleet
) -> None:
    troubles = hush(50.0, fleet.regions)
    outcome = await watch_handovers(tmp_path, fleet, troubles, seed=4, slots=90)
    assert {each.what for each in decisions(outcome)} == {What.CHOSEN, What.KEPT}


@pytest.mark.parametrize("fleet", [RACE, STANDBY])
async def test_the_only_one_that_is_not_far_behind_keeps_its_place(
    tmp_path: Path, fleet: Fleet
) -> None:
    first, *others = fleet.regions
    faults = [Fault(30.0, name, "lag", "90") for name in others]
    outcome = await watch(
        [Monitor("all", transactions=TransactionsFilter())],
        tmp_path,
        slots=200,
        faults=faults,
        seed=6,
        slot_time=SLOT_TIME,
        delays={name: DELAYS[name] for name in fleet.regions},
        failover=fleet.policy,
        rpcs=Rpcs(0),
    )
    assert [each.source for each in decisions(outcome) if each.source == first] == []
    slots = outcome.slots
    wanted = {each["id"] for each in outcome.truth if each["kind"] == "transaction"}
    events = [event for event in outcome.events if event["slot"] in slots]
    assert {event["id"] for event in events} == {
        key for key in wanted if int(key.split(":")[0]) in slots
    }
    began = {slot: START + (slot - slots.start) * SLOT_TIME for slot in slots}
    late = [
        moment - began[event["slot"]]
        for moment, event in zip(outcome.moments, outcome.events, strict=True)
        if event["slot"] in slots
    ]
    assert max(late) < 10 * SLOT_TIME


async def test_who_is_better_gets_its_place_back_when_it_has_been_so_for_long(
    tmp_path: Path,
) -> None:
    troubles = [Trouble("nyc", "kill", 40.0, 60.0)]
    outcome = await watch_handovers(tmp_path, STANDBY, troubles, seed=5, slots=180)
    assert_calm(outcome)
    told = [each for each in decisions(outcome) if each.what != What.CHOSEN]
    assert [(each.what, each.source, each.target) for each in told] == [
        (What.REPLACED, "nyc", "tyo"),
        (What.EXCHANGED, "tyo", "nyc"),
        (What.HANDED_OVER, "tyo", "nyc"),
    ]
    assert at_slot(told[0]) == pytest.approx(40.0, abs=0.1)
    assert at_slot(told[1]) > 90.0


async def test_at_standby_a_kill_delays_no_event_by_a_second(tmp_path: Path) -> None:
    fleet = replace(STANDBY, slot_time=0.4)
    kills = [Trouble("nyc", "cut", 60.3, 60.3), Trouble("tyo", "cut", 70.6, 70.6)]
    outcome = await watch_handovers(tmp_path, fleet, kills, seed=6, slots=100)
    assert [each.target for each in decisions(outcome)[:3]] == ["nyc", "tyo", "fra"]
    first = outcome.slots[0]
    delays = [
        (event["slot"] - first, at - START - (event["slot"] - first) * fleet.slot_time)
        for event, at in zip(outcome.events, outcome.moments, strict=True)
        if event["kind"] != "slot"
    ]
    calm = max(delay for slot, delay in delays if slot < 55)
    assert max(delay for slot, delay in delays if slot >= 55) < calm + 1.0

"""Six monitors divided over three of four regions, each on two, in virtual time: whoever fails, the file equals the truth."""

from dataclasses import replace
from pathlib import Path

import pytest

from monitor.core.chain import Kind
from monitor.core.failover import Load, Strategy, What
from monitor.simulator.base58 import base58
from tests.scenarios.handovers import (
    CHAIN,
    assert_calm,
    decisions,
    draw_troubles,
    faults_of,
    wishes_of,
)
from tests.scenarios.run import LAGGED, Fault, Outcome
from tests.scenarios.spreading import (
    NAMES,
    REGIONS,
    Scene,
    assert_divided,
    carried_at,
    moment_of,
    wants,
    watch_spread,
)

SETTLED = 12
"""Slots after which monitors are divided and nobody carries what it gave away."""

FAR_BEHIND = "20"
"""Seconds, by which who lags loses its place."""


async def test_while_all_are_sound_each_monitor_is_on_two_regions_and_none_carries_all(
    tmp_path: Path,
) -> None:
    outcome = await watch_spread(tmp_path, Scene(seed=1, slots=60))
    for slot in range(SETTLED, 60, 4):
        assert_divided(outcome, slot)
    assert [each.what for each in decisions(outcome)] == [What.CHOSEN] * 3 + [What.DIVIDED]
    assert {each.missed_by for each in outcome.certificates().values()} == {()}


@pytest.mark.parametrize("word", ["kill", "mute", "lag"])
async def test_each_region_fails_in_turn_and_nothing_is_lost_or_doubled(
    tmp_path: Path, word: str
) -> None:
    faults = [
        each
        for place, region in enumerate(REGIONS[:3])
        for each in (
            Fault(20.0 + 35 * place, region, word, FAR_BEHIND if word == "lag" else None),
            Fault(40.0 + 35 * place, region, "heal"),
        )
    ]
    outcome = await watch_spread(tmp_path, Scene(seed=2, slots=120, faults=faults))
    assert_calm(outcome)
    assert_divided(outcome, SETTLED)
    told = [each.what for each in decisions(outcome)]
    assert What.REPLACED in told
    assert told.count(What.DIVIDED) > 1


async def test_several_regions_fail_at_once_and_come_and_go(tmp_path: Path) -> None:
    troubles = draw_troubles(3, 130, REGIONS)
    faults, wishes = list(faults_of(troubles)), list(wishes_of(troubles, REGIONS))
    outcome = await watch_spread(tmp_path, Scene(3, 130, faults, wishes))
    assert_calm(outcome)


async def test_of_regions_that_are_never_whole_any_two_bring_a_monitor_all_it_wants(
    tmp_path: Path,
) -> None:
    outcome = await watch_spread(tmp_path, Scene(seed=6, slots=40, is_torn=True))
    missed = {who for each in outcome.certificates().values() for who in each.missed_by}
    assert missed >= {0, 1, 2}


async def test_who_drops_a_transaction_is_named_where_it_carries_a_monitor_that_wants_it(
    tmp_path: Path,
) -> None:
    faults = [Fault(SETTLED, "tyo", "drop-tx", "0.3")]
    chain = replace(CHAIN, transactions=8, forked=0.0, dead=0.0, recreated=0.0)
    outcome = await watch_spread(tmp_path, Scene(4, 40, faults, chain=chain))
    missed, not_carried = lost_by(outcome, "tyo")
    named = {slot: each.missed_by for slot, each in outcome.certificates().items()}
    place = REGIONS.index("tyo")
    assert {slot for slot, who in named.items() if who == (place,)} == missed
    assert {who for slot, who in named.items() if slot not in missed} == {()}
    assert len(missed) > 5
    assert len(not_carried - missed) > 2


def lost_by(outcome: Outcome, region: str) -> tuple[set[int], set[int]]:
    """Slots of which the region dropped a transaction for a monitor that it carries; those with one for another."""
    carried = carried_at(outcome, moment_of(outcome, SETTLED))[region]
    losses = outcome.regions[region].faults.losses.latest
    dropped = {base58(each.identity) for each in losses if each.kind is Kind.TRANSACTION}
    mine, others = set[int](), set[int]()
    for record in outcome.truth:
        if record["kind"] == "transaction" and record["signature"] in dropped:
            wanting = {name for name, wanted in wants(()).items() if wanted(record)}
            (mine if wanting & carried else others).add(record["slot"])
    return mine & {*outcome.slots}, others & {*outcome.slots}


async def test_streams_that_are_read_too_slowly_are_narrowed_and_then_divided_until_all_is_calm(
    tmp_path: Path,
) -> None:
    chain = replace(CHAIN, slot_time=4.0)
    cuts = [Fault(15.3, "ams", LAGGED), Fault(22.6, "nyc", LAGGED)]
    scene = Scene(5, 105, cuts, chain=chain, strategy=Strategy.RACE)
    outcome = await watch_spread(tmp_path, scene)
    loads = [
        each.why.rpartition(": ")[2]
        for each in decisions(outcome)
        if each.what in (What.SHED, What.RESTORED)
    ]
    assert loads == [each.name.lower() for each in (Load.NARROW, Load.SPREAD, Load.NARROW)]
    everything = [set(NAMES)] * 3 + [set()]
    assert [*carried_at(outcome, moment_of(outcome, 21)).values()] == everything
    assert_divided(outcome, 22.6 + SETTLED)
    assert [*carried_at(outcome, moment_of(outcome, 104)).values()] == everything
    assert {each.what for each in decisions(outcome)} & {What.REPLACED, What.DEMOTED} == set()

"""Trap 18: a replay reaches 0 to 150 slots back, or a day: it is learned per endpoint; and a slot's time is measured."""

from pathlib import Path

import pytest

from monitor.core.certificates import SlotEnd
from monitor.core.commands import Fetch, OpenFeed
from monitor.core.endings import EndReason
from monitor.core.monitors import Monitor, TransactionsFilter
from monitor.core.reach import may_replay
from monitor.core.repair import RecoveryPolicy
from monitor.core.rungs import Rung
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.region import RegionSettings
from tests.core.play import ALL, confirmed, finalized, tx
from tests.core.test_repair import Recovery
from tests.scenarios.run import REGIONS, Fault, Rpcs, watch

BOTH = RecoveryPolicy(rungs=(Rung.REPLAY, Rung.RPC), workers={Rung.REPLAY: 2, Rung.RPC: 8})
CHAIN = ChainSettings(slot_time=0.1, votes=3, transactions=2, account_writes=2, entries=1)


def gap_of_two_endpoints() -> tuple[Recovery, OpenFeed]:
    """Slot 6 never came to either; the first request for its replay."""
    play = Recovery(ALL, feeds=2, recovery=BOTH)
    for feed in (1, 2):
        play.block(feed, 5, tx(5, 0)).says(feed, confirmed(5), finalized(5))
    for feed in (1, 2):
        play.block(feed, 7, tx(7, 0)).says(feed, confirmed(7))
    asked = play.asked(OpenFeed)[-1]
    assert (asked.from_slot, asked.is_replay) == (6, True)
    play.accepts(asked.feed)
    return play, asked


def test_what_one_endpoint_no_longer_keeps_another_may() -> None:
    play, asked = gap_of_two_endpoints()
    play.ends(asked.feed, EndReason.REPLAY_EXPIRED, floor=40)
    connections = play.kernel.connections
    assert not may_replay(connections.all[asked.endpoint], 6, 100.0)
    assert may_replay(connections.all[1 - asked.endpoint], 6, 100.0)


def test_where_nobody_keeps_it_an_rpc_is_asked_at_once() -> None:
    play, asked = gap_of_two_endpoints()
    play.kernel.connections.all[1 - asked.endpoint].replay_off = True
    play.ends(asked.feed, EndReason.REPLAY_OFF)
    assert [each.slot for each in play.asked(Fetch)] == [6]


@pytest.mark.parametrize("slot_time", [0.05, 0.4, 1.2])
def test_the_time_of_a_slot_is_measured(slot_time: float) -> None:
    play = Recovery(ALL)
    for slot in range(5, 105):
        play.block(1, slot, tx(slot, 0)).says(1, finalized(slot)).at(play.now + slot_time)
    assert play.kernel.gate.slot_time == pytest.approx(slot_time, rel=0.01)


@pytest.mark.parametrize(("stored", "needs_rpc"), [(0, True), (4, True), (300, False)])
async def test_a_gap_is_closed_however_deep_a_replay_reaches(
    stored: int, *, needs_rpc: bool, tmp_path: Path
) -> None:
    outcome = await watch(
        (Monitor("all", transactions=TransactionsFilter()),),
        tmp_path,
        slots=120,
        faults=[Fault(20, region, "outage", "60") for region in REGIONS],
        slot_time=0.1,
        chain_settings=CHAIN,
        region_settings=RegionSettings(replay_stored_slots=stored),
        rpcs=Rpcs(1),
    )
    made = outcome.certificates().values()
    assert len(made) == len(outcome.slots)
    assert not {SlotEnd.PARTIAL, SlotEnd.LOST} & {one.end for one in made}
    assert ("rpc" in {one.recovered_by for one in made}) == needs_rpc
    assert (outcome.nodes[0].faults.requests > 0) == needs_rpc

"""An outage in which one slot can be had nowhere: it is lost, loudly, and nothing else is for it."""

from dataclasses import replace
from pathlib import Path

from monitor.adapters.stores.ledger import SqliteLedger
from monitor.core.certificates import SlotEnd
from monitor.core.chain import Commitment
from monitor.core.commands import Certify, KeepJobs, Recall, Settled
from monitor.core.events import Recalled, SignedOff
from monitor.core.monitors import Monitor, TransactionsFilter
from monitor.runtime.bookkeeping import Books
from monitor.runtime.resumption import resumption
from monitor.simulator.chain import GeneratedChain
from monitor.simulator.region import RegionSettings
from tests.core.play import ALL, finalized, tx
from tests.core.test_repair import RPC, Recovery
from tests.core.test_under_holes import below_a_lost_slot, told
from tests.runtime.fakes import DurableMemory, EvenDice, Journal, VirtualClock, at_once
from tests.runtime.test_resumption import subscribed
from tests.scenarios.run import REGIONS, Fault, Rpcs, watch
from tests.scenarios.test_gap import CHAIN as LIGHT
from tests.scenarios.test_gap import bank_of
from tests.scenarios.test_stitched import true_end

SLOT_TIME = 0.4
CHAIN = replace(LIGHT, slot_time=SLOT_TIME)
SLOTS = 90
OUTAGE = range(10, 80)
"""Longer by some slots than what regions replay, which is what is not final yet."""
TAIL = 90
"""Slots: long enough for a slot to be given up, and for those below it to be had."""
EVERYTHING = (Monitor("all", transactions=TransactionsFilter()),)


async def test_a_slot_that_nobody_has_hides_none_below_it(tmp_path: Path) -> None:
    chain = GeneratedChain(1, CHAIN)
    first = CHAIN.first_slot
    hole = next(first + n for n in range(30, 40) if bank_of(chain, first + n) is not None)
    outcome = await watch(
        EVERYTHING,
        tmp_path,
        slots=SLOTS,
        faults=[Fault(OUTAGE.start, region, "outage", str(len(OUTAGE))) for region in REGIONS],
        slot_time=SLOT_TIME,
        chain_settings=CHAIN,
        region_settings=RegionSettings(replay_stored_slots=0),
        rpcs=Rpcs(3, tuple((f"rpc{number}", "lack", str(hole)) for number in (1, 2, 3))),
        tail=TAIL,
    )
    certificates = outcome.certificates()
    blocks = [slot for slot in outcome.slots if true_end(chain.slot(slot)) is SlotEnd.COMPLETE]
    wrong = {
        slot: certificates[slot].end
        for slot in blocks
        if certificates[slot].end not in (SlotEnd.COMPLETE, SlotEnd.RECOVERED)
    }
    assert wrong == {hole: SlotEnd.LOST}
    heard = {event["slot"] for event in outcome.events}
    assert [slot for slot in blocks if slot not in heard] == [hole]
    placed = [slot for slot in blocks if "two RPCs say" in certificates[slot].proof]
    assert max(slot for slot in blocks if slot < hole) in placed
    assert outcome.kernel.frontier(Commitment.FINALIZED) == hole - 1
    outcome.kernel.handle(SignedOff(hole, "nothing of ours was in it"), 1e6)
    assert (outcome.kernel.frontier(Commitment.FINALIZED) or 0) > outcome.slots[-1]


async def test_a_slot_that_was_lost_before_a_restart_hides_none_below_it(tmp_path: Path) -> None:
    store = SqliteLedger(tmp_path / "ledger.sqlite")
    file = subscribed("file", DurableMemory(), "all")
    books = Books(store, ["ams"], [file], VirtualClock(), Journal(), EvenDice(), aside=at_once)
    await books.resume(None, ())
    before = below_a_lost_slot(height=54)
    for command in before.commands:
        match command:
            case Certify():
                books.certify(command.certificates, command.given)
            case KeepJobs():
                books.keep_jobs(command.changes)
            case Settled():
                books.settle(command.slot)
            case _:
                pass
    await books.close()
    store.close()
    store = SqliteLedger(tmp_path / "ledger.sqlite")
    resumed = resumption(store, [file], None)
    store.close()
    assert resumed.open == ((6, 10),)
    play = Recovery(
        ALL,
        recovery=replace(RPC, jobs=resumed.jobs),
        resume_slot=resumed.resume_slot,
        closed=resumed.closed,
        still_open=resumed.open,
        beside=resumed.beside,
    )
    assert play.kernel.is_lost(9)
    for recall in play.asked(Recall):
        play.hears(Recalled(recall.slots, {}))
    play.block(1, 11, height=55).block(1, 12, height=56).says(1, finalized(12))
    told(play, 8, tx(8, 0, "w0"), parent=6, height=52)
    play.at(play.now + 5)
    assert play.take() == ["8 w0 late"]
    certificates = play.certificates()
    assert (certificates[7].end, certificates[8].end) == (SlotEnd.SKIPPED, SlotEnd.RECOVERED)

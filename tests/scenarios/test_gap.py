"""A slot that every region lost, in virtual time: its child proves the gap at once, and what follows is not lost for it."""

from pathlib import Path

import pytest

from monitor.core.certificates import SlotEnd
from monitor.core.chain import Commitment
from monitor.core.monitors import AccountsFilter, Monitor, SlotsFilter, TransactionsFilter
from monitor.core.policy import Policy
from monitor.simulator.chain import GeneratedChain
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.model import Bank
from monitor.wire.pb import geyser_pb2
from tests.scenarios.run import JITTER, REGIONS, START, Fault, Outcome, watch
from tests.scenarios.test_three_regions import CLOCK

SLOT_TIME = 0.1
CHAIN = ChainSettings(
    slot_time=SLOT_TIME, votes=6, transactions=4, account_writes=12, entries=2, recreated=0.0
)
HOLD = Policy(Commitment.CONFIRMED).hold
SLOTS = 120
EARLIEST = CHAIN.first_slot + 30
MONITORS = (
    Monitor("all", transactions=TransactionsFilter()),
    Monitor("clock", accounts=AccountsFilter(account=(CLOCK,))),
    Monitor("slots", slots=SlotsFilter()),
)


def bank_of(chain: GeneratedChain, slot: int) -> Bank | None:
    return next((bank for bank in chain.slot(slot).banks if bank.canonical), None)


def chosen() -> int:
    """A block between two blocks, well inside the run."""
    chain = GeneratedChain(1, CHAIN)
    slots = range(EARLIEST, EARLIEST + SLOTS)
    return next(s for s in slots if all(bank_of(chain, n) is not None for n in (s - 1, s, s + 1)))


LOST = chosen()


async def watch_loss(directory: Path, fault: str) -> Outcome:
    """Every region loses this slot, or part of it, and nothing else."""
    faults = []
    for region, delay in REGIONS.items():
        place = LOST - CHAIN.first_slot + delay / SLOT_TIME
        faults += [Fault(place - 0.5, region, fault, "1"), Fault(place + 0.5, region, fault, "0")]
    return await watch(
        MONITORS,
        directory,
        slots=SLOTS,
        faults=faults,
        slot_time=SLOT_TIME,
        chain_settings=CHAIN,
    )


def heard_everywhere(outcome: Outcome, slot: int) -> float:
    """When the last region's BlockMeta of this slot was handed to the daemon."""
    feeds = set()
    handed = zip(outcome.feeds.delivered, outcome.feeds.delivered_at, strict=True)
    for (feed, frame), moment in handed:
        update = geyser_pb2.SubscribeUpdate.FromString(frame)
        if update.HasField("block_meta") and update.block_meta.slot == slot:
            feeds.add(feed)
            if len(feeds) == len(REGIONS):
                return moment
    raise AssertionError(f"not every region brought {slot}")


def told(outcome: Outcome, sentence: str) -> list[tuple[float, int]]:
    """When the log said so, and of which slot."""
    dated = zip(outcome.journal.reports, outcome.journal.moments, strict=True)
    return [(at, report.facts["slot"]) for report, at in dated if report.sentence == sentence]


def written(outcome: Outcome, slot: int) -> list[float]:
    """When the slot's events were written, those of its finality left out."""
    dated = zip(outcome.events, outcome.moments, strict=True)
    return [at for e, at in dated if e["slot"] == slot and e.get("status") != "finalized"]


def confirmed_at(outcome: Outcome, slot: int) -> float:
    """When the first region hears that the slot is confirmed, at the earliest."""
    offset = slot - outcome.slots.start + outcome.chain.slot(slot).confirmed_at
    return START + min(REGIONS.values()) + offset * SLOT_TIME


async def test_a_slot_that_all_regions_lost_is_proven_by_its_child_and_holds_nothing_for_long(
    tmp_path: Path,
) -> None:
    outcome = await watch_loss(tmp_path, "drop-slot")
    assert [region.faults.losses.slots for region in outcome.regions.values()] == [1, 1, 1]
    missing = told(outcome, "a block is missing: its child names it and no feed brought it")
    assert missing == [(heard_everywhere(outcome, LOST + 1), LOST)]
    for level in (Commitment.CONFIRMED, Commitment.FINALIZED):
        assert outcome.kernel.frontier(level) == LOST - 1
    certificates = outcome.certificates()
    assert sorted(certificates) == list(outcome.slots)
    partial = [slot for slot, one in certificates.items() if one.end == SlotEnd.PARTIAL]
    assert partial == [LOST]
    bank = bank_of(outcome.chain, LOST)
    assert bank is not None
    assert certificates[LOST].blockhash == bank.blockhash
    assert certificates[LOST].missed_by == (0, 1, 2)
    coverage = outcome.kernel.coverage()
    assert coverage is not None
    assert coverage.produced == coverage.complete + 1


async def test_what_follows_a_gap_is_held_once_and_then_written_slot_by_slot(
    tmp_path: Path,
) -> None:
    outcome = await watch_loss(tmp_path, "drop-slot")
    assert [e for e in outcome.events if e["slot"] == LOST] == []
    (passed,) = told(outcome, "a slot was passed over incomplete")
    assert passed[1] == LOST
    assert passed[0] == pytest.approx(confirmed_at(outcome, LOST + 1) + HOLD, abs=2 * JITTER)
    assert set(written(outcome, LOST + 1)) == {passed[0]}
    blocks = [n for n in outcome.slots if bank_of(outcome.chain, n) is not None and n != LOST]
    moments = {slot: written(outcome, slot) for slot in blocks}
    assert [slot for slot in blocks if not moments[slot]] == []
    assert [min(moments[n]) for n in blocks] == sorted(min(moments[n]) for n in blocks)
    later = [slot for slot in blocks if confirmed_at(outcome, slot) > passed[0]]
    assert len(later) > SLOTS / 4
    slowest = max(REGIONS.values()) + SLOT_TIME
    assert [n for n in later if max(moments[n]) > confirmed_at(outcome, n) + slowest] == []
    assert [event for event in outcome.events if event["late"]] == []


async def test_a_slot_without_its_transactions_is_partial_by_their_count(tmp_path: Path) -> None:
    outcome = await watch_loss(tmp_path, "drop-tx")
    certificates = outcome.certificates()
    partial = {slot: one for slot, one in certificates.items() if one.end == SlotEnd.PARTIAL}
    bank = bank_of(outcome.chain, LOST)
    assert bank is not None
    lost = {name: region.faults.losses.latest for name, region in outcome.regions.items()}
    assert all({one.slot for one in losses} >= {LOST} for losses in lost.values())
    assert LOST in partial
    assert "transactions" in partial[LOST].proof
    assert {slot for slot in partial} <= {one.slot for losses in lost.values() for one in losses}

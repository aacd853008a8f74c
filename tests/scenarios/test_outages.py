"""Whole-cluster outages, common losses, RPCs that err and one that lies: every slot is got back, and says how."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from monitor.core.certificates import Certificate, SlotEnd
from monitor.simulator.chain import GeneratedChain
from monitor.simulator.region import RegionSettings
from monitor.stored import StoredSlot
from tests.e2e.expected import Record, bare, expected
from tests.scenarios.outages import RATE, draw_trouble
from tests.scenarios.run import Outcome, watch
from tests.scenarios.test_stitched import (
    CHAIN,
    SLOT_TIME,
    busiest_accounts,
    monitors,
    true_end,
    wants,
)

TAIL = 200
"""Slots in which the last of it is got back."""
REPLAYED = 8
"""Finalized slots that a region keeps beside those that are not final yet: enough for all outages but the longest."""


def assert_truth(
    found_events: Sequence[Record],
    wanted: Mapping[str, Record],
    slots: range,
    certificates: Mapping[int, Certificate | StoredSlot],
) -> int:
    """Events are the truth's, each once, field by field; answers how many account writes a reconciled state stands for.

    A write may be missing where the certificate of its slot names the slot of a state that was read, and a record of
    that account's state or of a later write is there.
    """
    events = [event for event in found_events if event["slot"] in slots]
    times = Counter((event["id"], name) for event in found_events for name in event["monitors"])
    assert [key for key, count in times.items() if count > 1] == []
    live = [event for event in events if event["source"] != "reconciled"]
    found = {event["id"]: bare(event) for event in live}
    assert len(found) == len(live)
    assert sorted(found.keys() - wanted.keys()) == []
    assert [key for key, record in found.items() if wanted[key] != record] == []
    latest = {
        event["pubkey"]: event["slot"] for event in found_events if event["kind"] == "account"
    }
    stood_for = 0
    for key in wanted.keys() - found.keys():
        record = wanted[key]
        assert record["kind"] == "account", key
        assert "accounts as of slot" in certificates[record["slot"]].proof, key
        assert latest.get(record["pubkey"], 0) >= record["slot"], key
        stood_for += 1
    return stood_for


def assert_certified(
    chain: GeneratedChain, slots: Iterable[int], found: Mapping[int, Certificate | StoredSlot]
) -> dict[str, int]:
    """Every slot has a certificate that leaves nothing open; answers how many each rung recovered."""
    rungs: dict[str, int] = {}
    for number in slots:
        certificate, truth = found[number], true_end(chain.slot(number))
        if certificate.end is SlotEnd.RECOVERED:
            assert truth is SlotEnd.COMPLETE
            assert certificate.recovered_by is not None
            rungs[certificate.recovered_by] = rungs.get(certificate.recovered_by, 0) + 1
        elif truth in (SlotEnd.FORKED, SlotEnd.DEAD):
            # Nobody who was cut off can tell a lost block from a slot without one.
            assert certificate.end in (truth, SlotEnd.SKIPPED, SlotEnd.FORKED)
        else:
            assert certificate.end is truth
    return rungs


async def prove(
    directory: Path, seed: int, slots: int, replayed: int = REPLAYED, tail: int = TAIL
) -> tuple[Outcome, Sequence[str]]:
    """One run, and all that must hold of it; and what it met, in words. `replayed`: slots that regions keep."""
    accounts = busiest_accounts(seed)
    trouble = draw_trouble(seed, slots)
    outcome = await watch(
        monitors(accounts),
        directory,
        slots=slots,
        faults=trouble.faults,
        seed=seed,
        slot_time=SLOT_TIME,
        chain_settings=CHAIN,
        region_settings=RegionSettings(replay_stored_slots=replayed),
        rpcs=trouble.rpcs,
        tail=tail,
    )
    wanted = expected(outcome.truth, wants(accounts), outcome.slots)
    certificates = outcome.certificates()
    stood_for = assert_truth(outcome.events, wanted, outcome.slots, certificates)
    assert {slot: names for slot, names in outcome.could_replay.items() if names} == {}
    rungs = assert_certified(outcome.chain, outcome.slots, certificates)
    coverage = outcome.kernel.coverage()
    assert coverage is not None
    assert coverage.complete == coverage.produced
    queue = outcome.kernel.repair.queue  # the last moments of the tail may have jobs of their own
    assert [slot for slot in outcome.slots if queue.is_open(slot)] == []
    assert outcome.kernel.standing().lost == 0
    for node in outcome.nodes:
        assert node.faults.busiest_second <= RATE
    words = [f"{count} by {rung}" for rung, count in sorted(rungs.items())]
    return outcome, [*words, f"{stood_for} account writes reconciled"]


async def test_what_all_regions_lose_is_got_back_and_says_how(tmp_path: Path) -> None:
    _, met = await prove(tmp_path, seed=1, slots=240)
    assert any("by replay" in word for word in met)


async def test_without_replay_rpcs_bring_it_and_accounts_are_reconciled(tmp_path: Path) -> None:
    _, met = await prove(tmp_path, seed=2, slots=240, replayed=0)
    assert any("by rpc" in word for word in met)
    assert not met[-1].startswith("0 ")

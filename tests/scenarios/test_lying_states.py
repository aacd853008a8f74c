"""An RPC lies about accounts while all regions lose their writes: what it says never comes out, and it is named."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from monitor.core.certificates import SlotEnd
from monitor.core.chain import Kind
from monitor.simulator.base58 import base58
from monitor.simulator.chain import GeneratedChain
from monitor.simulator.model import Bank
from monitor.simulator.region import RegionSettings
from tests.e2e.expected import Record
from tests.scenarios.run import REGIONS, Fault, Outcome, Rpcs, watch
from tests.scenarios.test_stitched import CHAIN, SLOT_TIME, monitors, true_end
from tests.scenarios.wholeness import identities

SEED: Final = 6
SLOTS: Final = 60
FIRST: Final = 19
"""Slots before the outage."""
OUTAGE: Final = 10
"""Slots that nobody streams or replays."""
TAIL: Final = 80
"""Slots in which the others are recovered."""
CONTENT: Final = ("lamports", "owner", "data")


def quiet_accounts() -> tuple[str, ...]:
    """Accounts that are written in the outage, and not again: no live write makes their states needless."""
    chain = GeneratedChain(SEED, CHAIN)
    written = [
        {
            key[:32]
            for bank in chain.slot(chain.first_slot + place).banks
            for _, key in accounts(bank)
        }
        for place in range(FIRST, SLOTS + TAIL)
    ]
    during = set[bytes]().union(*written[:OUTAGE])
    after = set[bytes]().union(*written[OUTAGE:])
    return tuple(base58(key) for key in sorted(during - after))


def accounts(bank: Bank) -> list[tuple[Kind, bytes]]:
    return [each for each in identities(bank) if each[0] is Kind.ACCOUNT]


async def lied_to(directory: Path, rpcs: int) -> Outcome:
    """One of so many RPCs lies about every account."""
    return await watch(
        monitors(quiet_accounts()),
        directory,
        slots=SLOTS,
        faults=[Fault(FIRST + 1.0, region, "outage", str(OUTAGE)) for region in REGIONS],
        seed=SEED,
        slot_time=SLOT_TIME,
        chain_settings=CHAIN,
        region_settings=RegionSettings(replay_stored_slots=0),
        rpcs=Rpcs(rpcs, (("rpc2", "lie", "states"),)),
        tail=TAIL,
    )


def reconciled(events: Sequence[Record]) -> list[Record]:
    return [event for event in events if event["source"] == "reconciled"]


def writes_by_account(truth: Sequence[Record]) -> Mapping[str, list[Record]]:
    """Those of the chain, ascending."""
    found: dict[str, list[Record]] = {}
    for record in truth:
        if record["kind"] == "account":
            found.setdefault(record["pubkey"], []).append(record)
    return {key: sorted(writes, key=lambda r: r["slot"]) for key, writes in found.items()}


def false_states(outcome: Outcome) -> list[str]:
    """Ids of states that are not what the account held in their slot."""
    writes = writes_by_account(outcome.truth)
    false = []
    for event in reconciled(outcome.events):
        of_account = writes[event["pubkey"]]
        place = bisect_right([write["slot"] for write in of_account], event["slot"])
        same_slot = [w for w in of_account if w["slot"] == of_account[place - 1]["slot"]]
        held = [[write[name] for name in CONTENT] for write in same_slot]
        if [event[name] for name in CONTENT] not in held:
            false.append(event["id"])
    return false


def blocks(outcome: Outcome) -> int:
    """In the slots of the outage."""
    first = outcome.chain.first_slot + FIRST
    ends = [true_end(outcome.chain.slot(slot)) for slot in range(first, first + OUTAGE)]
    return ends.count(SlotEnd.COMPLETE)


def disputes(outcome: Outcome) -> list[object]:
    """The RPCs that each report names."""
    sentence = "RPCs disagree about account states"
    return [each.facts["origins"] for each in outcome.journal.reports if each.sentence == sentence]


async def test_two_honest_rpcs_outvote_one_that_lies_about_accounts(tmp_path: Path) -> None:
    outcome = await lied_to(tmp_path, rpcs=3)
    told = {event["pubkey"] for event in reconciled(outcome.events)}
    assert told >= set(quiet_accounts())
    assert false_states(outcome) == []
    assert disputes(outcome) == [["rpc2"]]
    standing = outcome.kernel.standing()
    assert (standing.lost, standing.jobs) == (0, {})
    proofs = [each.proof for each in outcome.certificates().values()]
    assert sum("accounts as of slot" in proof for proof in proofs) == blocks(outcome)
    assert not any("one RPC" in proof for proof in proofs)


async def test_where_only_two_tell_and_one_lies_neither_is_believed(tmp_path: Path) -> None:
    outcome = await lied_to(tmp_path, rpcs=2)
    assert reconciled(outcome.events) == []
    assert disputes(outcome) == [["rpc1", "rpc2"]]
    ends = [each.end for each in outcome.certificates().values()]
    assert ends.count(SlotEnd.PARTIAL) == blocks(outcome)

"""The daemon killed about each second, on regions that are never whole: its file equals the truth all the same.

Only slots that a certificate names as partial may lack something: no recovery exists yet. Those were in flight at a
kill, and no region stayed whole over them.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from monitor.core.certificates import SlotEnd
from monitor.core.chain import Kind
from tests.e2e.expected import Record, bare, expected
from tests.runtime.fakes import VirtualClock
from tests.scenarios.killed import DOWN, LIFE, Machine, kill_each_second
from tests.scenarios.run import JITTER, REGIONS, START
from tests.scenarios.storms import Storm, draw_storm
from tests.scenarios.test_stitched import (
    CHAIN,
    SLOT_TIME,
    block_of,
    busiest_accounts,
    monitors,
    subscribed,
    true_end,
    wants,
)
from tests.scenarios.wholeness import by_slot, identities

REPLAYED = 150
"""Slots that a region can replay."""
MOST_PARTIAL = 30
"""Of 600 slots, in the run of the fixed seed: a daemon that gets nothing done in a life of a second leaves more."""
UNSEEN = {
    SlotEnd.FORKED: (SlotEnd.SKIPPED,),
    SlotEnd.DEAD: (SlotEnd.SKIPPED, SlotEnd.FORKED),
}
"""What a slot may count as beside its true end: no replay tells of forks and deaths, so a new process knows of none."""


def partial_slots(machine: Machine) -> dict[int, float]:
    """Slots of interest whose last certificate says partial, and when it was made."""
    began = VirtualClock().utc_ns(0)
    return {
        slot: (one.closed_at_ns - began) / 1e9
        for slot, one in machine.store.certificates.items()
        if slot in machine.slots and one.end == SlotEnd.PARTIAL
    }


def in_flight(machine: Machine) -> set[int]:
    """Slots that had begun when a daemon started again, and were not settled when the one before it was killed."""
    return {
        slot
        for outage in machine.outages
        for slot in range(outage.settled + 1, machine.slots.stop)
        if machine.begins(slot) <= outage.back_at
    }


def stayed_whole(
    machine: Machine, storm: Storm, accounts: tuple[str, ...], slot: int, until: float
) -> Iterator[str]:
    """Regions that held everything of the slot from its beginning to its end, and could replay it `until` then."""
    block = block_of(machine.chain.slot(slot))
    assert block is not None
    begins = machine.begins(slot)
    everything = subscribed(frozenset(identities(block)), accounts)
    for region, delay in REGIONS.items():
        losses = by_slot(machine.regions[region].faults.losses.latest).get(slot, [])
        if any(loss.kind is None or (loss.kind, loss.identity) in everything for loss in losses):
            continue
        ends = begins + block.meta_at * SLOT_TIME + delay + JITTER
        needed = {"kill": until, "mute": ends}
        if not any(
            each.region == region
            and each.name in needed
            and START + each.at_slot * SLOT_TIME <= needed[each.name]
            and begins <= START + each.healed_at * SLOT_TIME
            for each in storm.episodes
        ):
            yield region


def assert_truth(machine: Machine, events: list[Record], accounts: tuple[str, ...]) -> None:
    """Every event of the truth is in the file, once and field by field, but in slots that are partial; no other is."""
    partial = partial_slots(machine)
    wanted = expected(machine.truth(), wants(accounts), machine.slots)
    found = {event["id"]: bare(event) for event in events}
    assert [key for key, times in Counter(e["id"] for e in events).items() if times > 1] == []
    assert sorted(found.keys() - wanted.keys()) == []
    sure = {key: record for key, record in wanted.items() if record["slot"] not in partial}
    assert sorted(sure.keys() - found.keys()) == []
    assert [key for key, record in sure.items() if found[key] != record] == []


def assert_certified(machine: Machine) -> None:
    """All is settled in the end, and every slot that is not partial has a certificate of the right end."""
    found = machine.store.certificates
    settled = machine.store.settled()
    assert settled is not None
    assert settled >= machine.slots[-1]
    assert [slot for slot in machine.slots if slot not in found] == []
    ends = {slot: (true_end(machine.chain.slot(slot)), found[slot].end) for slot in machine.slots}
    wrong = {
        slot: (true, end)
        for slot, (true, end) in ends.items()
        if end not in (true, SlotEnd.PARTIAL, *UNSEEN.get(true, ()))
    }
    assert wrong == {}


def assert_partial_for_want_of_a_recovery(
    machine: Machine, storm: Storm, accounts: tuple[str, ...]
) -> None:
    """Partial slots were in flight at a kill, and no region stayed whole over them."""
    partial = partial_slots(machine)
    assert sorted(partial.keys() - in_flight(machine)) == []
    whole = {
        slot: regions
        for slot, at in partial.items()
        if block_of(machine.chain.slot(slot)) is not None
        and (regions := list(stayed_whole(machine, storm, accounts, slot, at)))
    }
    assert whole == {}


def assert_harsh(machine: Machine) -> None:
    """There was a kill about each second, and each daemon started within what regions can replay."""
    seconds = len(machine.slots) * SLOT_TIME
    assert len(machine.outages) > seconds / (LIFE[1] + DOWN[1])
    for outage in machine.outages:
        slot = machine.slots.start + (outage.back_at - START) / SLOT_TIME
        assert slot - outage.settled < REPLAYED


async def prove_killed(folder: Path, seed: int, slots: int) -> Machine:
    """One run, and all that must hold of it."""
    accounts = busiest_accounts(seed)
    storm = draw_storm(seed, slots)
    machine = await kill_each_second(
        monitors(accounts),
        folder,
        seed=seed,
        slots=slots,
        faults=storm.faults(),
        chain_settings=CHAIN,
    )
    events = machine.events()
    assert_harsh(machine)
    assert_certified(machine)
    assert_truth(machine, events, accounts)
    assert_partial_for_want_of_a_recovery(machine, storm, accounts)
    lost = Counter(
        loss.kind for each in machine.regions.values() for loss in each.faults.losses.latest
    )
    assert min(lost[kind] for kind in (None, Kind.TRANSACTION, Kind.ACCOUNT)) > 0
    return machine


async def test_a_daemon_that_is_killed_about_each_second_writes_everything_once(
    tmp_path: Path,
) -> None:
    machine = await prove_killed(tmp_path, seed=1, slots=300)
    assert len(partial_slots(machine)) <= MOST_PARTIAL

"""What each fault of the chain does to it, and what a person is told."""

from dataclasses import replace
from math import inf

import pytest

from monitor.core.chain import Commitment, SlotStatus
from monitor.simulator.chain import GeneratedChain
from monitor.simulator.chain_faults import CHAIN_WORDS, ChainFaults, check_chain_fault
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.model import Slot
from monitor.simulator.view import ChainView
from tests.simulator.subscriber import make_region, request_all, story, subscribe

CALM = ChainSettings(
    slot_time=1.0,
    votes=1,
    transactions=1,
    account_writes=4,
    entries=1,
    skipped=0,
    forked=0,
    dead=0,
    recreated=0,
)


class Broken:
    """A chain, its faults, and the slot at which it is."""

    def __init__(self, begun: float = 50.0) -> None:
        self.chain = GeneratedChain(1, CALM)
        self.begun = begun
        self.faults = ChainFaults(self.chain, lambda: self.begun)
        if begun != -inf:
            self.chain.slot(self.chain.first_slot + int(begun))

    def slots(self, first: int, end: int) -> list[Slot]:
        start = self.chain.first_slot
        return [self.chain.slot(start + number) for number in range(first, end)]

    def finalized(self, first: int, end: int) -> list[float]:
        """In slots since the first."""
        start = self.chain.first_slot
        return [slot.number - start + slot.finalized_at for slot in self.slots(first, end)]


@pytest.mark.parametrize(
    ("fault", "argument", "said"),
    [
        ("fork", "2", "fork takes a ratio from 0 to 1"),
        ("die", "some", "die takes a ratio"),
        ("recreate", "-1", "recreate takes a ratio"),
        ("halt", None, "halt takes slots above 0, as 30, or seconds, as 600s; not None"),
        ("stall-finality", "0", "stall-finality takes slots"),
        ("stall-confirmation", "long", "stall-confirmation takes slots"),
        ("confirm-late", "-2", "confirm-late takes slots"),
    ],
)
def test_what_cannot_be_done_is_said(fault: str, argument: str | None, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_chain_fault(fault, argument)
    with pytest.raises(ValueError, match=said):
        Broken().faults.apply(fault, argument)


@pytest.mark.parametrize("fault", ["halt", "stall-finality", "stall-confirmation"])
def test_slots_of_a_chain_that_has_not_begun_are_not_counted(fault: str) -> None:
    with pytest.raises(ValueError, match="the chain has not begun"):
        Broken(-inf).faults.apply(fault, "3")


def test_what_is_on_is_told_and_ends_by_a_heal() -> None:
    broken = Broken()
    assert broken.faults.active == []
    assert broken.faults.apply("heal", None) == "the chain: nothing was wrong"
    assert broken.faults.apply("fork", None) == "on the chain 0.08 of all slots fork from now on"
    broken.faults.apply("die", "0.05")
    broken.faults.apply("confirm-late", "4")
    broken.faults.apply("stall-finality", "30s")
    broken.begun += 10
    assert broken.faults.active == ["fork 0.08", "die 0.05", "confirm-late 4", "stall-finality 20"]
    broken.faults.apply("halt", "40")
    assert broken.faults.active[-1] == "halt 40"
    assert broken.faults.apply("heal", None).startswith("the chain is healed of fork 0.08, die")
    assert broken.faults.active == []


def test_a_storm_of_forks_begins_and_ends() -> None:
    broken = Broken()
    broken.faults.apply("fork", "0.3")
    stormy = broken.slots(51, 251)
    broken.faults.apply("heal", None)
    calm = broken.slots(251, 451)
    lost = [sum(not slot.banks[-1].canonical for slot in slots) for slots in (stormy, calm)]
    assert lost[0] > 30
    assert lost[1] == 0


def test_slots_die_and_are_made_again_on_command() -> None:
    broken = Broken()
    broken.faults.apply("die", "0.2")
    broken.faults.apply("recreate", "0.2")
    slots = broken.slots(51, 151)
    assert sum(any(bank.dead is not None for bank in slot.banks) for slot in slots) > 8
    assert sum(len(slot.banks) == 2 for slot in slots) > 8


def test_blocks_are_confirmed_later_from_the_next_one_on() -> None:
    broken = Broken()
    broken.faults.apply("confirm-late", "12")
    assert max(slot.confirmed_at for slot in broken.slots(0, 51)) < 4
    assert min(slot.confirmed_at for slot in broken.slots(51, 80)) > 12


def test_finality_stalls_and_catches_up_at_once() -> None:
    broken = Broken()
    broken.faults.apply("stall-finality", "2000")
    moments = broken.finalized(0, 2000)
    assert not [moment for moment in moments if 50 <= moment < 2050]
    assert sum(2050 <= moment < 2053 for moment in moments) > 1900
    assert all(slot.confirmed_at < 4 for slot in broken.slots(0, 2000))


def test_a_heal_lets_the_chain_finalize_again() -> None:
    broken = Broken()
    plain = broken.finalized(0, 50)
    broken.faults.apply("stall-finality", "2000")
    broken.begun = 60
    broken.faults.apply("heal", None)
    assert broken.finalized(0, 50)[-5:] == plain[-5:]


def test_a_halted_cluster_makes_no_block_and_settles_none() -> None:
    broken = Broken()
    broken.faults.apply("halt", "100")
    assert all(not slot.banks and slot.first_shred_at is None for slot in broken.slots(51, 150))
    after = broken.slots(150, 160)
    assert all(slot.banks for slot in after)
    assert after[0].banks[0].parent == broken.chain.first_slot + 50
    assert not [moment for moment in broken.finalized(0, 51) if 50 <= moment < 150]


def final_slots(broken: Broken, told: list[str]) -> list[int]:
    names = [line.split() for line in told]
    return [
        int(words[0]) - broken.chain.first_slot
        for words in names
        if words[1:] == [SlotStatus.FINALIZED.name]
    ]


def test_a_region_hears_nothing_finalized_in_a_stall_and_then_everything() -> None:
    broken = Broken()
    region = make_region(broken.chain, jitter=0.1)
    session = subscribe(region, request_all())
    region.advance(50.0)
    before = final_slots(broken, story(session))
    broken.faults.apply("stall-finality", "30")
    region.resettle()
    region.advance(79.9)
    assert final_slots(broken, story(session)) == []
    region.advance(81.0)
    after = final_slots(broken, story(session))
    assert sorted(before + after) == list(range(max(after) + 1))
    assert len(after) > 25


def test_a_region_hears_at_once_what_a_heal_lets_go() -> None:
    broken = Broken()
    region = make_region(broken.chain)
    session = subscribe(region, request_all())
    region.advance(50.0)
    broken.faults.apply("stall-finality", "3000")
    region.resettle()
    region.advance(60.0)
    story(session)
    broken.begun = 60.0
    broken.faults.apply("heal", None)
    region.resettle()
    region.advance(60.5)
    assert len(final_slots(broken, story(session))) >= 9


def test_every_word_is_known_to_the_check() -> None:
    for word in CHAIN_WORDS:
        check_chain_fault(word, "1")


def test_a_stall_is_longer_than_the_chain_remembers_otherwise() -> None:
    chain = GeneratedChain(1, replace(CALM, window=60))
    view = ChainView(chain, 1.0, 0.0)
    begun = 50.0
    faults = ChainFaults(chain, lambda: begun)
    before = view.newest(Commitment.FINALIZED, begun)
    assert before is not None
    faults.apply("stall-finality", "300")
    assert view.newest(Commitment.FINALIZED, 349.0) == before
    after = view.newest(Commitment.FINALIZED, 352.0)
    assert after is not None
    assert after.slot > chain.first_slot + 300
    assert [chain.slot(number).number for number in range(before.slot + 1, after.slot)]

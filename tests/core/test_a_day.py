"""A day of a chain with slots of 4 s and three feeds; each is gone for minutes once an hour, and a fault comes each minute.

Nothing is lost, and all is proven.

Here the first quarter of it; `scripts/soak day` runs the whole.
"""

from collections import Counter
from random import Random

from monitor.core.certificates import Coverage, SlotEnd
from monitor.core.chain import Commitment
from tests.core.day import FAULT_EVERY, FINALIZED_AFTER, FIRST, HOUR, Day, chain

SLOTS_A_DAY = 21_600


def prove(seed: int, slots: int) -> Day:
    """So many slots, and all that must hold of them."""
    random = Random(seed)
    day = Day(chain(slots, random), random)
    day.run()
    day.finish()
    last = FIRST + slots - 1
    assert last - day.settled <= 2 * FINALIZED_AFTER
    assert abs(day.faults.total() - slots / FAULT_EVERY) < 1
    assert len(day.faults - Counter(spared=slots)) == 5
    assert day.faults["spared"] < slots / FAULT_EVERY / 4
    hours = -(-slots // HOUR)
    assert day.outages == dict.fromkeys(range(len(day.servers)), hours)
    settled = [day.chain[slot] for slot in range(FIRST, day.settled + 1)]
    ends = Counter(slot.end for slot in settled)
    assert Counter(day.kernel.tally.slots) == ends
    blocks = ends[SlotEnd.COMPLETE]
    assert day.kernel.coverage() == Coverage(blocks, blocks, by_height=True)
    assert day.kernel.frontier(Commitment.FINALIZED) == day.settled
    assert day.kernel.open_slots() == day.kernel.join.ledger.gaps == 0
    assert day.kernel.gate.unfenced == frozenset()
    assert day.late == 0
    assert len(day.to_name) > slots // 100
    assert day.most_slots < 40
    assert day.kernel.gate.held_bytes < 10_000
    return day


def test_hours_of_faults_end_with_what_the_chain_was() -> None:
    prove(20261121, SLOTS_A_DAY // 4)

"""A whole day of a chain with slots of 4 s, three feeds, and a fault a minute: nothing is lost, and all is proven."""

from collections import Counter
from random import Random

import pytest

from monitor.core.certificates import Coverage, SlotEnd
from monitor.core.chain import Commitment
from tests.core.day import FAULT_EVERY, FINALIZED_AFTER, FIRST, Day, chain

SLOTS_A_DAY = 21_600


@pytest.mark.timeout(180)
def test_a_day_of_faults_ends_with_what_the_chain_was() -> None:
    random = Random(20261121)
    day = Day(chain(SLOTS_A_DAY, random), random)
    day.run()
    day.finish()
    last = FIRST + SLOTS_A_DAY - 1
    assert last - day.settled <= 2 * FINALIZED_AFTER
    assert day.faults.total() == SLOTS_A_DAY // FAULT_EVERY
    assert len(day.faults) == 5
    settled = [day.chain[slot] for slot in range(FIRST, day.settled + 1)]
    ends = Counter(slot.end for slot in settled)
    assert Counter(day.kernel.tally.slots) == ends
    blocks = ends[SlotEnd.COMPLETE]
    assert day.kernel.coverage() == Coverage(blocks, blocks, by_height=True)
    assert day.kernel.frontier(Commitment.FINALIZED) == day.settled
    assert day.kernel.open_slots() == day.kernel.join.ledger.gaps == 0
    assert day.kernel.gate.unfenced == frozenset()
    assert day.late == 0
    assert len(day.to_name) > 400
    assert day.most_slots < 40
    assert day.kernel.gate.held_bytes < 10_000

"""Three rings, each read once and in order."""

from monitor.core.chain import Commitment, SlotStatus
from monitor.simulator.received import StatusNews
from monitor.simulator.rings import Rings

FIRST, SECOND = (StatusNews(slot, SlotStatus.COMPLETED, 1) for slot in (1, 2))


class Repeater:
    def __init__(self, duplicate: float) -> None:
        self.duplicate = duplicate
        self.asked = 0

    def repeats(self) -> bool:
        self.asked += 1
        return self.asked % 2 == 1


def test_rings_keep_apart_what_goes_to_one_and_to_all() -> None:
    rings = Rings(Repeater(0.0))
    rings.put(Commitment.CONFIRMED, FIRST)
    rings.put_everywhere(SECOND)
    assert rings.take(Commitment.PROCESSED) == [SECOND]
    assert rings.take(Commitment.CONFIRMED) == [FIRST, SECOND]
    assert rings.take(Commitment.FINALIZED) == [SECOND]


def test_what_was_taken_does_not_come_again() -> None:
    rings = Rings(Repeater(0.0))
    rings.put_everywhere(FIRST)
    taken = rings.take(Commitment.PROCESSED)
    rings.put_everywhere(SECOND)
    assert taken == [FIRST]
    assert rings.take(Commitment.PROCESSED) == [SECOND]


def test_repeater_is_asked_only_while_duplicates_are_wanted() -> None:
    silent, busy = Repeater(0.0), Repeater(0.5)
    Rings(silent).put_everywhere(FIRST)
    assert silent.asked == 0
    rings = Rings(busy)
    rings.put(Commitment.PROCESSED, FIRST)
    rings.put(Commitment.PROCESSED, SECOND)
    assert rings.take(Commitment.PROCESSED) == [FIRST, FIRST, SECOND]

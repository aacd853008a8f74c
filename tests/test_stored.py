"""What a store keeps as one stands for many, and each of them is told when it is asked for."""

from itertools import islice

from monitor.core.certificates import SlotEnd
from monitor.stored import AbandonedSlots, StoredSlot

MONTH = AbandonedSlots(10, 6_500_010, "not wanted", 7)


def test_each_slot_that_was_given_up_has_a_certificate_that_says_why() -> None:
    lost = StoredSlot(12, SlotEnd.LOST, "not wanted", None, None, None, (), (), (), None, 7)
    assert list(MONTH.slots(12, 13)) == [lost]


def test_only_those_are_told_that_are_asked_for_and_were_given_up() -> None:
    assert [slot.slot for slot in MONTH.slots(0, 13)] == [10, 11, 12]
    assert [slot.slot for slot in MONTH.slots(6_500_008, 2**62)] == [6_500_008, 6_500_009]
    assert not list(MONTH.slots(0, 10))
    assert [slot.slot for slot in islice(MONTH.slots(0, 2**62), 2)] == [10, 11]

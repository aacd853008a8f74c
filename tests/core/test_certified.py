"""Slots with a certificate, and what they tell of those below."""

from monitor.core.certificates import Certificate, SlotEnd
from monitor.core.certified import Certified


def closed(slot: int, end: SlotEnd = SlotEnd.COMPLETE) -> Certificate:
    return Certificate(slot, end, "proof", f"B{slot}" if end is SlotEnd.COMPLETE else None)


def resumed(*certificates: Certificate) -> Certified:
    certified = Certified()
    certified.resume(certificates)
    return certified


def test_nothing_is_known_at_first() -> None:
    assert Certified().below(9) == -1


def test_the_highest_certificate_below_tells() -> None:
    certified = resumed(closed(5), closed(8))
    assert [certified.below(slot) for slot in (5, 6, 8, 9, 20)] == [-1, 5, 5, 8, 8]


def test_a_jumped_slot_tells_where_the_block_that_jumped_it_is_closed_too() -> None:
    jumped = (closed(6, SlotEnd.SKIPPED), closed(7, SlotEnd.DEAD))
    assert resumed(*jumped, closed(8)).below(8) == 7


def test_a_jumped_slot_tells_nothing_where_that_block_is_still_to_come() -> None:
    jumped = (closed(6, SlotEnd.SKIPPED), closed(7, SlotEnd.FORKED))
    assert resumed(*jumped).below(8) == -1
    assert resumed(closed(5), *jumped).below(8) == 5
    assert resumed(closed(3), *jumped).below(8) == 3


def test_what_was_certified_since_tells() -> None:
    certified = resumed(closed(6, SlotEnd.SKIPPED))
    certified.add(7, 8)
    assert certified.below(8) == 7

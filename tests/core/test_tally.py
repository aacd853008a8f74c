"""Certificates counted by what they came to."""

from monitor.core.certificates import SlotEnd
from monitor.core.tally import Tally


def test_a_certificate_that_is_made_again_counts_as_what_it_came_to() -> None:
    tally = Tally([0])
    tally.close(SlotEnd.PARTIAL)
    tally.close(SlotEnd.COMPLETE, 3)
    tally.close(SlotEnd.PARTIAL, -1)
    tally.close(SlotEnd.RECOVERED)
    assert tally.slots == {"partial": 0, "complete": 3, "recovered": 1}

"""What a start skips is told once, in as few ranges as there are, and counted as lost."""

from monitor.core.certificates import SlotEnd
from monitor.core.commands import Abandon
from monitor.core.ranges import Ranges
from monitor.core.skips import SKIPPED, Skips
from monitor.core.tally import Tally


def test_slots_that_have_a_certificate_keep_it() -> None:
    certified, closed, tally = Ranges(), Ranges(), Tally([])
    certified.add(12, 14)
    skips = Skips(certified, closed, tally)
    skips.skip(10, 6_500_010)
    assert skips.collect() == [Abandon(10, 12, SKIPPED), Abandon(14, 6_500_010, SKIPPED)]
    assert tally.slots == {SlotEnd.LOST: 6_499_998}
    assert list(certified) == list(closed) == [(10, 6_500_010)]


def test_what_was_told_is_not_told_again() -> None:
    skips = Skips(Ranges(), Ranges(), Tally([]))
    skips.skip(10, 12)
    assert skips.collect() == [Abandon(10, 12, SKIPPED)]
    assert skips.collect() == []

"""Slots that the user does not want: lost for good, and told as ranges, since they may be millions."""

from typing import Final

from monitor.core.certificates import SlotEnd
from monitor.core.commands import Abandon
from monitor.core.ranges import Ranges
from monitor.core.tally import Tally

SKIPPED: Final = "skipped by recovery.on_catchup_exceeded"
"""Why, in certificates."""


class Skips:
    """What of them the store is still to be told. No certificate is made: the store makes one when it is asked."""

    def __init__(self, certified: Ranges, closed: Ranges, tally: Tally) -> None:
        self._certified = certified
        self._closed = closed
        self._tally = tally
        self._untold: list[Abandon] = []

    def skip(self, first: int, end: int) -> None:
        """Nothing waits for these slots, `end` excluded, and those that have no certificate count as lost."""
        for begin, stop in self._certified.gaps(first, end):
            self._tally.close(SlotEnd.LOST, stop - begin)
            self._untold.append(Abandon(begin, stop, SKIPPED))
        self._certified.add(first, end)
        self._closed.add(first, end)

    def collect(self) -> list[Abandon]:
        """What was skipped since this was asked last."""
        untold, self._untold = self._untold, []
        return untold

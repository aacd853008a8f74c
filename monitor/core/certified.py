"""Slots that have a certificate, and down to which of them it is known what lies below a slot.

A block's link tells what lies below it. A slot without a block that was closed before a restart tells nothing: what
jumped over it is the link of a block above, and that may be still to come.
"""

from collections.abc import Iterable
from operator import attrgetter

from monitor.core.certificates import Certificate
from monitor.core.ranges import Ranges


class Certified(Ranges):
    """As ranges."""

    __slots__ = ("_loose",)

    def __init__(self) -> None:
        super().__init__()
        self._loose: set[int] = set()
        """Slots without a block, closed before a restart by the link of a block that was not."""

    def resume(self, closed: Iterable[Certificate]) -> None:
        """Go on with what was closed before a restart."""
        held = -1
        for each in sorted(closed, key=attrgetter("slot"), reverse=True):
            slot = each.slot
            self.add(slot, slot + 1)
            if each.blockhash is not None or slot + 1 == held:
                held = slot
            else:
                self._loose.add(slot)

    def below(self, slot: int) -> int:
        """The highest slot below this one under which nothing is unknown that has not been asked for; -1: none is known."""
        for first, end in reversed(list(self)):
            known = min(end, slot) - 1
            while known >= first and known in self._loose:
                known -= 1
            if known >= first:
                return known
        return -1

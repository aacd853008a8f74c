"""Places blocks below a lost slot, where no parent link will ever name them.

How this works. The chain is walked downwards by parent links, so a slot that nobody brings would hide all below it. A
block there is taken for one of the chain when two RPCs tell it alike and it fits: its height is one less than that of
the lost block, as the child of that tells, or its own links lead down to a slot that is accounted for. From it on the
walk goes by links again. A block that does not fit in time counts as not brought, so that its slot is lost too, loudly.
"""

from bisect import bisect
from collections.abc import Iterator, Sequence
from typing import Final

from monitor.core.chain import Commitment
from monitor.core.events import BlockFetched
from monitor.core.join import Join
from monitor.core.recovery import RecoveryQueue
from monitor.core.unproven import Unproven

HOLES: Final = 64
"""Runs of lost slots that are looked at at a time, lowest first. Guessed."""
SPAN: Final = 64
"""Slots that are walked from a lost one to one of known height, either way. Guessed."""
TELLERS: Final = 2
"""RPCs that must tell a block alike; what one says is no proof (DESIGN 5)."""


class UnderHoles:
    """Looks for such blocks among those that wait for their proof."""

    def __init__(self, join: Join, queue: RecoveryQueue, unproven: Unproven) -> None:
        self.may_place = False
        """A block came, or could not be had, or a slot was given up since `place` looked last."""
        self._join = join
        self._queue = queue
        self._unproven = unproven

    def place(self, now: float) -> None:
        """Take those that fit for finalized blocks. Nothing lies between one of the right height and the lost slot."""
        if not self.may_place:
            return
        self.may_place = False
        for block, hole in list(self._highest()):
            if not self._is_believed(block):
                continue
            fits_above = self._fits_above(block, hole)
            if fits_above or self._leads_down(block):
                blockhash = block.rows[-1][2]
                self._join.know(block.slot, blockhash, Commitment.FINALIZED, now, is_link=True)
                state = self._join.slots.get(block.slot)
                if state is not None:
                    state.is_placed = True
                if fits_above:
                    proof = f"block heights of {block.slot}, by RPCs, and of the child of {hole}"
                    self._join.ledger.close_off_chain(block.slot + 1, hole, proof)
        self._close_between()

    def _close_between(self) -> None:
        """Slots that are lost between a closed block and a named one of the next height hold nothing."""
        ledger = self._join.ledger
        for first, end in self._queue.lost_ranges(HOLES):
            named = self._named_from(first, end)
            below = first - 1
            while ledger.height_of(below) is None and below > first - SPAN:
                if ledger.first_open(below) == below:
                    break
                below -= 1
            height, above = ledger.height_of(below), ledger.height_of(named)
            if named > first and height is not None and above == height + 1:
                proof = f"block heights of {below} and of the child of {named}"
                ledger.close_off_chain(first, named, proof)

    def _named_from(self, first: int, end: int) -> int:
        """The lowest of these lost slots whose height is known; else the first."""
        heights = (slot for slot in range(first, min(end, first + SPAN)))
        return next((s for s in heights if self._join.ledger.height_of(s) is not None), first)

    def is_under_one(self, slot: int) -> bool:
        """Whether no parent link will name the block of this slot, as far as is known."""
        named = [n for n, state in self._join.slots.items() if n > slot and state.confirmed]
        return self._hole_above(slot, sorted(named)) is not None

    def _highest(self) -> Iterator[tuple[BlockFetched, int]]:
        """The highest block below each hole, with the slot of the hole."""
        if not len(self._unproven):
            return
        lowest: int | None = None
        named = sorted(slot for slot, state in self._join.slots.items() if state.confirmed)
        for first, end in reversed(list(self._unproven.runs())):
            hole = self._hole_above(end - 1, named)
            if hole is not None and (lowest is None or hole <= lowest):
                yield self._unproven[end - 1], hole
            lowest = first

    def _hole_above(self, slot: int, named: Sequence[int]) -> int | None:
        """The slot that hides this one: lost, or given up by a person; None when a link may still come from above.

        Of several lost ones in a row the lowest of known height. `named`: slots with a confirmed block, ascending.
        """
        hole = self._queue.ceiling(slot)
        if not self._queue.is_lost(hole):
            if self._join.ledger.first_open(hole) == hole:
                return None
        at = bisect(named, slot)
        if at < len(named) and named[at] < hole:
            return None
        return self._named_from(hole, self._queue.end_of_lost(hole))

    def _is_believed(self, block: BlockFetched) -> bool:
        return len(set(block.sources)) >= TELLERS and block.slot < self._join.root

    def _fits_above(self, block: BlockFetched, hole: int) -> bool:
        height = self._join.ledger.height_of(hole)
        own = _height(block)
        return height is not None and own is not None and own == height - 1

    def _leads_down(self, block: BlockFetched) -> bool:
        """Whether the links of blocks that are believed lead from this one to a slot that is accounted for."""
        ledger, floor = self._join.ledger, self._join.floor or 0
        while True:
            parent, parent_blockhash = block.rows[-1][4][:2]
            if parent < floor or ledger.first_open(parent) > parent:
                height, own = ledger.height_of(parent), _height(block)
                return height is None or own is None or own == height + 1
            if parent not in self._unproven or parent >= block.slot:
                return False
            block = self._unproven[parent]
            if block.rows[-1][2] != parent_blockhash or not self._is_believed(block):
                return False


def _height(block: BlockFetched) -> int | None:
    height: int | None = block.rows[-1][4][2]
    return height

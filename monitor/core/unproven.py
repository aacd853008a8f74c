"""Blocks that RPCs told before anything proves them: nothing of them is handed on until a parent link names them."""

from collections.abc import Iterator
from operator import attrgetter
from typing import Final

from monitor.core.claims import size_of
from monitor.core.events import BlockFetched
from monitor.core.slot_sets import SlotSet

MOST_BYTES: Final = 64 * 2**20
"""Of frames; above it no more are kept. Guessed."""


class Unproven:
    """By slot. Each is kept for so many seconds at most, lest blocks that nothing ever proves leave no room for others."""

    def __init__(self, seconds: float) -> None:
        self.is_full = False
        """A block was turned away, and none has gone since: to fetch more ahead of their proof is of no use."""
        self._seconds = seconds
        self._kept: dict[int, tuple[float, BlockFetched]] = {}
        self._slots = SlotSet()
        self._bytes = 0

    def __contains__(self, slot: int) -> bool:
        return slot in self._kept

    def __len__(self) -> int:
        return len(self._kept)

    def __getitem__(self, slot: int) -> BlockFetched:
        """The block of this slot, which stays. Raises KeyError when there is none."""
        return self._kept[slot][1]

    def runs(self) -> Iterator[tuple[int, int]]:
        """Unbroken runs of slots whose blocks are kept: first, end; ascending."""
        return self._slots.runs()

    def keep(self, block: BlockFetched, now: float) -> bool:
        """Keep this block, unless its slot has one already; False: there is no room."""
        if block.slot in self._kept:
            return True
        size = size_of(block)
        if self._bytes + size > MOST_BYTES:
            self.is_full = True
            return False
        self._kept[block.slot] = (now + self._seconds, block)
        self._slots.add(block.slot, block.slot + 1)
        self._bytes += size
        return True

    def take(self, slot: int) -> BlockFetched | None:
        """The block of this slot, which is kept no more."""
        _, block = self._kept.pop(slot, (0.0, None))
        if block is not None:
            self._slots.discard(slot, slot + 1)
            self._bytes -= size_of(block)
            self.is_full = False
        return block

    def drop(self, first: int, end: int) -> None:
        """The chain has no block in the slots first..end-1."""
        for slot in [slot for slot in self._kept if first <= slot < end]:
            self.take(slot)

    def drop_old(self, now: float) -> list[BlockFetched]:
        """Keep no longer what nothing has proven for too long; answers what that was, highest first."""
        old = []
        for until, block in self._kept.values():
            if now < until:
                break
            old.append(block)
        for block in old:
            self.take(block.slot)
        return sorted(old, key=attrgetter("slot"), reverse=True)

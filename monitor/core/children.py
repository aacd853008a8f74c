"""Blocks that are missing, as their children name them, and as certificates of a process before tell of them."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from monitor.core.certificates import Certificate
from monitor.core.gate import Gate

KEPT: Final = 4096
"""Missing blocks that are remembered; when there are more, those that were named first are let go. Guessed."""


class Child(NamedTuple):
    """The block that names a missing one as its parent."""

    slot: int
    height: int | None


class Children:
    """By the slot of the missing block."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._children: dict[int, Child] = {}
        self._named_by: dict[int, set[int]] = {}  # by the slot of the child
        self._told: set[int] = set()
        self._heights: dict[int, int] = {}  # of blocks next to open slots, closed before a restart

    def get(self, slot: int) -> Child | None:
        """The first block that named this slot, or None."""
        return self._children.get(slot)

    def height_of(self, slot: int) -> int | None:
        """Of the missing block, as that of its child tells, or its own certificate; None: nobody knows."""
        child = self._children.get(slot)
        if child is None or child.height is None:
            return self._heights.get(slot)
        return child.height - 1

    def resume(self, beside: Iterable[Certificate]) -> None:
        """Go on behind a restart with what is known of blocks next to open slots."""
        for each in beside:
            if each.block_height is not None:
                self._heights[each.slot] = each.block_height
            if each.parent_slot is not None:
                self.name(each.parent_slot, Child(each.slot, each.block_height))

    def name(self, slot: int, child: Child) -> None:
        """A block names this slot as its parent, and nobody has brought that."""
        if slot in self._children:
            return
        self._children[slot] = child
        self._named_by.setdefault(child.slot, set()).add(slot)
        if len(self._children) > KEPT:
            self.forget(next(iter(self._children)))

    def tell(self, slot: int, blockhash: str | None) -> None:
        """Say once in the log that the block of this slot is missing, if it was named."""
        if slot in self._told or slot not in self._children:
            return
        self._told.add(slot)
        self._gate.report(
            "warning",
            "a block is missing: its child names it and no feed brought it",
            slot=slot,
            blockhash=blockhash,
            child=self._children[slot].slot,
        )

    def forget(self, slot: int) -> None:
        """The slot is missing no more, or nobody asks."""
        child = self._children.pop(slot, None)
        self._told.discard(slot)
        if child is not None:
            self._named_by[child.slot].discard(slot)
            if not self._named_by[child.slot]:
                del self._named_by[child.slot]

    def retract(self, child: int) -> None:
        """No block of this slot is on the chain: what one named proves nothing."""
        for slot in list(self._named_by.get(child, ())):
            self.forget(slot)

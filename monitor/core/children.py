"""Blocks that are missing, as their children name them."""

from typing import NamedTuple

from monitor.core.gate import Gate


class Child(NamedTuple):
    """The block that names a missing one as its parent."""

    slot: int
    height: int | None


class Children:
    """By the slot of the missing block."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._children: dict[int, Child] = {}
        self._told: set[int] = set()

    def get(self, slot: int) -> Child | None:
        """The first block that named this slot, or None."""
        return self._children.get(slot)

    def height_of(self, slot: int) -> int | None:
        """Of the missing block, as that of its child tells; None: nobody knows."""
        child = self._children.get(slot)
        return None if child is None or child.height is None else child.height - 1

    def name(self, slot: int, child: Child) -> None:
        """A block names this slot as its parent, and nobody has brought that."""
        self._children.setdefault(slot, child)

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
        self._children.pop(slot, None)
        self._told.discard(slot)

"""The buffer behind from_slot: whole blocks, and how far each has come (PROTOCOL 3)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from monitor.core.chain import Commitment, SlotStatus
from monitor.simulator.received import FrozenBlock, Message, StatusNews

_FINALIZED_KEPT: Final = 10
"""So many finalized slots stay, whatever the size."""


@dataclass(slots=True)
class HeldBlock:
    """A whole block and the levels that it has reached, in that order."""

    block: FrozenBlock
    levels: list[Commitment] = field(default_factory=list)


class ReplayBuffer:
    """Frozen blocks by slot; forks, dead slots and given-up banks are taken out by their owner."""

    def __init__(self, stored_slots: int) -> None:
        self._stored_slots = stored_slots
        self._held: dict[int, HeldBlock] = {}

    @property
    def oldest(self) -> int | None:
        """The oldest slot held, None when there is none."""
        return min(self._held, default=None)

    def __contains__(self, slot: int) -> bool:
        return slot in self._held

    def add(self, block: FrozenBlock) -> HeldBlock:
        """Keep a block that has just been frozen."""
        held = self._held[block.slot] = HeldBlock(block)
        return held

    def remove(self, slot: int) -> None:
        """Forget a slot, held or not."""
        self._held.pop(slot, None)

    def trim(self) -> None:
        """Drop the oldest beyond the configured number; called when a slot was finalized."""
        finalized = sum(Commitment.FINALIZED in held.levels for held in self._held.values())
        while len(self._held) > self._stored_slots and finalized > _FINALIZED_KEPT:
            oldest = self._held.pop(min(self._held))
            finalized -= Commitment.FINALIZED in oldest.levels

    def replay(
        self, from_slot: int, level: Commitment, created_at_ns: int
    ) -> list[tuple[FrozenBlock, list[Message]]]:
        """What a subscriber of this level gets: ascending, each block with its statuses, stamped with the request's time."""
        found: list[tuple[FrozenBlock, list[Message]]] = []
        for slot in sorted(self._held):
            held = self._held[slot]
            if slot >= from_slot and held.levels and max(held.levels) >= level:
                statuses: list[Message] = [
                    StatusNews(slot, SlotStatus(reached), created_at_ns, held.block.parent)
                    for reached in held.levels
                ]
                found.append((held.block, statuses))
        return found


def replayed_messages(
    found: list[tuple[FrozenBlock, list[Message]]],
) -> Iterator[Message]:
    """Data, Block, BlockMeta and statuses of each block, block after block."""
    for block, statuses in found:
        yield from block.contents
        yield block
        yield block.meta
        yield from statuses

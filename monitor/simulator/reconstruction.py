"""Puts blocks together from the validator's events, and broadcasts each level as a slot reaches it (PROTOCOL 2.7, 2.8).

How this works. A slot is *tracked* from its first shred or bank on. It is *frozen*, and a block, once its BlockMeta and
as many transactions and entries as that counts have come. A level that the validator names earlier waits for this.
Levels are given in order, each once; what a finalized block leaves behind on other branches is dropped without a word.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from monitor.core.chain import Commitment, Kind, SlotStatus
from monitor.simulator.received import FrozenBlock, Message, Received, StatusNews
from monitor.simulator.replay import HeldBlock, ReplayBuffer, replayed_messages
from monitor.simulator.rings import LEVELS, Rings

_REMEMBERED: Final = 128
"""Slots below the highest finalized one that stay known, for late ancestors; guessed."""


@dataclass(slots=True)
class _Slot:
    """One tracked slot: what came of its present bank."""

    has_bank: bool = False
    arrived: list[Received] = field(default_factory=list)
    came: int = 0
    """Data events, those that are hidden from subscribers too."""
    transactions: int = 0
    entries: int = 0
    meta: Received | None = None
    named: Commitment | None = None
    """The highest level that the validator named before the block was whole."""
    held: HeldBlock | None = None


class Reconstruction:
    """The block machine of one server."""

    def __init__(self, rings: Rings, stored_slots: int) -> None:
        self._rings = rings
        self.replay: Final = ReplayBuffer(stored_slots)
        self._slots: dict[int, _Slot] = {}
        self._root = -1

    @property
    def oldest(self) -> int | None:
        """The oldest slot that can be replayed."""
        return self.replay.oldest

    def holds(self, slot: int) -> bool:
        """Whether a replay can begin with this slot."""
        return slot in self.replay

    def replayed(
        self, from_slot: int, level: Commitment, created_at_ns: int
    ) -> Iterator[Message] | None:
        """What a subscriber of this level gets; None when there is nothing."""
        found = self.replay.replay(from_slot, level, created_at_ns)
        return replayed_messages(found) if found else None

    def first_shred(self, slot: int) -> None:
        """The slot is tracked from now on."""
        self._slots.setdefault(slot, _Slot())

    def created_bank(self, slot: int) -> None:
        """A bank was made for the slot; when it had one, all that came of that is thrown away."""
        state = self._slots.setdefault(slot, _Slot())
        if state.has_bank:
            self.replay.remove(slot)
            state = self._slots[slot] = _Slot()
        state.has_bank = True

    def dead(self, slot: int) -> None:
        """The slot will never be whole."""
        self._slots.pop(slot, None)
        self.replay.remove(slot)

    def data(self, message: Received, created_at_ns: int, *, hidden: bool = False) -> None:
        """A transaction, account write or entry; a hidden one is counted but in no block."""
        state = self._slots.get(message.slot)
        if state is None or state.held is not None:
            return
        state.came += 1
        if not hidden:
            state.arrived.append(message)
        if message.kind is Kind.TRANSACTION:
            state.transactions += 1
        elif message.kind is Kind.ENTRY:
            state.entries += 1
        if state.meta is not None:
            self._freeze(state, created_at_ns)

    def meta(self, message: Received, created_at_ns: int) -> None:
        """The BlockMeta; it is lost when nothing of its slot came before it."""
        state = self._slots.get(message.slot)
        if state is not None and state.came and state.held is None:
            state.meta = message
            self._freeze(state, created_at_ns)

    def reached(self, slot: int, level: Commitment, created_at_ns: int) -> None:
        """The validator says that the slot has this level."""
        state = self._slots.get(slot)
        if state is None:
            return
        if state.held is None:
            state.named = level if state.named is None else max(level, state.named)
            return
        self._raise(state.held, level, created_at_ns)

    def _freeze(self, state: _Slot, created_at_ns: int) -> None:
        meta = state.meta
        assert meta is not None
        counts = meta.message
        if state.transactions < counts.executed_transaction_count:
            return
        if state.entries < counts.entries_count:
            return
        block = FrozenBlock(state.arrived, meta, created_at_ns)
        state.arrived = []
        state.held = self.replay.add(block)
        if state.named is not None:
            self._raise(state.held, state.named, created_at_ns)

    def _raise(self, held: HeldBlock, level: Commitment, created_at_ns: int) -> None:
        """Give all levels up to this one that the block has not had yet."""
        for step in LEVELS:
            if step <= level and step not in held.levels:
                held.levels.append(step)
                self._broadcast(held.block, step, created_at_ns)
        if level is Commitment.FINALIZED:
            self._root_at(held, created_at_ns)

    def _broadcast(self, block: FrozenBlock, level: Commitment, created_at_ns: int) -> None:
        if level is not Commitment.PROCESSED:
            for message in block.contents:
                self._rings.put(level, message)
        self._rings.put(level, block)
        self._rings.put(level, block.meta)
        news = StatusNews(block.slot, SlotStatus(level), created_at_ns, block.parent)
        self._rings.put_everywhere(news)

    def _root_at(self, held: HeldBlock, created_at_ns: int) -> None:
        """Ancestors are final too; what lies between them is not on the chain."""
        if held.block.slot <= self._root:
            self.replay.trim()
            return
        self._root = held.block.slot
        lineage = {held.block.slot}
        parent = self._slots.get(held.block.parent)
        while parent is not None and parent.held is not None:
            block = parent.held.block
            lineage.add(block.slot)
            if Commitment.FINALIZED in parent.held.levels:
                break
            for step in LEVELS:
                if step not in parent.held.levels:
                    parent.held.levels.append(step)
                    self._broadcast(block, step, created_at_ns)
            parent = self._slots.get(block.parent)
        self._drop_forks(min(lineage))
        self.replay.trim()

    def _drop_forks(self, lowest: int) -> None:
        """`lowest` is the oldest slot that the walk over the parents came to."""
        forgotten = self._root - _REMEMBERED
        for slot in [slot for slot in self._slots if slot < self._root]:
            held = self._slots[slot].held
            if held is None or Commitment.FINALIZED not in held.levels:
                if slot > lowest or slot < forgotten:
                    self.replay.remove(slot)
                    del self._slots[slot]
            elif slot < forgotten:
                del self._slots[slot]

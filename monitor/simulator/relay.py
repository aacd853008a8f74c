"""A server that relays: statuses and BlockMeta go out as the validator gives them, blocks when they are whole (PROTOCOL 2.9, 5.7)."""

from collections.abc import Iterator
from typing import Final

from typing_extensions import override

from monitor.core.chain import Commitment, SlotStatus
from monitor.simulator.families import Manners
from monitor.simulator.raw_log import LoggedRings, RawLog
from monitor.simulator.received import FrozenBlock, Message, Received, StatusNews
from monitor.simulator.reconstruction import Reconstruction
from monitor.simulator.rings import Repeater, Rings

_REMEMBERED: Final = 512
"""Slots whose statuses are known to have been told; guessed."""


def machine_of(
    manners: Manners, repeater: Repeater, stored_slots: int
) -> tuple[Rings, Reconstruction]:
    """The rings of a server of this family, and what fills them."""
    if not manners.relays:
        rings = Rings(repeater)
        return rings, Reconstruction(rings, stored_slots)
    log = RawLog(stored_slots)
    logged = LoggedRings(repeater, log)
    return logged, Relay(logged, stored_slots, log, status_first=manners.status_first)


class Relay(Reconstruction):
    """Tells each status once, when it first hears of it; what a level implies of ancestors comes with their contents."""

    def __init__(self, rings: Rings, stored_slots: int, log: RawLog, *, status_first: bool) -> None:
        """`status_first`: the order of richat at confirmed and finalized."""
        super().__init__(rings, stored_slots)
        self._log = log
        self._status_first = status_first
        self._told: dict[int, set[Commitment]] = {}

    @property
    @override
    def oldest(self) -> int | None:
        """The oldest slot that can be replayed."""
        return self._log.oldest

    @override
    def holds(self, slot: int) -> bool:
        """Whether a replay can begin with this slot."""
        return self._log.holds(slot)

    @override
    def replayed(
        self, from_slot: int, level: Commitment, created_at_ns: int
    ) -> Iterator[Message] | None:
        """What a subscriber of this level gets."""
        return self._log.replay(from_slot, level, created_at_ns)

    @override
    def created_bank(self, slot: int) -> None:
        """A bank was made; statuses of one before it may come again."""
        super().created_bank(slot)
        self._told.pop(slot, None)

    @override
    def meta(self, message: Received, created_at_ns: int) -> None:
        """The BlockMeta goes out at once, after the status that it comes with."""
        self._tell(message.slot, Commitment.PROCESSED, created_at_ns, message.message.parent_slot)
        self._rings.put(Commitment.PROCESSED, message)
        state = self._slots.get(message.slot)
        if state is not None and state.held is None:
            state.meta = message
            self._freeze(state, created_at_ns)

    @override
    def reached(self, slot: int, level: Commitment, created_at_ns: int) -> None:
        """The validator says that the slot has this level: richat says so at once, and an older server after the contents."""
        if self._status_first:
            self._tell(slot, level, created_at_ns, self._parent_of(slot))
        super().reached(slot, level, created_at_ns)

    @override
    def _broadcast(self, block: FrozenBlock, level: Commitment, created_at_ns: int) -> None:
        rings = self._rings
        if self._status_first:
            self._tell(block.slot, level, created_at_ns, block.parent)
        if level is not Commitment.PROCESSED:
            for message in block.contents:
                rings.put(level, message)
        if not self._status_first:
            rings.put(level, block)
        if level is not Commitment.PROCESSED:
            rings.put(level, block.meta)
        if self._status_first:
            rings.put(level, block)
        self._tell(block.slot, level, created_at_ns, block.parent)

    def _tell(self, slot: int, level: Commitment, created_at_ns: int, parent: int | None) -> None:
        told = self._told.setdefault(slot, set())
        if level in told:
            return
        told.add(level)
        self._rings.put_everywhere(StatusNews(slot, SlotStatus(level), created_at_ns, parent))
        if len(self._told) > _REMEMBERED:
            del self._told[min(self._told)]

    def _parent_of(self, slot: int) -> int | None:
        state = self._slots.get(slot)
        if state is None:
            return None
        if state.held is not None:
            return state.held.block.parent
        return None if state.meta is None else int(state.meta.message.parent_slot)

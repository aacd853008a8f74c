"""Open slots that memory cannot keep: what was handed on of them is stored, and comes back when they are recovered."""

from collections.abc import Collection, Mapping
from typing import Final

from monitor.core.chain import Commitment
from monitor.core.gate import Gate
from monitor.core.given import pack, unpack
from monitor.core.ranges import Ranges
from monitor.core.slots import SlotState

KEPT: Final = 64
"""Open slots behind the settled ones whose identities stay in memory, to be completed by what comes late. Guessed."""


class Forgotten:
    """Which slots they are."""

    def __init__(self, gate: Gate, slots: dict[int, SlotState]) -> None:
        self.ranges = Ranges()
        self.busy: set[int] = set()
        """Slots that recovery works on: they are not forgotten."""
        self._named: dict[int, tuple[str, Commitment]] = {}
        self._gate = gate
        self._slots = slots

    def forget(self, below: int) -> Mapping[int, bytes]:
        """Let go of all open slots up to this one but the latest; answers which, with what is to be stored of each."""
        old = sorted(number for number in self._slots if number <= below)
        spare = [number for number in old if number not in self.busy]
        gone = spare[: max(0, len(old) - KEPT)]
        given = self.packed(gone, gone)
        for number in gone:
            self._gate.drop(self._slots.pop(number))
            self.ranges.add(number, number + 1)
        return given

    def count_from(self, slot: int) -> int:
        """How many of them there are from this slot on."""
        return sum(end - max(first, slot) for first, end in self.ranges if end > slot)

    def among(self, first: int, end: int) -> list[int]:
        """Those of the slots first..end-1 that are forgotten."""
        return [
            slot for begin, stop in self.ranges.between(first, end) for slot in range(begin, stop)
        ]

    def name(self, slot: int, blockhash: str, level: Commitment) -> None:
        """A child names the block of this slot, and says its level; to be known again if the slot is forgotten."""
        if slot in self.ranges:
            _, known = self._named.get(slot, (blockhash, level))
            self._named[slot] = blockhash, max(level, known)

    def names_of(self, slot: int) -> list[tuple[str, Commitment]]:
        """What `name` was told of the slot, and no more from now on."""
        named = self._named.pop(slot, None)
        return [] if named is None else [named]

    def take_back(self, slot: int, packed: bytes | None) -> SlotState | None:
        """A forgotten slot is worked on: what is stored of it, or None when the slot is not forgotten."""
        if slot not in self.ranges:
            return None
        self.ranges.remove(slot, slot + 1)
        state = SlotState(slot) if packed is None else unpack(slot, packed)
        self._slots[slot] = state
        return state

    def packed(self, changed: Collection[int], still_open: Collection[int]) -> Mapping[int, bytes]:
        """What was handed on of those slots that are still open, to be stored."""
        history = self._gate.history
        return {
            slot: pack(self._slots[slot], at_once=history.of(slot).at[Commitment.PROCESSED] != 0)
            for slot in sorted(changed)
            if slot in self._slots and slot in still_open
        }

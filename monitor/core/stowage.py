"""Moves slots between the memory and the disk: what `spilling` decides, done to the slots of the join.

A slot goes when nothing is expected to happen to it soon: every open feed has passed it, and it is not known at the
next level. It comes back before it is released, and when more of it arrives. Until then its rows are nowhere in memory,
so nobody may judge it: whoever would asks first whether the slot is in `Stowage.spill`.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final, assert_never

from monitor.core.at_once import give
from monitor.core.chain import Commitment
from monitor.core.errors import StowedMalformed
from monitor.core.events import (
    FloorTold,
    SpillEvent,
    Stowed,
    StowFailed,
    Unstowed,
    UnstowFailed,
)
from monitor.core.floors import NOTHING_STORED
from monitor.core.join import Join
from monitor.core.slots import SlotState
from monitor.core.spilling import AHEAD, Spill, Waiting, patience
from monitor.core.stowing import Merged, outlined, stow, unstow

Left = tuple[int, bytes, int]
"""What an earlier process left: the slot, its outline, and what our clock is ahead of that one's."""

_NEXT: Final = AHEAD + 1


class Stowage:
    """The slots of one join, as far as they wait on the disk."""

    def __init__(self, join: Join, bound: int | None, *, is_on: bool = True) -> None:
        """`bound`: bytes of frames that may wait in memory; None: as many as come. `is_on`: somebody has a disk."""
        self.spill = Spill(bound)
        self._is_on = is_on
        self._join = join
        self._gate = join.gate
        self._since: dict[int, float] = {}
        self._depths: dict[int, int] = {}
        """By endpoint: how many slots it replays, as it said last."""

    def resume(self, left: Iterable[Left]) -> None:
        """Take what an earlier process left on the disk, as far as it is still ours. To be called after `Join.resume`."""
        join = self._join
        floor = join.floor
        for slot, outline, moved_ns in left:
            self.spill.found(slot, len(outline))
            is_known = slot in join.slots or join.ledger.is_closed(slot)
            if floor is None or slot < floor or is_known:
                self.spill.forget(slot)
                continue
            try:
                state = outlined(outline, moved_ns)
            except StowedMalformed as error:
                self.spill.forget(slot)
                self._report("error", "a slot on the disk could not be read", slot, str(error))
                continue
            state.told.is_away = True
            join.slots[slot] = state
            blockhash = state.confirmed or state.sole_blockhash()
            if blockhash is None or not state.cover_bits(blockhash):
                self.spill.unheld.add(slot)
            for level in (Commitment.CONFIRMED, Commitment.FINALIZED) if state.confirmed else ():
                if state.released_level < level <= state.told_level:
                    self._gate.admit(state, level, state.confirmed_at)

    def floor_told(self, event: FloorTold) -> None:
        """An endpoint said how far back it replays."""
        floor = event.first_available
        if floor is None or floor == NOTHING_STORED:
            self._depths.pop(event.endpoint, None)
        else:
            self._depths[event.endpoint] = self._join.tip - floor

    def handle(self, event: SpillEvent, now: float) -> None:
        """The disk answered. `work` is to be called after it."""
        match event:
            case Stowed():
                self.spill.stowed(event.slot)
            case StowFailed():
                self.spill.refused(event.slot, event.why, now)
            case Unstowed():
                self.spill.read(event.slot, event.packed, event.moved_ns)
            case UnstowFailed():
                self.spill.torn(event.slot, event.why)
            case _:
                assert_never(event)

    def work(self, now: float, ready: Sequence[Sequence[SlotState]]) -> None:
        """Put back what has come, have come what is needed, and stow what waits. Cheap where nothing is to be done.

        `ready`: by level, slots that are known at it and not released, lowest first.
        """
        if not self._is_on:
            return
        for waiting in ready:
            for state in islice(waiting, _NEXT):
                self.spill.want(state.number)
        self.spill.bring(self._gate.held_bytes)
        if self.spill.back or self.spill.lost:
            self._put_back(now)
            self._join.tick(now)
        if self.spill.is_due(self._gate.held_bytes, now):
            limit = patience(self._depths.values(), self._join.pace.slot_time)
            held_bytes = self._gate.held_bytes
            for slot in self.spill.choose(self._waiting(now), held_bytes, limit, now):
                self._stow(self._join.slots[slot], now)

    def _waiting(self, now: float) -> list[Waiting]:
        """Slots in memory that nothing is expected of soon."""
        slots, since = self._join.slots, self._since
        self._since = {number: since.get(number, now) for number in slots}
        have_passed = self._join.sights.have_passed
        return [
            Waiting(number, self._since[number], have_passed(number))
            for number, state in slots.items()
            if _waits(state)
        ]

    def _stow(self, state: SlotState, now: float) -> None:
        if state.confirmed is not None:
            self._gate.evidence(state, now)  # the verdict stays, for those who ask meanwhile
        if not self._gate.is_held(state):
            self.spill.unheld.add(state.number)
        before = state.held_bytes()
        packed = stow(state)
        state.told.is_away = True
        self._gate.held_bytes -= before
        self.spill.gone(state.number, packed)

    def _put_back(self, now: float) -> None:
        back, self.spill.back = self.spill.back, []
        lost, self.spill.lost = self.spill.lost, []
        for slot, packed, moved_ns in back:
            state = self._join.slots[slot]
            state.told.is_away = False
            before = state.held_bytes()
            try:
                at_once = bool(self._gate.history.of(slot).at[Commitment.PROCESSED])
                merged = unstow(state, packed, moved_ns, at_once=at_once)
            except StowedMalformed as error:
                self.spill.forget(slot)
                self._report("critical", "a held slot was lost on the disk", slot, str(error))
                self._lose(state)
                continue
            self._gate.held_bytes += state.held_bytes() - before
            self._take(state, merged, now)
        for slot, _ in lost:
            self._lose(self._join.slots[slot])

    def _take(self, state: SlotState, merged: Merged, now: float) -> None:
        """What came while the slot was away counts as if it had come now."""
        gate = self._gate
        for origin, count in merged.repeated.items():
            gate.tally.duplicates[origin] += count
        if merged.news and state.released_level < Commitment.CONFIRMED:
            give(gate, state, merged.news)
        is_late = state.number in self.spill.late or bool(merged.news)
        self.spill.late.discard(state.number)
        if is_late and state.released_level >= Commitment.CONFIRMED:
            gate.release_late(state, now)

    def _lose(self, state: SlotState) -> None:
        """Nothing of the slot is left: it is partial, and recovered."""
        self._gate.let_go(state)
        state.told.is_away = False
        state.shed, state.evidence = True, None
        self.spill.late.discard(state.number)

    def _report(self, level: str, sentence: str, slot: int, why: str) -> None:
        self._gate.report(level, sentence, slot=slot, why=why)


def _waits(state: SlotState) -> bool:
    """Whether the slot waits for a level that it is not known at. One that is certified is recovery's."""
    if not state.banks or state.finalized or state.certified is not None or state.shed:
        return False
    if state.confirmed is None:
        return not state.is_named()
    return state.released_level >= Commitment.CONFIRMED

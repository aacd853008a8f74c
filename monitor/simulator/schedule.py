"""When a region hears of what happens in a slot: the chain's offsets, turned into moments of its own."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from math import inf
from random import Random

from monitor.simulator.model import Bank, Chain, Slot, Update


class What(Enum):
    """A call of the validator's geyser interface."""

    FIRST_SHRED = "first shred"
    CREATED_BANK = "created bank"
    UPDATE = "update"
    META = "meta"
    COMPLETED = "completed"
    DEAD = "dead"
    CONFIRMED = "confirmed"
    FINALIZED = "finalized"


Happening = tuple[float, What, int, Bank | Update | None]
"""(moment in seconds, what, slot, the bank or the update that it is about)."""

Awaited = tuple[float, int, What, int, Bank | Update | None]
"""A happening with its place among those of one moment."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How slot times become moments."""

    first_slot: int
    started_at: float
    slot_time: float
    delay: float
    """Seconds from the leader to the region."""
    jitter: float
    """Seconds: each event comes later by up to this much."""
    meta_early: bool = False
    """BlockMeta comes at any moment between the creation of its bank and the end of it."""

    def begins(self, slot: int) -> float:
        """When the region can first hear of this slot."""
        return self.started_at + (slot - self.first_slot) * self.slot_time + self.delay


def happenings(slot: Slot, timing: Timing, dice: Random) -> Iterator[Happening]:
    """All of a slot but what never comes. Updates stay between their bank's creation and its end.

    A caller that sorts by moment has to leave events of one moment in the order in which they come from here.
    """
    begins, slot_time, jitter = timing.begins(slot.number), timing.slot_time, timing.jitter

    def moment(offset: float) -> float:
        return begins + offset * slot_time + dice.random() * jitter

    if slot.first_shred_at is not None:
        yield moment(slot.first_shred_at), What.FIRST_SHRED, slot.number, None
    not_before = begins
    for place, bank in enumerate(slot.banks):
        created = max(not_before, moment(bank.created_at))
        ends = max(created, moment(bank.dead_at if bank.dead is not None else bank.meta_at))
        if place + 1 < len(slot.banks):
            ends = min(ends, max(created, begins + slot.banks[place + 1].created_at * slot_time))
        yield created, What.CREATED_BANK, slot.number, bank
        for offset, update in bank.updates:
            heard = begins + offset * slot_time + dice.random() * jitter
            yield min(max(created, heard), ends), What.UPDATE, slot.number, update
        completed = moment(bank.completed_at)
        meta = created + dice.random() * (ends - created) if timing.meta_early else ends
        yield from _end_of(bank, ends, completed, meta)
        not_before = ends
    for offset, what in (
        (slot.confirmed_at, What.CONFIRMED),
        (slot.finalized_at, What.FINALIZED),
    ):
        if offset != inf:
            yield moment(offset), what, slot.number, None


def _end_of(bank: Bank, ends: float, completed: float, meta: float) -> Iterator[Happening]:
    if completed != inf:
        yield completed, What.COMPLETED, bank.slot, None
    if bank.dead is not None:
        yield ends, What.DEAD, bank.slot, bank
    elif bank.meta_at != inf:
        yield meta, What.META, bank.slot, bank.meta


def resettled(awaited: Iterable[Awaited], chain: Chain, timing: Timing) -> Iterator[Awaited]:
    """The same, but that what the chain confirms or finalizes at another moment by now comes at that one."""
    for moment, order, what, number, subject in awaited:
        if what in (What.CONFIRMED, What.FINALIZED):
            slot = chain.slot(number)
            offset = slot.confirmed_at if what is What.CONFIRMED else slot.finalized_at
            due = timing.begins(number) + offset * timing.slot_time
            if not due <= moment <= due + timing.jitter:
                moment = due
        yield moment, order, what, number, subject

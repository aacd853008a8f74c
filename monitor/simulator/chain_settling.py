"""When blocks are confirmed and finalized: never before their parents, and later while the cluster does not agree."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

from monitor.core.chain import Commitment
from monitor.simulator.chain_settings import ChainSettings

_APART: Final = 0.02
"""Slot times between a block and its parent, at least."""
_CATCHING_UP: Final = 0.001
"""The same for what was held up, which comes all at once."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Nothing reaches this level, nor one above it, in this time: in slot times, counted as slots are numbered."""

    level: Commitment
    begins: float
    until: float


@dataclass(frozen=True, slots=True)
class Settled:
    """Offsets of CONFIRMED and FINALIZED of one block, in slot times from the start of its slot."""

    slot: int
    confirmed_at: float
    finalized_at: float


@dataclass(frozen=True, slots=True)
class _Due:
    slot: int
    confirmed: float
    """When it would be confirmed if nothing were held."""
    until_finalized: float


@dataclass(slots=True)
class _Newest:
    confirmed: float = 0.0
    finalized: float = 0.0


class Settling:
    """Blocks are given in ascending order; what a hold does to those given already is told again."""

    def __init__(self, settings: ChainSettings) -> None:
        self._settings = settings
        self._holds: list[Hold] = []
        self._due: dict[int, _Due] = {}
        self._before = _Newest()
        """Of the blocks that are forgotten."""
        self._newest = _Newest()
        self.slowness = 0.0
        """Slot times by which blocks that are still to come are confirmed later than usual."""

    def add(self, slot: int, meta_at: float, dice: Random) -> Settled:
        """One more block on the chain, whose BlockMeta comes at this offset."""
        confirmed = slot + meta_at + self.slowness + dice.uniform(0.8, 1.9)
        due = _Due(slot, confirmed, self._settings.slots_until_finalized + dice.uniform(0, 0.5))
        self._due[slot] = due
        return self._settle(due, self._newest)

    def hold(self, hold: Hold) -> Iterator[Settled]:
        """Let nothing reach the level meanwhile; gives all blocks that are remembered, as they settle now."""
        self._holds.append(hold)
        return self._again()

    def end_holds(self, now: float) -> Iterator[Settled]:
        """The same, when all that is held comes now."""
        self._holds = [
            Hold(hold.level, min(hold.begins, now), min(hold.until, now)) for hold in self._holds
        ]
        return self._again()

    def held(self, now: float) -> Hold | None:
        """What holds at this moment; of several the one that ends last."""
        found = [hold for hold in self._holds if hold.begins <= now < hold.until]
        return max(found, key=lambda hold: hold.until, default=None)

    def forget(self, slot: int) -> None:
        """Nobody asks for this slot any more."""
        due = self._due.pop(slot, None)
        if due is not None:
            self._settle(due, self._before)

    def _again(self) -> Iterator[Settled]:
        self._newest = _Newest(self._before.confirmed, self._before.finalized)
        for due in self._due.values():
            yield self._settle(due, self._newest)

    def _settle(self, due: _Due, newest: _Newest) -> Settled:
        confirmed = self._later(Commitment.CONFIRMED, due.confirmed)
        newest.confirmed = self._after(newest.confirmed, due.confirmed, confirmed)
        wished = newest.confirmed + due.until_finalized
        finalized = self._later(Commitment.FINALIZED, wished)
        newest.finalized = self._after(newest.finalized, wished, finalized)
        return Settled(due.slot, newest.confirmed - due.slot, newest.finalized - due.slot)

    def _later(self, level: Commitment, moment: float) -> float:
        for hold in self._holds:
            if hold.level <= level and hold.begins <= moment < hold.until:
                moment = hold.until
        return moment

    @staticmethod
    def _after(parent: float, wished: float, held: float) -> float:
        return max(held, parent + (_APART if held == wished else _CATCHING_UP))

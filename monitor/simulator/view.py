"""What a node that hears everything at once knows of the chain at a moment: the source of JSON-RPC and of the truth."""

from monitor.core.chain import Commitment
from monitor.simulator.model import Bank, Chain, Slot


class ChainView:
    """The chain against a clock. `now` never goes back from one call to the next."""

    def __init__(self, chain: Chain, slot_time: float, started_at: float) -> None:
        self._chain = chain
        self._slot_time = slot_time
        self._started_at = started_at
        self._first = chain.first_slot
        self._behind = 0.0
        self._pruned = self._lack = 0
        self._newest: dict[Commitment, Bank | None] = dict.fromkeys(Commitment)

    def begin(self, started_at: float) -> None:
        """The first slot begins then after all; for a view that was made with `started_at=inf`."""
        self._started_at = started_at

    def fall_back(self, behind: int, pruned: int = 0, lack: int = 0) -> None:
        """See everything so many slots late, nothing of slots below `pruned`, and no block in the slot `lack`."""
        self._behind = behind * self._slot_time
        self._pruned, self._lack = pruned, lack
        self._newest = dict.fromkeys(Commitment)

    def moment(self, slot: int, offset: float) -> float:
        """When something is seen that happens `offset` slot times into a slot."""
        slots = slot - self._chain.first_slot + offset
        return self._started_at + slots * self._slot_time + self._behind

    def newest(self, level: Commitment, now: float) -> Bank | None:
        """The newest block on the chain that has reached the level, or None before the first."""
        held = self._newest[level]
        number = max(self.first_kept(), 0 if held is None else held.slot + 1)
        while self._exists(number) and self.moment(number, 0.0) <= now:
            bank = self.block(number, level, now)
            if bank is not None:
                self._newest[level] = bank
            number += 1
        return self._newest[level]

    def block(self, number: int, level: Commitment, now: float) -> Bank | None:
        """The block on the chain in this slot, if it has reached the level. Raises KeyError when it is forgotten."""
        if number == self._lack or not self._exists(number) or self.moment(number, 0.0) > now:
            return None  # Without a look at the chain, which would make all slots up to there.
        slot = self._chain.slot(number)
        bank = canonical(slot)
        if bank is None or self.moment(number, _reached_at(slot, bank, level)) > now:
            return None
        return bank

    def first_kept(self) -> int:
        """The oldest slot that the chain still holds and that is not pruned."""
        while True:
            try:
                self._chain.slot(self._first)
            except KeyError:
                self._first += 1
            else:
                return max(self._first, self._pruned)

    def _exists(self, number: int) -> bool:
        end = self._chain.end_slot
        return number >= self._chain.first_slot and (end is None or number < end)


def canonical(slot: Slot) -> Bank | None:
    """The block of this slot that stays on the chain."""
    return next((bank for bank in slot.banks if bank.canonical), None)


def _reached_at(slot: Slot, bank: Bank, level: Commitment) -> float:
    match level:
        case Commitment.PROCESSED:
            return max(bank.completed_at, bank.meta_at)
        case Commitment.CONFIRMED:
            return slot.confirmed_at
        case Commitment.FINALIZED:
            return slot.finalized_at

"""Remembers which accounts were written by blocks that are let go of, while somebody reads the state of accounts.

A state may come after the write that overtakes it was handed on and its slot closed. What is kept is a slot for each
account that was written meanwhile: at most as many as monitors name, for none is read where one names no accounts.
"""

from collections.abc import Iterator

from monitor.core.chain import Kind
from monitor.core.keys import account_of
from monitor.core.slots import SlotState


class LastWrites:
    """The last of them for each account, from `begin` to `end`."""

    def __init__(self) -> None:
        self._slots: dict[bytes, int] | None = None

    def begin(self) -> None:
        """What is let go of from now on is noted."""
        if self._slots is None:
            self._slots = {}

    def end(self) -> None:
        """Nobody asks any more."""
        self._slots = None

    def note(self, state: SlotState) -> None:
        """This slot is let go of. What a block of it wrote that is not the chain's is none of it."""
        slots = self._slots
        if slots is not None and state.confirmed is not None:
            for account in written_in(state, state.confirmed):
                slots[account] = max(state.number, slots.get(account, -1))

    def since(self, slot: int) -> set[bytes]:
        """Accounts that were written in this slot or later."""
        found = self._slots or {}
        return {account for account, last in found.items() if last >= slot}


def written_in(state: SlotState, blockhash: str) -> Iterator[bytes]:
    """Accounts that this block of the slot wrote, as often as it did."""
    tied, untied = state.bits_of(blockhash)
    for store, bits in [(state.shared, tied | untied), *state.own_parts(blockhash)]:
        for key, seen in store.tables[Kind.ACCOUNT].items():
            if seen & bits:
                yield account_of(key)


def written_in_any(state: SlotState) -> Iterator[bytes]:
    """Accounts that any bank of the slot wrote, as often as they did."""
    for store in {bank.store for bank in state.banks}:
        yield from map(account_of, store.tables[Kind.ACCOUNT])

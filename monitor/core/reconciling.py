"""Reads the state of watched accounts where their writes can no longer be had (DESIGN 8).

A block of an RPC holds no account writes. So for slots of which nothing but these is missing the present state is
read, past the last of them: what lies in between is unknowable, and the certificates say so. A state that a live
write has overtaken is not handed on.
"""

from collections.abc import Iterator
from typing import Final

from monitor.core.backoff import full_jitter
from monitor.core.chain import Commitment, Kind
from monitor.core.commands import Command, ReadAccounts
from monitor.core.events import AccountsRead, AccountsUnread, Row
from monitor.core.join import Join
from monitor.core.keys import account_of

GATHER: Final = 0.25
"""Seconds for which slots are gathered before the accounts are read. Guessed."""


class Reconciling:
    """The slots that wait for account states."""

    def __init__(self, join: Join, *, is_on: bool) -> None:
        self.is_on = is_on
        """There is somebody to ask, and accounts are named."""
        self._join = join
        self._slots: set[int] = set()
        self._read_at: float | None = None
        self._is_reading = False
        self._failures = 0

    def want(self, slot: int) -> None:
        """Nothing but account writes is missing of this slot."""
        self._slots.add(slot)

    def work(self, now: float) -> Iterator[Command]:
        """Ask, if it is time."""
        if not self._slots or self._is_reading:
            return
        if self._read_at is None:
            self._read_at = now + GATHER
        if now >= self._read_at:
            self._is_reading = True
            first, end = min(self._slots), max(self._slots) + 1
            yield ReadAccounts(first, end, max(end, self._join.gate.frontier[Commitment.CONFIRMED]))

    def next_deadline(self) -> float | None:
        """When `work` will ask, or None."""
        return None if self._is_reading else self._read_at

    def unread(self, event: AccountsUnread, now: float) -> None:
        """Nobody could tell; ask again later."""
        self._failures += 1
        self._is_reading = False
        self._read_at = now + full_jitter(self._failures, event.jitter)

    def read(self, event: AccountsRead, now: float) -> list[int]:
        """The states are there. Hands them on, and answers the slots that they stand for."""
        join = self._join
        self._is_reading, self._read_at, self._failures = False, None, 0
        settled = sorted(slot for slot in self._slots if event.first <= slot < event.end)
        self._slots.difference_update(settled)
        for slot in settled:
            state = join.slots.get(slot)
            if state is not None:
                state.reconciled_at = event.context_slot
                state.evidence = None
        fresh = [row for row in event.rows if not self._is_overtaken(row, event.end)]
        join.gate.hand_on_states(fresh, event.source)
        join.tick(now)
        return settled

    def _is_overtaken(self, row: Row, end: int) -> bool:
        """Whether a stream brought a write to this account in a slot behind those, up to the one of the state."""
        pubkey = account_of(row[2])
        for number, state in self._join.slots.items():
            if end <= number <= row[1]:
                stores = {id(bank.store): bank.store for bank in state.banks}.values()
                for store in stores:
                    if any(account_of(key) == pubkey for key in store.tables[Kind.ACCOUNT]):
                        return True
        return False

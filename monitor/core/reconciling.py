"""Reads the state of watched accounts where their writes can no longer be had (DESIGN 8).

A block of an RPC holds no account writes. So for slots of which nothing but these is missing the present state is
read, past the last of them: what lies in between is unknowable, and the certificates say so. A state that the write
of a later block has overtaken is not handed on, and one of a slot that cannot be is not believed.
"""

from collections.abc import Iterator
from typing import Final

from monitor.core.backoff import full_jitter
from monitor.core.chain import Commitment, Kind
from monitor.core.commands import Command, ReadAccounts
from monitor.core.events import AccountsRead, AccountsUnread, Row
from monitor.core.join import Join
from monitor.core.keys import account_of
from monitor.core.slots import SlotState

GATHER: Final = 0.25
"""Seconds for which slots are gathered before the accounts are read. Guessed."""
_NO_JITTER: Final = 1.0
"""The whole pause: who told nonsense is asked again no sooner."""


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
        self._told: dict[bytes, int] = {}
        """By account that monitors name, the slot of its state that was handed on last."""

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
        self._ask_later(event.jitter, now)

    def read(self, event: AccountsRead, now: float) -> list[int]:
        """The states are there. Hands them on, and answers the slots that they stand for.

        Those of a slot that cannot be are told as critical and asked for again: a state of a slot far ahead would
        come out as the newest of its account.
        """
        join = self._join
        slots = {event.context_slot, *(row[1] for row in event.rows)}
        if min(slots) < event.end - 1 or join.pace.is_ahead(max(slots), now):
            told = {"lowest": min(slots), "highest": max(slots), "endpoint": event.source}
            join.gate.report("critical", "account states are of a slot that cannot be", **told)
            self._ask_later(_NO_JITTER, now)
            return []
        self._is_reading, self._read_at, self._failures = False, None, 0
        settled = sorted(slot for slot in self._slots if event.first <= slot < event.end)
        self._slots.difference_update(settled)
        for slot in settled:
            state = join.slots.get(slot)
            if state is not None:
                state.reconciled_at = event.context_slot
                state.evidence = None
        overtaken = self._written_from(event.end)
        fresh = [row for row in event.rows if account_of(row[2]) not in overtaken]
        join.gate.hand_on_states([row for row in fresh if self._is_newer(row)], event.source)
        join.tick(now)
        return settled

    def _ask_later(self, jitter: float, now: float) -> None:
        self._failures += 1
        self._is_reading = False
        self._read_at = now + full_jitter(self._failures, jitter)

    def _is_newer(self, row: Row) -> bool:
        """Whether no state of this account as late as this one was handed on; it is from now on."""
        account, slot = account_of(row[2]), row[1]
        if slot <= self._told.get(account, -1):
            return False
        self._told[account] = slot
        return True

    def _written_from(self, first: int) -> set[bytes]:
        """Accounts that a confirmed block from this slot on wrote. Later than the state or not: the write says more.

        A block that is not confirmed may be of a losing fork; if it is not, its writes come behind the state.
        """
        found: set[bytes] = set()
        for number, state in self._join.slots.items():
            if number >= first and state.confirmed is not None:
                found.update(_written_in(state, state.confirmed))
        return found


def _written_in(state: SlotState, blockhash: str) -> Iterator[bytes]:
    tied, untied = state.bits_of(blockhash)
    for store, bits in [(state.shared, tied | untied), *state.own_parts(blockhash)]:
        for key, seen in store.tables[Kind.ACCOUNT].items():
            if seen & bits:
                yield account_of(key)

"""Reads the state of watched accounts where their writes can no longer be had (DESIGN 8).

A block of an RPC holds no account writes. So for slots of which nothing but these is missing the present state is
read, past the last of them: what lies in between is unknowable, and the certificates say so. A state that the write
of a later block has overtaken is not handed on, and one of a slot that cannot be is not believed.

Nor is a state believed that not so many RPCs tell alike as have to. Honest ones differ where an account was written
between their slots: that write comes on the streams and overtakes the state. If it does not, they are asked again,
and at last the slots have failed: they are asked for like others that nobody brings, and are LOST in the end.
"""

from collections.abc import Iterator
from typing import Final

from monitor.core.backoff import full_jitter
from monitor.core.chain import Commitment
from monitor.core.commands import Command, ReadAccounts
from monitor.core.errands import Fail
from monitor.core.events import AccountsRead, AccountsUnread, Row
from monitor.core.join import Join
from monitor.core.keys import account_of
from monitor.core.last_writes import written_in, written_in_any
from monitor.core.recovery_terms import Failure, Lease
from monitor.core.rungs import Rung, Verdict

GATHER: Final = 0.25
"""Seconds for which slots are gathered before the accounts are read. Guessed."""
TRIES: Final = 6
"""Readings that bring no state of some account, until the slots count as failed: 16 s at the most. Guessed."""
_NO_JITTER: Final = 1.0
"""The whole pause: who told nonsense is asked again no sooner, nor is one whose answer came too early."""


class Reconciling:
    """The slots that wait for account states."""

    def __init__(self, join: Join, fail: Fail, *, is_on: bool) -> None:
        """`fail`: ends the work on a slot whose states nobody tells."""
        self.is_on = is_on
        """There is somebody to ask, and accounts are named."""
        self.resumes = False
        """The first slot was given: a process before this one may have handed on events of it and of later ones."""
        self._join = join
        self._fail = fail
        self._slots: dict[int, Rung] = {}
        """Each with the rung that brought its block."""
        self._read_at: float | None = None
        self._is_reading = False
        self._failures = 0
        self._early = 0
        """Readings in a row of which a state had to wait for what becomes of a write."""
        self._least = 0
        """States of lower slots are older than what the process before this one may have handed on."""
        self._told: dict[bytes, int] = {}
        """By account that monitors name, the slot of its state that was handed on last."""
        self._done: set[bytes] = set()
        """Accounts of which a state from `_done_from` on was handed on, while others are asked about again."""
        self._done_from = 0
        self._dissent: set[int] = set()
        """Origins that were reported, until a reading succeeds or is given up."""

    def want(self, slot: int, rung: Rung) -> None:
        """Nothing but account writes is missing of this slot, whose block this rung brought."""
        self._slots[slot] = rung
        self._join.gate.writes.begin()

    def work(self, now: float) -> Iterator[Command]:
        """Ask, if it is time."""
        if not self._slots or self._is_reading or (self.resumes and self._join.tip < 0):
            return
        if self._read_at is None:
            self._read_at = now + GATHER
        if now >= self._read_at:
            self._is_reading = True
            first, end = min(self._slots), max(self._slots) + 1
            yield ReadAccounts(first, end, self._oldest(end))

    def next_deadline(self) -> float | None:
        """When `work` will ask, or None."""
        return None if self._is_reading else self._read_at

    def unread(self, event: AccountsUnread, now: float) -> None:
        """Nobody could tell; ask again later."""
        failure = Failure(Verdict.FAILED, event.jitter)
        self._ask_again(event, failure, "no RPC told the state of accounts", now)

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
            failure = Failure(Verdict.DISAGREED, _NO_JITTER)
            self._ask_again(
                event, failure, "RPCs told account states of a slot that cannot be", now
            )
            return []
        self._tell_dissent(event)
        overtaken = self._written_from(event.end)
        wanting = [account for account in event.unsure if account not in overtaken]
        fresh = [row for row in event.rows if account_of(row[2]) not in overtaken]
        early = self._written_at_once(event.end)
        ready = [row for row in fresh if account_of(row[2]) not in early]
        newer = [row for row in ready if self._is_newer(row, event)]
        join.gate.hand_on_states(newer, event.source, join.slots)
        is_early = len(ready) < len(fresh)
        settled = [] if wanting or is_early else self._settle(event)
        if wanting:
            why = f"RPCs do not tell the states of accounts alike, {len(wanting)} of them"
            self._ask_again(event, Failure(Verdict.DISAGREED, _NO_JITTER), why, now)
        elif is_early:
            self._wait_for_writes(now)
        join.tick(now)
        return settled

    def _oldest(self, end: int) -> int:
        """States of lower slots are of no use: one that is as late as all that was handed on overtakes nothing.

        After a restart that may be anything up to the slot that feeds have come to when it is first asked.
        """
        if self.resumes:
            self.resumes, self._least = False, self._join.tip
        return max(end, self._least, self._join.gate.frontier[Commitment.CONFIRMED])

    def _settle(self, event: AccountsRead) -> list[int]:
        by_one = " by the word of one RPC" if event.witnesses == 1 else ""
        words = f"accounts as of slot {event.context_slot}{by_one}, writes before it unknown"
        settled = list(self._take_out(event))
        for slot in settled:
            state = self._join.slots.get(slot)
            if state is not None:
                state.reconciled_at, state.evidence = event.context_slot, None
                state.reconciled = words
        return settled

    def _ask_again(
        self, event: AccountsRead | AccountsUnread, failure: Failure, why: str, now: float
    ) -> None:
        """Not all states came; when that was so too often, the work on the slots has failed."""
        self._failures += 1
        self._is_reading = False
        if self._failures < TRIES:
            self._read_at = now + full_jitter(self._failures, failure.jitter)
            return
        facts = {"from_slot": event.first, "to_slot": event.end, "why": why}
        self._join.gate.report("critical", "account states cannot be had", **facts)
        for slot, rung in self._take_out(event).items():
            state = self._join.slots.get(slot)
            if state is not None:
                state.reconciled = why
            self._fail(Lease(rung, slot, slot + 1), failure, now)

    def _wait_for_writes(self, now: float) -> None:
        """Read again later, and later still while nothing is confirmed: that is nobody's failure, and may take long."""
        self._early += 1
        self._is_reading, self._read_at = False, now + full_jitter(self._early, _NO_JITTER)

    def _take_out(self, event: AccountsRead | AccountsUnread) -> dict[int, Rung]:
        """The slots of this reading wait no more; answers them, ascending."""
        self._is_reading, self._read_at, self._failures, self._early = False, None, 0, 0
        self._dissent.clear()
        self._done.clear()
        out = {
            each: self._slots[each]
            for each in sorted(self._slots)
            if event.first <= each < event.end
        }
        for slot in out:
            del self._slots[slot]
        if not self._slots:
            self._join.gate.writes.end()
        return out

    def _tell_dissent(self, event: AccountsRead) -> None:
        if not self._dissent.issuperset(event.dissent):
            self._dissent.update(event.dissent)
            facts = {"origins": list(event.dissent), "slot": event.context_slot}
            self._join.gate.report("critical", "RPCs disagree about account states", **facts)

    def _is_newer(self, row: Row, event: AccountsRead) -> bool:
        """Whether no state of this account as late as this one was handed on; it is from now on.

        Nor one that says as much, while others are asked about again.
        """
        account, slot = account_of(row[2]), row[1]
        if event.end > self._done_from:
            self._done.clear()
            self._done_from = event.end
        if account in self._done or slot <= self._told.get(account, -1):
            return False
        self._done.add(account)
        self._told[account] = slot
        return True

    def _written_from(self, first: int) -> set[bytes]:
        """Accounts that a confirmed block from this slot on wrote. Later than the state or not: the write says more.

        A block that is not confirmed may be of a losing fork; if it is not, its writes come behind the state: but for
        those that monitors at processed have had, of which `_written_at_once` tells.
        """
        found = self._join.gate.writes.since(first)
        for number, state in self._join.slots.items():
            if number >= first and state.confirmed is not None:
                found.update(written_in(state, state.confirmed))
        return found

    def _written_at_once(self, first: int) -> set[bytes]:
        """Accounts of which monitors at processed had a write from this slot on that may yet be the chain's.

        Whether it overtakes the state is known when its slot is confirmed, or the chain has passed it by.
        """
        gate = self._join.gate
        found: set[bytes] = set()
        first = max(first, gate.frontier[Commitment.CONFIRMED] + 1)
        for number, state in self._join.slots.items():
            is_given = gate.history.of(number).at[Commitment.PROCESSED]
            if number >= first and is_given and state.confirmed is None and state.dead is None:
                found.update(written_in_any(state))
        return found

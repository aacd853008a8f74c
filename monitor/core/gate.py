"""Hands events on at their level, and never before it.

A slot whose block is known at a level waits here until some feed covers it; slots go lowest first. A slot that
none covers holds later ones back for `hold` seconds; then it is passed over with what there is of it, and what
comes afterwards comes late. Monitors at processed are served as copies arrive and wait for nothing.
"""

from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass, field

from monitor.core.chain import Commitment, Kind
from monitor.core.commands import Command, Release, Released, Report
from monitor.core.events import Row
from monitor.core.levels import Levels
from monitor.core.slots import Held, SlotState


@dataclass(slots=True)
class Tally:
    """What the join and the gate count, for metrics."""

    duplicates: list[int]
    """By endpoint: copies that another had brought first, or that came twice."""
    missed: list[int] = field(default_factory=list)
    """By endpoint: updates of closed slots that its unbroken stream should have brought, and did not."""
    stale: int = 0
    """Updates of slots below all that is kept."""
    late: int = 0
    """Events handed on after their slot had been released."""
    slots: dict[str, int] = field(default_factory=dict)
    """Closed slots by state."""

    def close(self, state: str, count: int = 1) -> None:
        """Count so many more slots that ended in this state."""
        if count:
            self.slots[state] = self.slots.get(state, 0) + count


class Gate:
    """Releases of all levels, gathered until the kernel collects them."""

    def __init__(self, levels: Levels, tally: Tally, *, hold: float) -> None:
        self.levels = levels
        self.tally = tally
        self.hold = hold
        self.frontier = [-1, -1, -1]
        """By commitment: highest slot released at it."""
        self._waiting: tuple[list[SlotState], list[SlotState]] = ([], [])
        self._out: tuple[list[Released], list[Released], list[Released]] = ([], [], [])
        self._reports: list[Report] = []

    def report(self, level: str, sentence: str, **facts: object) -> None:
        """Say something in the log, in order with the releases."""
        self._reports.append(Report(level, sentence, facts))

    def collect(self) -> Iterator[Command]:
        """What is to be done after the events so far: reports, then releases by level. Emptied by reading."""
        if self._reports:
            reports, self._reports = self._reports, []
            yield from reports
        out = self._out
        if out[0] or out[1] or out[2]:
            self._out = ([], [], [])
            for level in Commitment:
                if out[level]:
                    yield Release(level, out[level])

    def at_once(self, released: Released) -> None:
        """Hand on to monitors at processed."""
        self._out[0].append(released)

    def observed(self, state: SlotState, endpoint: int, row: Row) -> None:
        """A lifecycle status: the first arrival goes to whoever asked, at any level, unordered."""
        bit = 1 << row[2]
        if state.statuses & bit:
            return
        state.statuses |= bit
        parent, dead_error, _ = row[4]
        made: Row = (row[0], row[1], row[2], row[3], (parent, dead_error, True), row[5], None)
        for level in Commitment:
            mask = self.levels.slots[level][row[2]]
            if mask:
                self._out[level].append((mask, endpoint, False, 0, None, made))

    def reached(self, state: SlotState, level: Commitment, stamp: int) -> None:
        """The slot is at `level`: monitors at processed get its `slot` events up to it, each once."""
        for status in Commitment:
            bit = 1 << status
            if status > level or state.statuses & bit:
                continue
            state.statuses |= bit
            mask = self.levels.slots[Commitment.PROCESSED][status]
            if mask:
                row = _slot_row(state, status, stamp)
                self._out[0].append((mask, -1, False, 0, state.confirmed, row))

    def admit(self, state: SlotState, level: Commitment, now: float) -> None:
        """The slot's block is known at `level`, confirmed or finalized: it may be released there."""
        if state.hold_until is None:
            state.hold_until = now + self.hold
        insort(self._waiting[level - 1], state, key=_number)

    def pump(self, now: float) -> None:
        """Release what can be released now."""
        waiting = self._waiting[0]
        if waiting:
            done = 0
            for state in waiting:
                if not state.is_whole() and not self._gives_up(state, now):
                    break
                self._release(state, Commitment.CONFIRMED)
                done += 1
            del waiting[:done]
        waiting = self._waiting[1]
        if waiting:
            done = 0
            for state in waiting:
                if state.released_level < Commitment.CONFIRMED:
                    break
                self._release(state, Commitment.FINALIZED)
                done += 1
            del waiting[:done]

    def next_deadline(self) -> float | None:
        """When `pump` will pass over a slot that holds others back, or None."""
        waiting = self._waiting[0]
        return waiting[0].hold_until if waiting else None

    def release_late(self, state: SlotState) -> None:
        """A released slot got another feed's bank: what that adds is handed on once, marked late."""
        added = 0
        for level in (Commitment.CONFIRMED, Commitment.FINALIZED):
            if state.released_level >= level:
                size = len(self._out[level])
                self._hand_on(state, level, late=True)
                added += len(self._out[level]) - size
        if added:
            self.tally.late += added
            self.report(
                "info", "events of a released slot came late", slot=state.number, events=added
            )
        self._let_go(state)

    def check(self) -> None:
        """State what always holds; for tests."""
        for waiting in self._waiting:
            numbers = [state.number for state in waiting]
            assert numbers == sorted(set(numbers))
        assert all(state.released_level < Commitment.CONFIRMED for state in self._waiting[0])

    def _gives_up(self, state: SlotState, now: float) -> bool:
        if not state.gave_up and state.hold_until is not None and now >= state.hold_until:
            state.gave_up = True
            self.report("warning", "a slot was passed over incomplete", slot=state.number)
        return state.gave_up

    def _release(self, state: SlotState, level: Commitment) -> None:
        if not state.is_whole():
            state.remember_given()
        late = state.number < self.frontier[level]
        self._hand_on(state, level, late=late)
        state.released_level = level
        self.frontier[level] = max(self.frontier[level], state.number)
        confirmed, finalized = Commitment.CONFIRMED, Commitment.FINALIZED
        if level == confirmed:
            self._slot_events(state, confirmed, (Commitment.PROCESSED, confirmed), late=late)
        else:
            self._slot_events(state, confirmed, (finalized,), late=late)
            self._slot_events(state, finalized, tuple(Commitment), late=late)
            self.tally.close("complete" if state.is_whole() else "partial")
        self._let_go(state)

    def _let_go(self, state: SlotState) -> None:
        if state.released_level == Commitment.FINALIZED or not self.levels.at[Commitment.FINALIZED]:
            state.forget_rows()

    def _hand_on(self, state: SlotState, level: Commitment, *, late: bool) -> None:
        wanted = self.levels.at[level]
        blockhash = state.confirmed
        if not wanted or blockhash is None:
            return
        out = self._out[level]
        at_confirmed = level == Commitment.CONFIRMED
        rows = state.rows_of(blockhash, state.fresh_from if at_confirmed else 0)
        if at_confirmed:
            state.fresh_from = len(state.shared.held)
        rows = [held for held in rows if state.first_time(level, held)]
        accounts = self._accounts(state, blockhash, level)
        for endpoint, row in _with_accounts(rows, accounts):
            mask = row[3] & wanted
            if mask:
                out.append((mask, endpoint, late, 0, blockhash, row))

    def _accounts(self, state: SlotState, blockhash: str, level: Commitment) -> list[Held]:
        """Account rows to hand on: every write for those who asked so, the last of each account for the others.

        What this level had already is left out: a late write never repeats an account's event.
        """
        every = self.levels.at[level] & self.levels.every_write
        last = self.levels.at[level] & ~every
        lasts = state.last_writes(blockhash) if last else {}
        chosen = state.all_writes(blockhash) if every else {h[1][2]: h for h in lasts.values()}
        found: list[Held] = []
        for key, (endpoint, row) in chosen.items():
            pubkey = key[:32]
            mask = 0
            if row[3] & every and (level, key) not in state.accounts_out:
                state.accounts_out.add((level, key))
                mask |= row[3] & every
            is_last = pubkey in lasts and lasts[pubkey][1][2] == key
            if row[3] & last and is_last and (level, pubkey) not in state.accounts_out:
                state.accounts_out.add((level, pubkey))
                mask |= row[3] & last
            if mask:
                found.append((endpoint, (row[0], row[1], key, mask, row[4], row[5], row[6])))
        return found

    def _slot_events(
        self, state: SlotState, level: Commitment, statuses: tuple[Commitment, ...], *, late: bool
    ) -> None:
        for status in statuses:
            mask = self.levels.slots[level][status]
            if mask:
                released = (mask, -1, late, 0, state.confirmed, _slot_row(state, status, 0))
                self._out[level].append(released)


def _number(state: SlotState) -> int:
    return state.number


def _with_accounts(rows: list[Held], accounts: list[Held]) -> Iterator[Held]:
    """Rows in chain order, the accounts between the entries and the block."""
    at = next(
        (i for i, held in enumerate(rows) if held[1][0] in (Kind.BLOCK, Kind.BLOCK_META)), len(rows)
    )
    yield from rows[:at]
    yield from accounts
    yield from rows[at:]


def _slot_row(state: SlotState, status: Commitment, stamp: int) -> Row:
    meta = state.metas.get(state.confirmed) if state.confirmed is not None else None
    parent = meta.parent_slot if meta is not None else state.parent
    return (Kind.SLOT, state.number, int(status), 0, (parent, None, False), stamp, None)

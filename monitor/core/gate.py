"""Hands events on at their level, and never before it.

A slot whose block is known at a level waits here until it is held whole and its parent has gone before it; slots go
lowest first. One that is not whole, or whose parent is missing, holds later ones back for `hold` seconds; then it is
passed over with what there is of it, and what comes afterwards comes late. Monitors at processed are served as copies
arrive and wait for nothing.
"""

from bisect import insort
from collections.abc import Callable, Iterator
from dataclasses import replace
from operator import attrgetter

from monitor.core.banks import Held
from monitor.core.certificates import SlotEnd
from monitor.core.chain import Commitment, Kind
from monitor.core.commands import Command, Release, Released, Report
from monitor.core.events import Row
from monitor.core.evidence import Evidence, Parts, is_covered, is_doubtful, judge, ordering_covers
from monitor.core.last_writes import LastWrites
from monitor.core.levels import Levels
from monitor.core.shares import tellers
from monitor.core.slots import SlotState
from monitor.core.tally import Tally
from monitor.core.terms import Terms


class Gate:
    """Releases of all levels, gathered until the kernel collects them."""

    def __init__(self, levels: Levels, tally: Tally, terms: Terms) -> None:
        self.levels = levels
        self.tally = tally
        self.terms = terms
        self.frontier = [-1, -1, -1]
        """By commitment: highest slot released at it."""
        self.unfenced: frozenset[int] = frozenset()
        """Endpoints that send data of a slot after its BlockMeta, so that this does not end it (TRAPS 1)."""
        self.slot_time = 0.4
        """Seconds a slot, as measured; a guess until then."""
        self.held_bytes = 0
        """Bytes of the frames that wait."""
        self.finalized: list[SlotState] = []
        """Slots released at finalized since the ledger last looked."""
        self.passed_over: list[SlotState] = []
        """Slots that were released incomplete since recovery last looked."""
        self.left_open: dict[int, SlotEnd] = {}
        """Slots that have a certificate which leaves them open; the ledger's."""
        self.late: set[int] = set()
        """Slots of which events were handed on after their certificate or release, since the ledger last looked."""
        self.writes = LastWrites()
        """Of slots that were dropped."""
        self._replayed_below = self._compared_below = 0
        """Every endpoint has replayed what it could below this slot; every one that can be reached."""
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
            if self.left_open:  # seldom: nothing is asked of each row otherwise
                self.late.update({each[5][1] for each in out[0]} & self.left_open.keys())
            for level in Commitment:
                if out[level]:
                    yield Release(level, out[level])

    def hand_on_states(self, rows: list[Row], origin: int) -> None:
        """Account states that were read in place of lost writes."""
        for level in Commitment:
            wanted = self.levels.at[level]
            self._out[level].extend(
                (row[3] & wanted, origin, True, 0, None, row) for row in rows if row[3] & wanted
            )

    @property
    def at_once(self) -> list[Released]:
        """Where events for monitors at processed are put."""
        return self._out[0]

    def evidence(self, state: SlotState, now: float) -> Evidence:
        """What is held of the slot's confirmed block. Raises AssertionError when none is known."""
        found: Evidence | None = state.evidence
        if found is not None:
            return found
        blockhash = state.confirmed
        assert blockhash is not None
        unfenced = self.unfenced
        if unfenced and now >= state.confirmed_at + self.slot_time:
            unfenced = frozenset()
        found = self._judged(state, blockhash, unfenced)
        if found.whole or not unfenced:
            state.evidence = found  # else time alone may change it
        return found

    def note_replays(self, below: int, compared_below: int) -> None:
        """Every endpoint has replayed what it could `below` this slot; every one that can be reached, up to the other."""
        self._replayed_below, self._compared_below = below, compared_below

    def is_hopeless(self, state: SlotState) -> bool:
        """Whether nobody is left who could bring more of the slot."""
        return state.number < self._replayed_below and not self.terms.recovers

    def is_held(self, state: SlotState) -> bool:
        """Whether a replay could add nothing: all that is known of the slot's block is held, or it died."""
        if state.dead is not None and state.confirmed is None:
            return True
        blockhash = state.confirmed or state.sole_blockhash()
        if blockhash is None:
            return is_covered(state, self.terms.needs)
        found: Evidence | None = state.evidence if blockhash == state.confirmed else None
        if found is None:
            found = self._judged(state, blockhash, frozenset())
        return found.is_settled

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
        if level == Commitment.CONFIRMED:
            state.confirmed_at = now
        insort(self._waiting[level - 1], state, key=attrgetter("number"))

    def pump(self, now: float, precedes: Callable[[SlotState], bool]) -> None:
        """Release what can be released now. `precedes`: the slot's parent has been released, or is none of ours."""
        confirmed, finalized = self._waiting
        if confirmed:
            kept = []
            for place, state in enumerate(confirmed):
                if self._may_go(state, now, precedes):
                    self._release(state, Commitment.CONFIRMED, now)
                elif self._is_behind(state):
                    kept.append(state)
                else:
                    kept += confirmed[place:]
                    break
            confirmed[:] = kept
        if finalized:
            kept = []
            for place, state in enumerate(finalized):
                if state.released_level >= Commitment.CONFIRMED:
                    self._release(state, Commitment.FINALIZED, now)
                    self.finalized.append(state)
                elif self._is_behind(state):
                    kept.append(state)
                else:
                    kept += finalized[place:]
                    break
            finalized[:] = kept

    def drop(self, state: SlotState) -> None:
        """The slot is forgotten: nothing of it is released any more."""
        self.writes.note(state)
        self.let_go(state)
        for waiting in self._waiting:
            if state in waiting:
                waiting.remove(state)

    def waiting(self) -> list[SlotState]:
        """Slots known confirmed that were not released yet, lowest first."""
        return self._waiting[0]

    def next_deadline(self) -> float | None:
        """When `pump` may release a slot that holds others back, or None."""
        due = []
        for state in self._waiting[0]:
            is_unripe = self.unfenced and state.evidence is None
            wait = min(self.terms.hold, self.slot_time) if is_unripe else self.terms.hold
            due.append(state.confirmed_at + wait)
            if not self._is_behind(state):
                break
        return min(due) if due else None

    def release_late(self, state: SlotState, now: float) -> None:
        """A released slot got another feed's bank: what that adds is handed on once, marked late."""
        self._weigh(state, now)
        added = 0
        for level in (Commitment.CONFIRMED, Commitment.FINALIZED):
            if state.released_level >= level:
                size = len(self._out[level])
                self._hand_on(state, level, now, late=True)
                added += len(self._out[level]) - size
        self._tell_levels(state)
        if added:
            self.late.add(state.number)
            self.tally.late += added
            self.report(
                "info", "events of a released slot came late", slot=state.number, events=added
            )
        self._let_go(state)

    def excuse(self, paused: float) -> None:
        """Give slots that wait this time back."""
        for state in self._waiting[0]:
            state.confirmed_at += paused

    def let_go(self, state: SlotState) -> None:
        """No level will ask for the slot's frames again."""
        self.held_bytes -= state.held_bytes()
        state.forget_rows()

    def check(self) -> None:
        """State what always holds; for tests."""
        for waiting in self._waiting:
            numbers = [state.number for state in waiting]
            assert numbers == sorted(set(numbers))
        assert all(state.released_level < Commitment.CONFIRMED for state in self._waiting[0])
        assert self.held_bytes >= 0

    def _judged(self, state: SlotState, blockhash: str, unfenced: frozenset[int]) -> Evidence:
        covers = state.cover_bits(blockhash, unfenced)
        terms = self.terms
        found = judge(state, blockhash, terms.needs, covers=covers, wanted=terms.covers)
        if state.shed:
            return Evidence(found.parts, False, "frames were dropped for want of memory", 0)
        if found.whole and found.by_replay and not self._has_witnesses(state, found):
            return replace(found, has_covers_to_come=True)
        return found

    def _has_witnesses(self, state: SlotState, found: Evidence) -> bool:
        """Nothing of a slot that was only replayed could be compared with anything, so another endpoint is asked."""
        monitors = self.terms.needs.all_asking(self.terms.needs.covered)
        return tellers(state.banks, found.covers, monitors) >= self.terms.witnesses

    def _may_go(self, state: SlotState, now: float, precedes: Callable[[SlotState], bool]) -> bool:
        is_over = self.is_hopeless(state) or now >= state.confirmed_at + self.terms.hold
        found = self.evidence(state, now)
        if found.whole:
            awaited = found.has_covers_to_come
            if found.by_replay and state.number < self._compared_below:
                awaited = False
            if is_over or (not awaited and (self._is_behind(state) or precedes(state))):
                return True
        elif is_over:
            state.gave_up = True
            self.passed_over.append(state)
            facts = {"slot": state.number, "why": found.proof}
            self.report("warning", "a slot was passed over incomplete", **facts)
        return state.gave_up

    def _is_behind(self, state: SlotState) -> bool:
        """Whether later slots went before it already: it holds nothing back any more."""
        return state.number < self.frontier[Commitment.CONFIRMED]

    def _release(self, state: SlotState, level: Commitment, now: float) -> None:
        self._weigh(state, now)
        late = state.number < self.frontier[level]
        self._hand_on(state, level, now, late=late)
        state.released_level = level
        if state.certified is not None:
            self.late.add(state.number)
        self.frontier[level] = max(self.frontier[level], state.number)
        confirmed, finalized = Commitment.CONFIRMED, Commitment.FINALIZED
        if level == confirmed:
            self._slot_events(state, confirmed, (Commitment.PROCESSED, confirmed), late=late)
        else:
            self._slot_events(state, confirmed, (finalized,), late=late)
            self._slot_events(state, finalized, tuple(Commitment), late=late)
        self._let_go(state)

    def _weigh(self, state: SlotState, now: float) -> None:
        """What may be another bank's is held back where somebody can be asked, else remembered."""
        found = self.evidence(state, now)
        if self.terms.recovers and is_doubtful(state, found):
            state.doubt()
        elif not found.whole:
            state.remember_given()

    def _let_go(self, state: SlotState) -> None:
        """Frames of a slot that feeds disagree on stay until it is closed: a bank may yet turn out to be the block's."""
        is_last = state.released_level == Commitment.FINALIZED
        done = is_last or not self.levels.at[Commitment.FINALIZED]
        if done and not state.contested:
            self.let_go(state)

    def _hand_on(self, state: SlotState, level: Commitment, now: float, *, late: bool) -> None:
        wanted = self.levels.at[level]
        blockhash = state.confirmed
        if not wanted or blockhash is None:
            return
        out = self._out[level]
        evidence = self.evidence(state, now)
        start = state.fresh_from if level == Commitment.CONFIRMED and state.given is None else 0
        if level == Commitment.CONFIRMED:
            state.fresh_from = len(state.shared.held)
        rows = state.rows_of(evidence.parts, start)
        if state.given is not None:
            rows = [held for held in rows if state.first_time(level, held)]
        accounts = self._accounts(state, evidence.parts, level)
        if accounts:
            rows = _with_accounts(rows, accounts)
        out += [
            (row[3] & wanted, endpoint, late, 0, blockhash, row)
            for endpoint, row in rows
            if row[3] & wanted
        ]

    def _accounts(self, state: SlotState, parts: Parts, level: Commitment) -> list[Held]:
        """Account rows to hand on: every write for those who asked so, the last of each account for the others.

        What this level had already is left out: a late write never repeats an account's event.
        """
        every = self.levels.at[level] & self.levels.every_write
        last = self.levels.at[level] & ~every
        best = ordering_covers(state, parts, self.terms.needs)
        found = state.last_writes(parts, best) if last else []
        if not every:
            return _not_yet(found, last, state.accounts_out[level])
        lasts = {held[1][2] for held in found}
        chosen: list[Held] = []
        for held in state.all_writes(parts):
            mask = every | last if held[1][2] in lasts else every
            given = state.accounts_out[level]
            new = _not_yet([held], mask & last, state.accounts_out[level]) if mask & last else []
            key = held[1][2]
            bits = (held[1][3] & every if key not in given else 0) | (new[0][1][3] if new else 0)
            given.add(key)
            if bits:
                chosen.append(_masked(held, bits))
        return chosen

    def _slot_events(
        self, state: SlotState, level: Commitment, statuses: tuple[Commitment, ...], *, late: bool
    ) -> None:
        for status in statuses:
            mask = self.levels.slots[level][status]
            if not mask:
                continue
            if state.confirmed in state.metas:
                released = (mask, -1, late, 0, state.confirmed, _slot_row(state, status, 0))
                self._out[level].append(released)
            else:
                state.untold.append((level, status))

    def _tell_levels(self, state: SlotState) -> None:
        """The block of a slot that was passed over has come: its `slot` events can name the parent."""
        if state.untold and state.confirmed in state.metas:
            untold, state.untold = state.untold, []
            for level, status in untold:
                self._slot_events(state, level, (status,), late=True)


def _not_yet(writes: list[Held], wanted: int, given: set[bytes]) -> list[Held]:
    """The writes that somebody wants, to accounts of which no event was given; they are given now."""
    new = [held for held in writes if held[1][3] & wanted and held[1][2][:32] not in given]
    given.update([held[1][2][:32] for held in new])
    return [held if held[1][3] & wanted == held[1][3] else _masked(held, wanted) for held in new]


def _masked(held: Held, mask: int) -> Held:
    """The row for these monitors alone."""
    row = held[1]
    return (held[0], (*row[:3], row[3] & mask, *row[4:]))


def _with_accounts(rows: list[Held], accounts: list[Held]) -> list[Held]:
    """Rows in chain order, the accounts between the entries and the block."""
    at = len(rows)
    while at and rows[at - 1][1][0] in (Kind.BLOCK, Kind.BLOCK_META):
        at -= 1
    return rows[:at] + accounts + rows[at:]


def _slot_row(state: SlotState, status: Commitment, stamp: int) -> Row:
    meta = state.metas.get(state.confirmed) if state.confirmed is not None else None
    parent = meta.parent_slot if meta is not None else state.parent
    return (Kind.SLOT, state.number, int(status), 0, (parent, None, False), stamp, None)

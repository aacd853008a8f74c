"""Hands events on at their level, and never before it.

A slot whose block is known at a level waits here until it is held whole and its parent has gone before it; slots go
lowest first. One that is not whole, or whose parent is missing, holds later ones back for `hold` seconds; then it is
passed over with what there is of it, and what comes afterwards comes late. Monitors at processed are served as copies
arrive and wait for nothing.
"""

from bisect import insort
from collections.abc import Callable
from dataclasses import replace
from operator import attrgetter

from monitor.core import at_once
from monitor.core.at_once import with_accounts
from monitor.core.banks import Held
from monitor.core.chain import Commitment
from monitor.core.conditions import Gauges
from monitor.core.evidence import Evidence, Parts, is_covered, is_doubtful, judge, ordering_covers
from monitor.core.last_writes import LastWrites
from monitor.core.level_history import LevelHistory
from monitor.core.outlet import Outlet
from monitor.core.pace import Pace
from monitor.core.scope import EVERY_MONITOR
from monitor.core.shares import tellers
from monitor.core.slots import SlotState
from monitor.core.tally import Tally
from monitor.core.terms import Terms


class Gate(Outlet):
    """Decides what of the slots that wait may go."""

    def __init__(self, history: LevelHistory, tally: Tally, terms: Terms) -> None:
        super().__init__(history, tally)
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
        self.pace = Pace()
        self.gauges = Gauges(self.pace)
        self.writes = LastWrites()
        """Of slots that were dropped."""
        self._replayed_below = self._compared_below = 0
        """Every endpoint has replayed what it could below this slot; every one that can be reached."""
        self._waiting: tuple[list[SlotState], list[SlotState]] = ([], [])

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

    def admit(self, state: SlotState, level: Commitment, now: float) -> None:
        """The slot's block is known at `level`, confirmed or finalized: it may be released there."""
        if level == Commitment.CONFIRMED:
            state.confirmed_at = now
            self.gauges.confirmed(state.number, now)
        else:
            self.gauges.finalized(state.number, now)
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
        at_once.match_inherited(self, state, Commitment.CONFIRMED, self.evidence(state, now))
        added = -self._size()
        at_once.match(self, state, self.evidence(state, now), late=True)
        for level in (Commitment.CONFIRMED, Commitment.FINALIZED):
            if state.released_level >= level:
                self._hand_on(state, level, now, late=True)
        added += self._size()
        self._tell_levels(state)
        if added:
            self.late.add(state.number)
            self.tally.late += added
            self.report(
                "info", "events of a released slot came late", slot=state.number, events=added
            )
        self._let_go(state)

    def change_block(self, state: SlotState, blockhash: str, now: float) -> None:
        """Another block of the slot turned out to be the chain's."""
        self.undo(state, Commitment.CONFIRMED, "another block of the slot is final")
        state.confirm(blockhash)
        at_once.confirm(self, state)
        if state.released_level >= Commitment.CONFIRMED:
            self.release_late(state, now)
            statuses = (Commitment.PROCESSED, Commitment.CONFIRMED)
            self._slot_events(state, Commitment.CONFIRMED, statuses, late=True)

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
        if level == Commitment.CONFIRMED:
            at_once.match_inherited(self, state, level, self.evidence(state, now))
        self._hand_on(state, level, now, late=late)
        state.released_level = level
        if state.certified is not None:
            self.late.add(state.number)
        self.frontier[level] = max(self.frontier[level], state.number)
        confirmed, finalized = Commitment.CONFIRMED, Commitment.FINALIZED
        if level == confirmed:
            at_once.match(self, state, self.evidence(state, now), late=late)
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
        done = is_last or not self.history.of(state.number).at[Commitment.FINALIZED]
        if done and not state.contested:
            self.let_go(state)

    def hand_on_again(self, state: SlotState, wanted: int, now: float) -> None:
        """A slot that was released at confirmed is at that level for these monitors too, from now on."""
        level = Commitment.CONFIRMED
        parts = self.evidence(state, now).parts
        rows = state.rows_of(parts)
        for held in rows:
            state.first_time(level, held)
        given = set(state.accounts_out[level])
        state.accounts_out[level].clear()
        rows = with_accounts(rows, self._accounts(state, parts, level, wanted))
        state.accounts_out[level].update(given)
        self.hand_on(state, level, rows, wanted, late=False)
        state.fresh_from = len(state.shared.held)
        statuses = (Commitment.PROCESSED, level)
        self._slot_events(state, level, statuses, late=False, among=wanted)

    def _hand_on(self, state: SlotState, level: Commitment, now: float, *, late: bool) -> None:
        wanted = self.history.of(state.number).at[level]
        if not wanted or state.confirmed is None:
            return
        evidence = self.evidence(state, now)
        start = state.fresh_from if level == Commitment.CONFIRMED and state.given is None else 0
        if level == Commitment.CONFIRMED:
            state.fresh_from = len(state.shared.held)
        rows = state.rows_of(evidence.parts, start)
        if state.given is not None:
            rows = [held for held in rows if state.first_time(level, held)]
        accounts = self._accounts(state, evidence.parts, level, wanted)
        if accounts:
            rows = with_accounts(rows, accounts)
        self.hand_on(state, level, rows, wanted, late=late)

    def _accounts(
        self, state: SlotState, parts: Parts, level: Commitment, wanted: int
    ) -> list[Held]:
        """Account rows to hand on: every write for those who asked so, the last of each account for the others.

        What this level had already is left out: a late write never repeats an account's event.
        """
        every = wanted & self.history.of(state.number).every_write
        last = wanted & ~every
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
        self,
        state: SlotState,
        level: Commitment,
        statuses: tuple[Commitment, ...],
        *,
        late: bool,
        among: int = EVERY_MONITOR,
    ) -> None:
        masks = self.history.of(state.number).slots[level]
        for status in statuses:
            mask = masks[status] & among
            if not mask:
                continue
            if state.confirmed in state.metas:
                self.tell_status(state, level, status, mask, late=late)
            elif (level, status) not in state.untold:
                state.untold.append((level, status))

    def _tell_levels(self, state: SlotState) -> None:
        """The block of a slot that was passed over has come: its `slot` events can name the parent."""
        if state.untold and state.confirmed in state.metas:
            untold, state.untold = state.untold, []
            for level, status in untold:
                self._slot_events(state, level, (status,), late=True)

    def _size(self) -> int:
        return sum(map(len, self.out))


def _not_yet(writes: list[Held], wanted: int, given: set[bytes]) -> list[Held]:
    """The writes that somebody wants, to accounts of which no event was given; they are given now."""
    new = [held for held in writes if held[1][3] & wanted and held[1][2][:32] not in given]
    given.update([held[1][2][:32] for held in new])
    return [held if held[1][3] & wanted == held[1][3] else _masked(held, wanted) for held in new]


def _masked(held: Held, mask: int) -> Held:
    """The row for these monitors alone."""
    row = held[1]
    return (held[0], (*row[:3], row[3] & mask, *row[4:]))

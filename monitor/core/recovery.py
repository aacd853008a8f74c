"""The recovery queue: which slot is asked for next, where, and what becomes of it when that fails (DESIGN 8).

How this works. Every open slot is on one rung of the ladder. Each rung has its own workers, so jobs of different rungs
never compete, and within a rung the order by deadline is the order of the slots. What presses, because its deadline is
near, goes first, lowest first. Then a short gap at the frontier; then the others by rank, from the top of a run down
(`Line.next` says why). A job ends by `close` alone: what a source says moves it to another place, never out.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Final

from monitor.core.jobs import Job, JobsDone, JobState
from monitor.core.recovery_answers import (
    attempts_after,
    is_final,
    is_spent,
    owed_after,
    owed_still,
    pause,
    slow_pause,
)
from monitor.core.recovery_floors import NEVER, Floors
from monitor.core.recovery_places import Grant, Place
from monitor.core.recovery_table import Run, Table
from monitor.core.recovery_terms import Ended, Failure, Lease, Offer, Terms
from monitor.core.recovery_turns import Turns
from monitor.core.rungs import LADDER, Rung, Verdict

ANY: Final = Offer()
"""Who replays is no concern of the queue."""


class RecoveryQueue:
    """All slots that are to be recovered. Slots are half-open ranges; times are seconds of one clock."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._floors = Floors()
        self._table = Table(terms.rungs)
        self._turns = Turns(terms, self._floors, self._table)
        self._above = {rung: _next(rung, terms.rungs) for rung in LADDER}

    def __len__(self) -> int:
        """How many slots are open."""
        return len(self._table.slots)

    def open(
        self,
        first: int,
        end: int,
        now: float,
        *,
        is_unknown: bool = False,
    ) -> None:
        """The slots first..end-1 are missing.

        Those that are open already keep their place; once somebody has named an unknown slot, what sources said of it
        before is forgotten. `is_unknown`: nobody named the slots as ones that hold blocks.
        """
        table = self._table
        for low, high, place in table.runs(first, end):
            if place.is_unknown and not is_unknown:
                table.move(low, high, place, _named(place))
        fresh = Place(self._nearest(Rung.REPLAY), now, is_unknown)
        for low, high in table.absent(first, end):
            self._add(low, high, fresh)

    def close(self, slot: int) -> Ended | None:
        """The evidence is in, or a proof that there is nothing: the job is over, whatever its state. None: there was none."""
        ended = self.close_range(slot, slot + 1)
        return ended[0] if ended else None

    def close_range(self, first: int, end: int) -> list[Ended]:
        """As `close`, for the slots first..end-1."""
        ended = []
        for low, high, place in self._table.runs(first, end):
            self._table.drop(low, high, place)
            ended.append(Ended(low, high, place.last, place.opened_at))
        return ended

    def sign_off(self, slot: int) -> bool:
        """An operator takes a LOST slot out; False: it is not LOST."""
        return self.is_lost(slot) and self.close(slot) is not None

    def lease(self, now: float, *, frontier: int | None, offer: Offer = ANY) -> list[Lease]:
        """What to begin now, as far as workers are free.

        `frontier`: the highest slot up to which all are closed. `offer`: what endpoints would replay.
        """
        self._wake(now)
        leases = []
        for rung in self._table.lines:
            for first, end in self._turns.of(rung, now, frontier, offer):
                self._grant(rung, first, end, now)
                leases.append(Lease(rung, first, end))
        return leases

    def is_leased(self, lease: Lease) -> bool:
        """Whether anything of this lease is still out."""
        return bool(self._grants_of(lease))

    def leased_on(self, slot: int) -> Rung | None:
        """The rung that is asked for the slot now; None: none is."""
        place = self._table.get(slot)
        return None if place is None or place.grant is None else place.rung

    def is_worked_on(self, slot: int) -> bool:
        """Whether some rung is asked for the slot, or has brought what waits for its proof."""
        place = self._table.get(slot)
        return place is not None and (place.grant is not None or place.is_fetched)

    def asked(self, lease: Lease, now: float) -> None:
        """All sources that this lease is about have been asked: from now on they take their time."""
        for grant in self._grants_of(lease):
            grant.is_waiting = False
            grant.until = now + self._terms.lease_seconds.get(lease.rung, float("inf"))

    def held_up(self, lease: Lease, now: float) -> None:
        """A source that this lease is about waits for its turn to be asked."""
        for grant in self._grants_of(lease):
            grant.is_waiting = True
            grant.until = self._terms.turn_until(lease.rung, now)

    def excuse(self, paused: float) -> None:
        """Nobody heard anything for so many seconds: leases have that time back."""
        for grants in self._table.grants.values():
            for grant in grants:
                grant.until += paused

    def fetched(self, slot: int, now: float) -> bool:
        """A block was brought and nothing proves it yet: its worker is free, and nobody asks for it until `proof_seconds` from now.

        False: nobody had leased the slot.
        """
        place = self._table.get(slot)
        if place is None or place.grant is None:
            return False
        due = now + self._terms.proof_seconds
        self._move((slot, slot + 1, place), place._replace(grant=None, is_fetched=True, due=due))
        return True

    def fetch_ahead(self, *, is_wanted: bool) -> None:
        """Whether RPCs are asked for slots that nobody has named, and whose blocks wait for their proof."""
        self._turns.named_only = not is_wanted

    def give_back(self, slot: int, due: float) -> None:
        """What was brought cannot be kept, which is no failure: nobody asks for the slot until then."""
        place = self._table.get(slot)
        if place is not None and place.grant is not None:
            self._move((slot, slot + 1, place), place._replace(grant=None, due=due))

    def failed(self, lease: Lease, failure: Failure, now: float) -> list[int]:
        """What a rung was asked for and has not brought, all of a lease or a part; answers the slots that are LOST from now on.

        Also for what a replay left out that ended without error, and for blocks brought that a proof contradicts.
        Slots that this rung is not asked for any more are passed over.
        """
        lost: list[int] = []
        for run in self._table.runs(lease.first, lease.end):
            place = run[2]
            if place.rung is lease.rung and (place.grant is not None or place.is_fetched):
                lost += self._fail(run, failure, now)
        return lost

    def expire(self, now: float) -> tuple[list[int], list[int]]:
        """Leases that are too old are void, which is a failed try where sources were asked.

        Answers the slots that nobody works on any more, and those of them that are LOST from now on.
        """
        self._wake(now)
        old = [
            grant for each in self._table.grants.values() for grant in each if grant.until <= now
        ]
        freed: list[int] = []
        lost: list[int] = []
        for grant in old:
            for run in self._table.runs(grant.first, grant.end):
                if run[2].grant is grant:
                    freed += range(run[0], run[1])
                    verdict = Verdict.THROTTLED if grant.is_waiting else Verdict.FAILED
                    lost += self._fail(run, Failure(verdict), now)
        return freed, lost

    def next_deadline(self) -> float | None:
        """When `lease` or `expire` has something to do, if no call that frees a worker or opens a slot is made before."""
        if not self._table.slots:
            return None
        times = [grant.until for each in self._table.grants.values() for grant in each]
        wake = self._table.next_wake()
        if wake is not None:
            times.append(wake)
        return min((time for time in times if time < float("inf")), default=None)

    def set_floors(self, replay: int | None, rpc: int | None, slot_time: float, now: float) -> None:
        """The lowest slots that the deepest replay and the deepest RPC serve now; slots below take the next rung at once.

        `replay` None: nobody replays; 0: nobody knows how far. `rpc` None or 0: nothing expires.
        """
        floors = {Rung.REPLAY: NEVER if replay is None else replay, Rung.RPC: rpc or 0}
        for rung, first, end in self._floors.move(floors, slot_time, now):
            if rung in self._table.on:
                for low, high in list(self._table.on[rung].runs(first, end)):
                    self._leave(low, high)

    def is_open(self, slot: int) -> bool:
        """Whether the slot has a job, LOST ones included."""
        return slot in self._table.slots

    def is_lost(self, slot: int) -> bool:
        """Whether every rung has failed and nobody has brought the slot since."""
        return slot in self._table.lost

    def ceiling(self, slot: int) -> int:
        """The lowest slot above this open one that is LOST or has no job."""
        end, lost = self._table.slots.first_absent(slot), self._table.lost.at_or_after(slot + 1)
        return end if lost is None else min(end, lost)

    def end_of_lost(self, slot: int) -> int:
        """The first slot from this one on that is not LOST."""
        return self._table.lost.first_absent(slot)

    def lost_slots(self) -> list[int]:
        """All LOST slots, ascending."""
        return list(self._table.lost)

    def lost_between(self, first: int, end: int, most: int) -> list[int]:
        """The lowest so many LOST slots of first..end-1."""
        runs = self._table.lost.runs(first, end)
        return list(islice(chain.from_iterable(range(*run) for run in runs), most))

    def lost_ranges(self, most: int) -> list[tuple[int, int]]:
        """The lowest unbroken ranges of LOST slots, first to end, `end` excluded; no more than so many.

        Costs what is answered, however many slots are LOST.
        """
        return list(islice(self._table.lost.runs(), most))

    def rung_of(self, slot: int) -> Rung | None:
        """Where the slot is asked for, or will be; None: it has no job."""
        place = self._table.get(slot)
        return place.rung if place else None

    def changes(self) -> list[Job | JobsDone]:
        """What is to be stored since the last call. Leases are not: each would be void after a restart."""
        return self._table.changes()

    def restore(self, jobs: Sequence[Job], now: float) -> None:
        """Go on where a queue of an earlier process was. LOST slots are tried at once: the ladder may have grown.

        Whether somebody had named a slot is not stored: all are unknown until they are opened again, and begin anew then.
        """
        for job in jobs:
            rung = self._nearest(job.rung)
            attempts = job.attempts if rung is job.rung else 0
            rounds = int(job.state is JobState.LOST)
            place = Place(rung, now, is_unknown=True, attempts=attempts, rounds=rounds)
            for first, end in self._table.absent(job.first, job.end):
                self._add(first, end, place)

    def counts(self) -> Mapping[tuple[JobState, Rung], int]:
        """Slots by state and rung, none of them 0. What was fetched and waits for its proof counts as leased."""
        return +self._table.counts

    def oldest_deadline(self) -> float | None:
        """When the first slot falls out of its rung's reach; None: nothing expires."""
        deadlines = []
        for rung, slots in self._table.on.items():
            slot = slots.at_or_after(self._floors.of(rung))
            deadline = None if slot is None else self._floors.deadline(rung, slot)
            if deadline is not None:
                deadlines.append(deadline)
        return min(deadlines, default=None)

    def check(self) -> None:
        """What holds between any two calls."""
        self._table.check()
        for rung, grants in self._table.grants.items():
            assert len(grants) <= self._terms.workers.get(rung, 0)

    def _nearest(self, rung: Rung) -> Rung:
        """This rung, or the next one that there is, or the last."""
        if rung in self._terms.rungs:
            return rung
        return self._above[rung] or self._terms.rungs[-1]

    def _wake(self, now: float) -> None:
        for run in self._table.woken(now):
            self._move(run, run[2]._replace(due=None, is_fetched=False))

    def _leave(self, first: int, end: int) -> None:
        """These slots are out of their rung's reach; what somebody works on may come all the same."""
        for run in self._table.runs(first, end):
            if not run[2].grant and not run[2].is_fetched:
                self._move(run, run[2])

    def _grant(self, rung: Rung, first: int, end: int, now: float) -> None:
        grant = Grant(rung, first, end, self._terms.turn_until(rung, now))
        for low, high, place in self._table.runs(first, end):
            if place.is_ready and place.rung is rung:
                self._table.move(low, high, place, place._replace(grant=grant, last=rung))

    def _grants_of(self, lease: Lease) -> list[Grant]:
        """Those that have slots of this lease out."""
        places = [place for _, _, place in self._table.runs(lease.first, lease.end)]
        return [each.grant for each in places if each.grant is not None and each.rung is lease.rung]

    def _add(self, first: int, end: int, place: Place) -> None:
        for reached in self._reached(first, end, place):
            self._table.add(*reached)

    def _move(self, run: Run, place: Place) -> None:
        first, end, was = run
        for low, high, reached in self._reached(first, end, place):
            self._table.move(low, high, was, reached)

    def _reached(self, first: int, end: int, place: Place) -> Iterator[Run]:
        """Where these slots are that should be at this place: those out of its rung's reach are further up the ladder."""
        floor, above = self._floors.of(place.rung), self._above[place.rung]
        out = min(max(first, floor), end)
        if first < out and above is not None:
            due = place.due if place.rounds else None  # LOST slots are in no hurry
            owed = None if place.owed and place.owed.rung is place.rung else place.owed
            further = place._replace(rung=above, attempts=0, failing_since=None, due=due, owed=owed)
            yield from self._reached(first, out, further)
        elif first < out:
            yield first, out, place._replace(is_hopeless=True)
        if out < end:
            yield out, end, place._replace(is_hopeless=False) if place.is_hopeless else place

    def _fail(self, run: Run, failure: Failure, now: float) -> list[int]:
        place, terms, above = run[2], self._terms, self._above[run[2].rung]
        verdict, jitter = failure.verdict, failure.jitter
        since = now if place.failing_since is None else place.failing_since
        has_paused = now + failure.retry_after - since >= terms.unasked_seconds
        is_tired = verdict is Verdict.THROTTLED and above is not None and has_paused
        if is_tired:
            verdict = Verdict.UNASKED  # pauses without end are no answer
        owed = owed_after(place, verdict, now)
        waits_for = None if place.rounds else owed_still(owed, terms, now)
        free = place._replace(
            grant=None, is_fetched=False, due=None, failing_since=since, owed=owed
        )
        attempts = attempts_after(place, verdict)
        is_done = is_tired or is_spent(place, verdict, terms, has_next=above is not None)
        if verdict is Verdict.UNASKED and (above is None or (waits_for and waits_for.is_last)):
            # Nobody else is left to ask.
            attempts, above, is_done = place.attempts, None, waits_for is None
        if is_done and above is not None:
            self._move(run, free._replace(rung=above, attempts=0, failing_since=None))
            return []
        if not is_done or self._may_wait(run, verdict, now - since):
            delay = pause(verdict, attempts, terms, self._floors.slot_time, jitter)
            due = now + max(delay, failure.retry_after)
            self._move(run, free._replace(attempts=attempts, due=due))
            return []
        again = free._replace(attempts=0, owed=None)
        if waits_for is not None and waits_for.rung is not place.rung:
            owed = waits_for._replace(is_last=True)
            self._move(run, again._replace(rung=owed.rung, failing_since=None, owed=owed))
            return []
        rounds = place.rounds + 1
        due = now + max(slow_pause(verdict, rounds, terms, jitter), failure.retry_after)
        rung = self._nearest(Rung.RPC) if owed is None else owed.rung
        self._move(run, again._replace(rung=rung, rounds=rounds, due=due))
        return [] if place.rounds else list(range(run[0], run[1]))

    def _may_wait(self, run: Run, verdict: Verdict, failing: float) -> bool:
        """Whether a slot that the last rung fails to bring, for so many seconds now, is not LOST yet.

        An unknown slot that a source calls skipped may well be: the proof comes with the block above, as long as that
        may be had.
        """
        _, end, place = run
        if place.rounds:
            return False
        if place.is_unknown:
            above = self._table.lost.first_absent(end)
            if above < self._table.slots.first_absent(end):
                return True
        return not is_final(verdict) and failing < self._terms.patience


def _named(place: Place) -> Place:
    """The place of an unknown slot that is known to hold a block from now on."""
    place = place._replace(is_unknown=False)
    if place.grant is not None or place.is_fetched:
        return place
    return place._replace(attempts=0, failing_since=None, due=None)


def _next(rung: Rung, rungs: Sequence[Rung]) -> Rung | None:
    """The first of these that is above this one on the ladder."""
    above = LADDER[LADDER.index(rung) + 1 :]
    return next((each for each in rungs if each in above), None)

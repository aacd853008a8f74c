"""The places of all open slots, with every index over them kept in step: they change here and nowhere else.

A hundred thousand slots that were opened together share one place, and indexes are sets of bits. So memory and time
follow what differs between slots, and a slot on its own costs a few hundred bytes.
"""

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from monitor.core.jobs import Job, JobsDone, JobState
from monitor.core.recovery_lines import Line
from monitor.core.recovery_places import Grant, Place
from monitor.core.rungs import Rung
from monitor.core.slot_sets import SlotSet

WOKEN_AT_ONCE: Final = 8192
"""Slots; they take three milliseconds, and live rows have their turn before the next. Guessed."""

Run = tuple[int, int, Place]
"""Adjacent slots first..end-1 at one place."""


class Table:
    """Slots come with `add`, go with `drop`, and change with `move`, the last two by runs that `runs` told."""

    def __init__(self, rungs: Sequence[Rung]) -> None:
        self.slots = SlotSet()
        """All that are open, in whatever state."""
        self.lost = SlotSet()
        self.on = {rung: SlotSet() for rung in rungs}
        """By rung, in whatever state."""
        self.lines = {rung: Line() for rung in rungs}
        """By rung, what is ready."""
        self.grants: dict[Rung, dict[Grant, None]] = {rung: {} for rung in rungs}
        """By rung, the leases that have slots out, oldest first."""
        self.counts: Counter[tuple[JobState, Rung]] = Counter()
        self._places: dict[int, Place] = {}
        self._sleepers: list[tuple[float, int, int]] = []
        self._changed = SlotSet()

    def __getitem__(self, slot: int) -> Place:
        return self._places[slot]

    def get(self, slot: int) -> Place | None:
        """The place of a slot; None when it is not open."""
        return self._places.get(slot)

    def runs(self, first: int, end: int) -> list[Run]:
        """What is open of these slots."""
        if end - first == 1:  # by far the most common question
            place = self._places.get(first)
            return [] if place is None else [(first, end, place)]
        found: list[Run] = []
        places = self._places
        for low, high in self.slots.runs(first, end):
            begin, place = low, places[low]
            for slot in range(low + 1, high):
                if places[slot] is not place:
                    found.append((begin, slot, place))
                    begin, place = slot, places[slot]
            found.append((begin, high, place))
        return found

    def absent(self, first: int, end: int) -> list[tuple[int, int]]:
        """What is not open of these slots."""
        found = []
        for low, high in self.slots.runs(first, end):
            if first < low:
                found.append((first, low))
            first = high
        if first < end:
            found.append((first, end))
        return found

    def add(self, first: int, end: int, place: Place) -> None:
        """Slots that were not open are, at this place."""
        self._set(first, end, place)
        self.slots.add(first, end)
        self.on[place.rung].add(first, end)
        self.counts[place.state, place.rung] += end - first
        if place.rounds:
            self.lost.add(first, end)
        self._begin(first, end, place)
        self._changed.add(first, end)

    def move(self, first: int, end: int, was: Place, place: Place) -> None:
        """A run, or a part of one, that was at one place is at another."""
        self._end(first, end, was)
        self._set(first, end, place)
        if was.rung is not place.rung:
            self.on[was.rung].discard(first, end)
            self.on[place.rung].add(first, end)
        self.counts[was.state, was.rung] -= end - first
        self.counts[place.state, place.rung] += end - first
        if place.rounds and not was.rounds:
            self.lost.add(first, end)
        self._begin(first, end, place, was)
        if was.kept != place.kept:
            self._changed.add(first, end)

    def drop(self, first: int, end: int, place: Place) -> None:
        """A run is over."""
        self._end(first, end, place)
        self.slots.discard(first, end)
        self.on[place.rung].discard(first, end)
        self.counts[place.state, place.rung] -= end - first
        if place.rounds:
            self.lost.discard(first, end)
        self._changed.add(first, end)
        for slot in range(first, end):
            del self._places[slot]

    def woken(self, now: float) -> Iterator[Run]:
        """Runs whose time has come, each to be moved elsewhere before the next is asked for; not all where they are many."""
        left = WOKEN_AT_ONCE
        while left and self._sleepers and self._sleepers[0][0] <= now:
            due, first, end = heapq.heappop(self._sleepers)
            if end - first > left:
                heapq.heappush(self._sleepers, (due, first + left, end))
                end = first + left
            left -= end - first
            yield from self._asleep(due, first, end)

    def next_wake(self) -> float | None:
        """When a run's time comes at the earliest; now and then one that has left its sleep, which costs a look."""
        while self._sleepers:
            due, first, end = self._sleepers[0]
            slot = self.slots.at_or_after(first)
            if slot is not None and slot < end:
                return due
            heapq.heappop(self._sleepers)
        return None

    def changes(self) -> list[Job | JobsDone]:
        """What is to be stored since the last call, ascending, equal neighbours as one."""
        if not self._changed:
            return []
        told: list[Job | JobsDone] = []
        for low, high in self._changed.runs():
            told += [JobsDone(first, end) for first, end in self.absent(low, high)]
            told += _jobs(self.runs(low, high))
        self._changed = SlotSet()
        return sorted(told, key=lambda each: each.first)

    def check(self) -> None:
        """Every index says what the places say."""
        left: Counter[Grant] = Counter()
        asleep = {(due, slot) for due, *run in self._sleepers for slot in range(*run)}
        counts: Counter[tuple[JobState, Rung]] = Counter()
        for slot, place in self._places.items():
            counts[place.state, place.rung] += 1
            assert slot in self.on[place.rung]
            assert (slot in self.lines[place.rung].slots) == place.is_ready
            assert (slot in self.lost) == (place.rounds > 0)
            assert place.grant is None or place.due is None
            assert place.due is None or (place.due, slot) in asleep
            if place.grant is not None:
                left[place.grant] += 1
        assert list(self.slots) == sorted(self._places)
        assert sum(map(len, self.on.values())) == len(self._places)
        assert +self.counts == counts
        assert left == {grant: grant.left for each in self.grants.values() for grant in each}

    def _set(self, first: int, end: int, place: Place) -> None:
        if end - first == 1:
            self._places[first] = place
        else:
            self._places.update(dict.fromkeys(range(first, end), place))

    def _begin(self, first: int, end: int, place: Place, was: Place | None = None) -> None:
        """To be ready, asleep or leased, whichever the place says."""
        if place.is_ready:
            self.lines[place.rung].add(first, end, place.rank)
        elif place.grant is not None:
            place.grant.left += end - first
            self.grants[place.rung][place.grant] = None
        elif place.due is not None and (was is None or was.due != place.due):
            heapq.heappush(self._sleepers, (place.due, first, end))
            self._sweep()

    def _end(self, first: int, end: int, place: Place) -> None:
        """To be ready or leased; a sleeper is found out when it would be woken."""
        if place.is_ready:
            self.lines[place.rung].discard(first, end, place.rank)
        elif place.grant is not None:
            place.grant.left -= end - first
            if not place.grant.left:
                del self.grants[place.rung][place.grant]

    def _asleep(self, due: float, first: int, end: int) -> list[Run]:
        return [run for run in self.runs(first, end) if run[2].due == due]

    def _sweep(self) -> None:
        """Forget what has left its sleep early, once that is most of what is kept: each sleeping slot has one entry at the least."""
        if len(self._sleepers) > 64 + 2 * len(self.slots):
            self._sleepers = sorted(entry for entry in set(self._sleepers) if self._asleep(*entry))


def _jobs(runs: list[Run]) -> list[Job]:
    """What is stored of these runs."""
    jobs: list[Job] = []
    for first, end, place in runs:
        rung, attempts, is_lost = place.kept
        state = JobState.LOST if is_lost else JobState.OPEN
        begin = first
        if jobs and (jobs[-1].end, jobs[-1].rung, jobs[-1].attempts, jobs[-1].state) == (
            first,
            rung,
            attempts,
            state,
        ):
            begin = jobs.pop().first
        jobs.append(Job(begin, end, rung, attempts, state))
    return jobs

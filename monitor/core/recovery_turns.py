"""Whose turn it is on each rung: what presses, the frontier, and then the line."""

from collections.abc import Iterator

from monitor.core.recovery_floors import Floors
from monitor.core.recovery_table import Table
from monitor.core.recovery_terms import Offer, Terms
from monitor.core.rungs import Rung

Gap = tuple[int, int]
"""An unbroken run of open slots, first..end-1."""


class Turns:
    """Chooses; what is chosen must have been granted before the next is asked for."""

    def __init__(self, terms: Terms, floors: Floors, table: Table) -> None:
        self._terms = terms
        self._floors = floors
        self._table = table
        self._turn = 0
        self.named_only = False
        """No slot that nobody has named is asked of an RPC; a replay brings what it brings."""

    def of(
        self, rung: Rung, now: float, frontier: int | None, offer: Offer
    ) -> Iterator[tuple[int, int]]:
        """The ranges for the free workers of this rung, one after another. `offer`: who would replay them."""
        workers, grants = self._terms.workers.get(rung, 0), self._table.grants[rung]
        if rung is Rung.REPLAY and offer.most is not None:
            workers = min(workers, len(grants) + offer.most)
        if len(grants) >= workers or not self._table.lines[rung].slots:
            return
        gap = None if frontier is None else self._frontier_gap(frontier)
        while (free := workers - len(grants)) > 0:
            if rung is Rung.REPLAY:
                chosen = self._replay(offer)
            else:
                is_kept = rung is Rung.RPC and workers > 1 and free == 1
                chosen = self._single(rung, now, gap, is_kept=is_kept)
                if self.named_only and chosen is not None and self._table[chosen[0]].is_unknown:
                    chosen = self._first_named(rung)
            if chosen is None:
                return
            yield chosen

    def _replay(self, offer: Offer) -> tuple[int, int] | None:
        """From the lowest ready slot in reach to where more than `replay_gap` slots follow that nobody wants, or the span ends.

        Slots that wait for a busy endpoint are none of it.
        """
        slots = self._table.lines[Rung.REPLAY].slots
        lowest = slots.at_or_after(self._floors.of(Rung.REPLAY))
        if lowest is None:
            lowest = slots.at_or_after(0)
        if lowest is not None and offer.waits_from <= lowest < offer.waits_to:
            lowest = slots.at_or_after(offer.waits_to)
        if lowest is None:
            return None
        reach, terms = lowest, self._terms
        edges = [each for each in (offer.waits_from, offer.waits_to) if lowest < each]
        for first, end in slots.runs(lowest, min([lowest + terms.replay_span, *edges])):
            if first - reach > terms.replay_gap:
                break
            reach = end
        return lowest, reach

    def _single(self, rung: Rung, now: float, gap: Gap | None, *, is_kept: bool) -> Gap | None:
        """One slot. `is_kept`: the last free worker, which is the frontier's unless that has one already."""
        line, terms = self._table.lines[rung], self._terms
        first, end = gap or (0, 0)
        is_reserved = is_kept and gap is not None and not self._is_served(rung, first, end)
        pressing = self._pressing(rung, now)
        if pressing is not None and (not is_reserved or first <= pressing < end):
            return pressing, pressing + 1
        top = line.slots.before(end)
        if top is not None and top >= first and (is_reserved or end - first <= terms.frontier_span):
            return top, top + 1
        if is_reserved:
            return None
        self._turn += 1
        slot = line.next(self._table.slots, is_oldest=self._turn % terms.ageing == 0)
        return None if slot is None else (slot, slot + 1)

    def _first_named(self, rung: Rung) -> Gap | None:
        line = self._table.lines[rung]
        slot = line.next(self._table.slots, is_oldest=False, named_only=True)
        return None if slot is None else (slot, slot + 1)

    def _pressing(self, rung: Rung, now: float) -> int | None:
        """The slot with the earliest deadline, where that is near."""
        slot = self._table.lines[rung].slots.at_or_after(self._floors.of(rung))
        deadline = None if slot is None else self._floors.deadline(rung, slot)
        return slot if deadline is not None and deadline <= now + self._terms.pressing else None

    def _is_served(self, rung: Rung, first: int, end: int) -> bool:
        return any(first <= grant.first < end for grant in self._table.grants[rung])

    def _frontier_gap(self, frontier: int) -> Gap | None:
        """The lowest gap that holds the frontier up, or will when it gets there; gaps with nothing but LOST slots are passed over.

        Not the lowest slot alone: it can be proven only from the top of its gap down.
        """
        slots, lost = self._table.slots, self._table.lost
        first = slots.at_or_after(frontier + 1)
        while first is not None:
            end = slots.first_absent(first)
            if lost.first_absent(first) < end:
                return first, end
            first = slots.at_or_after(end)
        return None

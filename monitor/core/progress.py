"""Counts what recovery has done, and how far the catch-up of a start is."""

from bisect import bisect_left
from itertools import accumulate

from monitor.core.ledger import Ledger
from monitor.core.recovery import RecoveryQueue
from monitor.core.recovery_terms import Ended
from monitor.core.rungs import Rung
from monitor.core.standing import MOST_RANGES, REPAIR_BOUNDS, CatchUp, Standing


class Progress:
    """Since the start of the daemon."""

    def __init__(self) -> None:
        self.recovered: dict[Rung, int] = {}
        self.lost = 0
        self.signed_off = 0
        self._repairs = [0] * (len(REPAIR_BOUNDS) + 1)
        self._repair_seconds = 0.0
        self._catch_up: tuple[int, int, float] | None = None
        """First slot and end of the gap that the start found, and when."""

    def begin_catch_up(self, first: int, end: int, now: float) -> None:
        """So much lay between what was settled and the tip."""
        self._catch_up = (first, end, now)

    def repaired(self, ended: Ended, now: float) -> None:
        """A job ended with the evidence of its slot."""
        if ended.rung is not None:
            self.recovered[ended.rung] = self.recovered.get(ended.rung, 0) + 1
            seconds = now - ended.opened_at
            self._repairs[bisect_left(REPAIR_BOUNDS, seconds)] += 1
            self._repair_seconds += seconds

    def standing(self, queue: RecoveryQueue, ledger: Ledger) -> Standing:
        """This moment."""
        return Standing(
            jobs=queue.counts(),
            recovered=dict(self.recovered),
            lost=self.lost,
            signed_off=self.signed_off,
            oldest_deadline=queue.oldest_deadline(),
            repairs=tuple(accumulate(self._repairs)),
            repair_seconds=self._repair_seconds,
            catch_up=self._caught_up(ledger),
            lost_ranges=tuple(queue.lost_ranges(MOST_RANGES)),
        )

    def _caught_up(self, ledger: Ledger) -> CatchUp | None:
        if self._catch_up is None:
            return None
        first, end, began_at = self._catch_up
        return CatchUp(end - first, ledger.closed_between(first, end), began_at)
